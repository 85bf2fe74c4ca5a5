/* SPDX-License-Identifier: MIT */
/*
 * OpenVPN, draft-openvpn-wire-protocol-00. A packet begins with an opcode (five bits) and a key
 * number (three); over TCP its size stands before it. Control packets go on with a session id and
 *
 *     plain        acknowledgements, packet id
 *     tls-auth     HMAC (20, 32 or 64), replay id, time, acknowledgements, packet id
 *     tls-crypt    replay id, time, tag (32), the rest encrypted
 *
 * The first packet of each side is a reset: its packet id is 0, its replay id 1, its sizes are
 * fixed. An answer repeats the client's session id where that is not encrypted. Data packets have
 * no structure but, with peer ids, a counter.
 */
#include "framing/tls.h"
#include "protocols/protocol.h"

enum {
    RESET_CLIENT_1 = 1,
    RESET_SERVER_1 = 2,
    CONTROL_1 = 4,
    ACK_1 = 5,
    RESET_CLIENT_2 = 7,
    RESET_SERVER_2 = 8,
    DATA_2 = 9,
    RESET_CLIENT_3 = 10,
    SESSION = 9, /* opcode and session id */
    TLS_CRYPT_SIZE = 54,
    TLS_CRYPT_ANSWER = 66, /* with one acknowledgement and a session */
    REPLAY_LIMIT = 16,
    FIRST_YEAR = 1000000000, /* 2001; clocks before that are not set */
    ACKS_LIMIT = 8,
    DATA_ENOUGH = 2,
    NUMBER_LIMIT = 4096 /* of a control packet */
};

static bool is_client_reset(unsigned opcode)
{
    return opcode == RESET_CLIENT_1 || opcode == RESET_CLIENT_2 || opcode == RESET_CLIENT_3;
}

static bool is_server_reset(unsigned opcode)
{
    return opcode == RESET_SERVER_1 || opcode == RESET_SERVER_2;
}

/* Acknowledgements, then packet id 0 at the packet's end; `peer`: a session that is acknowledged,
 * if there is one. */
static bool ends_as_reset(struct cursor c, struct cursor *peer)
{
    uint8_t acks = cursor_u8(&c);
    if (acks > ACKS_LIMIT)
        return false;
    for (unsigned i = 0; i < acks; i++) {
        if (cursor_u32(&c) > REPLAY_LIMIT)
            return false;
    }
    *peer = acks ? cursor_take(&c, 8) : cursor_over("", 0);
    return cursor_u32(&c) == 0 && !c.ran_short && cursor_at_end(&c);
}

static bool is_replay_start(struct cursor c)
{
    uint32_t id = cursor_u32(&c), time = cursor_u32(&c);
    return !c.ran_short && id >= 1 && id <= REPLAY_LIMIT && time >= FIRST_YEAR;
}

/* A reset after its session id. Returns the rule, or NULL. */
static const char *reset_form(struct cursor c, struct cursor *peer)
{
    static const uint8_t hmacs[] = {20, 16, 32, 48, 64};
    if (ends_as_reset(c, peer))
        return "reset";
    for (unsigned i = 0; i < sizeof hmacs; i++) {
        struct cursor rest = c;
        if (cursor_skip(&rest, hmacs[i]) && is_replay_start(rest) && cursor_skip(&rest, 8) &&
            ends_as_reset(rest, peer))
            return "reset with HMAC";
    }
    *peer = cursor_over("", 0);
    bool is_sized = c.size == TLS_CRYPT_SIZE || c.size == TLS_CRYPT_ANSWER || c.size > 300;
    return is_sized && is_replay_start(c) ? "encrypted reset" : NULL;
}

/* Acknowledgements with the peer's session, then the packet's number. */
static bool pass_numbers(struct cursor *c, uint8_t *acks, uint32_t *number)
{
    *acks = cursor_u8(c);
    if (*acks > ACKS_LIMIT)
        return false;
    for (unsigned i = 0; i < *acks; i++) {
        if (cursor_u32(c) > NUMBER_LIMIT)
            return false;
    }
    if (*acks)
        cursor_skip(c, 8);
    *number = cursor_peek_u32(c, 0);
    return !c->ran_short;
}

/* Under tls-auth or tls-crypt: where the replay id and the time may stand, behind the session. */
struct replay {
    uint32_t id, time;
};

static bool read_replay(struct cursor packet, uint32_t hmac, struct replay *replay)
{
    if (!cursor_skip(&packet, SESSION + hmac))
        return false;
    replay->id = cursor_u32(&packet);
    replay->time = cursor_u32(&packet);
    return !packet.ran_short && replay->id >= 1 && replay->id <= NUMBER_LIMIT &&
           replay->time >= FIRST_YEAR;
}

/* Joined late: two control packets of one session and of one time, which is that of its beginning,
 * that count up. */
static bool counts_up(struct cursor before, struct cursor after)
{
    static const uint8_t hmacs[] = {0, 16, 20, 32, 48, 64};
    struct replay first, second;
    uint8_t opcodes[2] = {cursor_u8(&before) >> 3, cursor_u8(&after) >> 3};
    if (opcodes[0] < CONTROL_1 || opcodes[0] > ACK_1 || opcodes[1] < CONTROL_1 ||
        opcodes[1] > ACK_1 || cursor_u64(&before) != cursor_u64(&after))
        return false;
    before.at = after.at = 0;
    for (unsigned i = 0; i < sizeof hmacs; i++) {
        if (read_replay(before, hmacs[i], &first) && read_replay(after, hmacs[i], &second) &&
            first.time == second.time && second.id > first.id &&
            second.id - first.id <= REPLAY_LIMIT)
            return true;
    }
    return false;
}

/* The newest datagram against the last before it of its side. */
static bool control_counts_up(const struct inspection *in)
{
    if (in->datagram_count < 2)
        return false;
    struct cursor newest = inspection_datagram(in, in->datagram_count - 1);
    for (uint32_t i = in->datagram_count - 1; i-- > 0;) {
        struct cursor before = inspection_datagram(in, i);
        if (before.side == newest.side)
            return counts_up(before, newest);
    }
    return false;
}

/* Joined late, what nothing encrypts: a control packet that carries a TLS record, or nothing but
 * acknowledgements. */
static enum answer judge_control(struct inspection *in, struct cursor c, unsigned opcode)
{
    static const uint8_t hmacs[] = {0, 16, 20, 32, 48, 64};
    for (unsigned i = 0; i < sizeof hmacs; i++) {
        struct cursor rest = c;
        struct tls_record record;
        uint8_t acks = 0;
        uint32_t number = 0;
        bool is_signed = hmacs[i] != 0;
        if (is_signed && (!cursor_skip(&rest, hmacs[i]) || !cursor_skip(&rest, 8)))
            break;
        if (!pass_numbers(&rest, &acks, &number))
            continue;
        if (opcode == ACK_1 && acks > 0 && cursor_at_end(&rest) && !is_signed && !is_cut(in, &c))
            return likely(in, "acknowledgement", &rest);
        if (opcode == CONTROL_1 && number <= NUMBER_LIMIT && cursor_skip(&rest, 4) &&
            tls_record(&rest, &record) && !rest.ran_short)
            return likely(in, "control packet", &rest);
    }
    return NO;
}

/* One packet that is a reset. The third client's reset carries its key, so its size is free. */
static enum answer judge_packet(struct inspection *in, struct cursor c, bool is_client)
{
    uint8_t first = cursor_u8(&c);
    unsigned opcode = first >> 3;
    struct cursor peer;
    if ((opcode == CONTROL_1 || opcode == ACK_1) && cursor_skip(&c, 8))
        return judge_control(in, c, opcode);
    if ((first & 7) != 0 || !(is_client ? is_client_reset(opcode) : is_server_reset(opcode)) ||
        !cursor_skip(&c, 8))
        return NO;
    const char *form = reset_form(c, &peer);
    if (!form)
        return NO;
    /* A server's reset acknowledges the client's, at least the first time. */
    bool is_free = opcode == RESET_CLIENT_3 || c.size > 300 ||
                   (!is_client && peer.size == 0 && !is_replay_start(c));
    return is_free ? likely(in, form, &c) : yes(in, form, &c);
}

/* Joined late over TCP: data that count up, one packet after the other, of one peer. */
static enum answer judge_data_stream(struct inspection *in, struct cursor c)
{
    uint32_t head = 0, last = 0;
    for (unsigned i = 0; i < DATA_ENOUGH; i++) {
        uint16_t size = cursor_u16(&c);
        uint32_t opcode_and_peer = cursor_peek_u32(&c, 0), counter = cursor_peek_u32(&c, 4);
        if (cursor_left(&c) < 8)
            return short_of(in, &c);
        if (size < 24 || opcode_and_peer >> 27 != DATA_2 || (i && opcode_and_peer != head) ||
            (i && (counter <= last || counter - last > REPLAY_LIMIT)))
            return NO;
        head = opcode_and_peer;
        last = counter;
        if (!cursor_skip(&c, size))
            return short_of(in, &c);
    }
    return likely(in, "data that count up", &c);
}

/* Joined late over TCP: a control packet and the next one. */
static enum answer judge_control_stream(struct inspection *in, struct cursor packet,
                                        struct cursor c)
{
    uint16_t size = cursor_u16(&c);
    struct cursor next = cursor_take(&c, size);
    if (size > 1500)
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    return counts_up(packet, next) ? likely(in, "control packets that count up", &c) : NO;
}

/* Over TCP the packet's size stands before it. */
static enum answer judge_stream(struct inspection *in, struct cursor c, bool is_client)
{
    uint16_t size = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size < 14 || size > 1500)
        return NO;
    if (cursor_peek(&c, 0) >> 3 == DATA_2) {
        cursor_seek(&c, 0);
        return judge_data_stream(in, c);
    }
    struct cursor packet = cursor_take(&c, size);
    if (c.ran_short)
        return short_of(in, &c);
    packet.side = c.side;
    enum answer answer = judge_packet(in, packet, is_client);
    unsigned opcode = (unsigned)cursor_peek(&packet, 0) >> 3;
    return answer == NO && (opcode == CONTROL_1 || opcode == ACK_1)
               ? judge_control_stream(in, packet, c)
               : answer;
}

/* Peer ids and counters of data: several datagrams of one side, one peer, counting up by little. */
static bool data_counts_up(const struct inspection *in, uint8_t side)
{
    uint32_t head = 0, last = 0;
    unsigned count = 0;
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor d = inspection_datagram(in, i);
        if (d.side != side)
            continue;
        uint32_t opcode_and_peer = cursor_u32(&d);
        uint32_t counter = cursor_u32(&d);
        if (d.ran_short || opcode_and_peer >> 27 != DATA_2 || (count && opcode_and_peer != head) ||
            (count && (counter <= last || counter - last > REPLAY_LIMIT)))
            return false;
        head = opcode_and_peer;
        last = counter;
        count++;
    }
    return count >= 4;
}

static enum answer judge_data(struct inspection *in)
{
    struct cursor c = in->client.size ? in->client : in->server;
    if (!is_udp(in) || cursor_peek(&c, 0) >> 3 != DATA_2)
        return NO;
    bool known = data_counts_up(in, CLIENT) || data_counts_up(in, SERVER);
    if (!known)
        return in->is_final || in->datagram_count >= 8 ? NO : MORE;
    cursor_skip(&c, 8);
    return likely(in, "data that counts up", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    bool is_client = c.side == CLIENT;
    return is_udp(in) ? judge_packet(in, c, is_client) : judge_stream(in, c, is_client);
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    if (answer != NO)
        return answer;
    if (is_udp(in) && control_counts_up(in)) {
        struct cursor c = in->client.size ? in->client : in->server;
        return likely(in, "control packets that count up", &c);
    }
    return judge_data(in);
}

static const struct signature signatures[] = {
    {.transports = OVER_UDP, .size = 1, .bytes = "\x38", .min_size = 14},
    {.transports = OVER_UDP, .size = 1, .bytes = "\x40", .min_size = 14},
    {.transports = OVER_UDP, .size = 1, .bytes = "\x50", .min_size = 54},
    {.transports = OVER_UDP, .size = 1, .bytes = "\x08", .min_size = 14, .max_size = 100},
    {.transports = OVER_UDP, .size = 1, .bytes = "\x10", .min_size = 14, .max_size = 100},
    {.transports = OVER_UDP, .size = 1, .bytes = "\x20", .mask = "\xf0", .min_size = 22},
    {.transports = OVER_TCP, .size = 4, .bytes = "\0\0\x48\0", .mask = "\xf8\0\xf8\xff"},
    {.transports = OVER_TCP, .size = 3, .bytes = "\0\0\x20", .mask = "\xf8\0\xf0"},
    {.transports = OVER_UDP, .size = 2, .bytes = "\x48\0", .min_size = 24},
    {.transports = OVER_TCP, .size = 3, .bytes = "\0\0\x38", .mask = "\xf8\0\xff"},
    {.transports = OVER_TCP, .size = 3, .bytes = "\0\0\x40", .mask = "\xf8\0\xff"},
    {.transports = OVER_TCP, .size = 3, .bytes = "\0\0\x50", .mask = "\xf8\0\xff"},
    {.transports = OVER_TCP, .size = 3, .bytes = "\0\0\x08", .mask = "\xff\x80\xff"},
    {.transports = OVER_TCP, .size = 3, .bytes = "\0\0\x10", .mask = "\xff\x80\xff"},
};

const struct cdpi_protocol cdpi_protocol_openvpn = {
    .name = "OpenVPN",
    .reference = "draft-openvpn-wire-protocol-00; OpenVPN 2.6, doc/doxygen: network protocol",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_VPN,
    .is_encrypted = true,
    .tcp_ports = PORTS(1194),
    .udp_ports = PORTS(1194),
    SIGNATURES(signatures),
    .validate = validate,
};
