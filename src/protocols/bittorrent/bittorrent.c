/* SPDX-License-Identifier: MIT */
/*
 * BitTorrent: the peers' handshake (BEP 3), and over UDP the DHT (BEP 5), uTP (BEP 29), trackers
 * (BEP 15) and the search for peers nearby (BEP 14). Encrypted streams (MSE) have no structure and
 * are not named.
 */
#include "framing/bencode.h"
#include "protocols/protocol.h"

/* BEP 3: 19, "BitTorrent protocol", 8 reserved bytes, the torrent's hash, the peer's id. */
static enum answer judge_handshake(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "\x13"
                                   "BitTorrent protocol"))
        return NO;
    if (!cursor_skip(&c, 20))
        return short_of(in, &c);
    return yes(in, "handshake", &c);
}

/* ---- DHT --------------------------------------------------------------------------------- */

/* BEP 5: y is q, r or e; t is the transaction; q has a name and a, r is a dictionary, e a list. */
static enum answer judge_krpc(struct inspection *in, struct cursor c)
{
    struct cursor key, value;
    uint8_t kind = 0;
    bool has_transaction = false, has_body = false;
    cursor_skip(&c, 1);
    while (cursor_peek(&c, 0) != 'e') {
        if (!bencode_string(&c, &key) || key.size == 0)
            break;
        uint8_t name = key.size == 1 ? cursor_u8(&key) : 0;
        value = c;
        if (!bencode_skip(&c))
            break;
        if ((name == 'a' || name == 'r') && cursor_peek(&value, 0) == 'd')
            has_body = true;
        if (name == 'e' && cursor_peek(&value, 0) == 'l')
            has_body = true;
        if (name == 't' && text_is_digit(cursor_peek(&value, 0)))
            has_transaction = true;
        if (name == 'y' && cursor_accept_text(&value, "1:"))
            kind = cursor_u8(&value);
    }
    if (!has_body)
        return NO;
    if (is_cut(in, &c) && c.ran_short)
        return likely(in, "DHT message", &c);
    if (cursor_u8(&c) != 'e' || !has_transaction || !cursor_at_end(&c))
        return NO;
    return kind == 'q' || kind == 'r' || kind == 'e' ? yes(in, "DHT message", &c) : NO;
}

/* ---- trackers ---------------------------------------------------------------------------- */

enum { CONNECT_SIZE = 16, ANNOUNCE_SIZE = 98 };

static enum answer judge_connect(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 8);
    return cursor_u32(&c) == 0 && c.size == CONNECT_SIZE ? yes(in, "tracker connect", &c) : NO;
}

/* BEP 15: action 1; bytes so far, left and sent below 2^48; an event of four; a port. */
static enum answer judge_announce(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 8);
    uint32_t action = cursor_u32(&c);
    cursor_skip(&c, 4 + 20 + 20);
    uint64_t downloaded = cursor_u64(&c), left = cursor_u64(&c), uploaded = cursor_u64(&c);
    uint32_t event = cursor_u32(&c);
    cursor_skip(&c, 12);
    uint16_t port = cursor_u16(&c);
    if (c.ran_short || action != 1 || event > 3 || port == 0)
        return NO;
    if (downloaded >> 48 || uploaded >> 48 || (left >> 48 && left >> 48 != 0x7fff))
        return NO;
    return yes(in, "tracker announce", &c);
}

/* ---- uTP --------------------------------------------------------------------------------- */

enum { UTP_HEADER = 20, UTP_STATE = 2, UTP_SYN = 4, UTP_EXTENSIONS = 3 };

struct utp {
    uint8_t type, side;
    uint16_t connection, sequence, ack;
    uint32_t difference;
};

/* BEP 29: type and version 1, a chain of extensions, which fit. A SYN and a state carry no data. */
static bool utp_read(struct cursor c, struct utp *u)
{
    uint8_t first = cursor_u8(&c), extension = cursor_u8(&c);
    u->side = c.side;
    u->type = first >> 4;
    u->connection = cursor_u16(&c);
    cursor_skip(&c, 4);
    u->difference = cursor_u32(&c);
    cursor_skip(&c, 4);
    u->sequence = cursor_u16(&c);
    u->ack = cursor_u16(&c);
    if (c.ran_short || (first & 0xf) != 1 || u->type > UTP_SYN)
        return false;
    while (extension) {
        if (extension > UTP_EXTENSIONS)
            return false;
        extension = cursor_u8(&c);
        uint8_t size = cursor_u8(&c);
        if (c.ran_short || !cursor_skip(&c, size))
            return false;
    }
    bool is_bare = u->type == UTP_SYN || u->type == UTP_STATE;
    return !is_bare || cursor_at_end(&c);
}

/* Bits that a packet shares with an earlier one: the connection's id is the same from one side, and
 * one apart between the sides; acknowledgements are near the other side's numbers. */
static unsigned utp_agreement(const struct utp *a, const struct utp *b)
{
    int apart = (int)a->connection - (int)b->connection;
    if (a->side == b->side) {
        if (apart != 0 && apart != -1 && apart != 1)
            return 0;
        return 14u + ((uint16_t)(b->sequence - a->sequence) < 64 ? 10u : 0u);
    }
    if (apart < -1 || apart > 1)
        return 0;
    return 14u + ((uint16_t)(a->sequence - b->ack + 64) < 128 ? 9u : 0u) +
           ((uint16_t)(b->sequence - a->ack + 64) < 128 ? 9u : 0u);
}

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) == 'd' && text_is_digit(cursor_peek(&c, 1)))
        return judge_krpc(in, c);
    if (cursor_starts_with(&c, "\0\0\x04\x17\x27\x10\x19\x80") && c.size == CONNECT_SIZE)
        return judge_connect(in, c);
    if (cursor_starts_with(&c, "BT-SEARCH * HTTP/"))
        return yes(in, "search for local peers", &c);
    if (c.size >= ANNOUNCE_SIZE && cursor_peek_u32(&c, 8) == 1)
        return judge_announce(in, c);
    return NO;
}

/* Peers ask each other's hash table on the port of their uTP: such messages may come between. */
static enum answer judge_utp(struct inspection *in)
{
    struct utp first = {0}, next;
    unsigned bits = 0, packets = 0;
    bool has_message = false;
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor c = inspection_datagram(in, i);
        if (judge_datagram(in, c) == YES) {
            has_message = true;
            continue;
        }
        if (!utp_read(c, &next))
            return NO;
        unsigned agreed = packets ? utp_agreement(&first, &next) : 0;
        if (packets && agreed == 0)
            return NO;
        bits += 11 + agreed;
        if (packets++ == 0)
            first = next;
    }
    struct cursor c = inspection_datagram(in, 0);
    cursor_skip(&c, UTP_HEADER);
    if (has_message && packets)
        return yes(in, "uTP beside DHT messages", &c);
    if (packets >= 2 && bits >= BITS_FOR_YES)
        return yes(in, "uTP packets of one connection", &c);
    if (first.type == UTP_SYN && first.difference == 0 && first.sequence == 1)
        return likely(in, "uTP SYN", &c);
    return in->is_final ? NO : wants(in, CLIENT, in->client.size + 1);
}

/* A tracker answers with the transaction of the request, BEP 15. */
static bool answers(struct cursor request, struct cursor reply)
{
    uint32_t action = cursor_peek_u32(&request, 8);
    return reply.size >= 8 &&
           (cursor_peek_u32(&reply, 0) == action || cursor_peek_u32(&reply, 0) == 3) &&
           cursor_peek_u32(&reply, 4) == cursor_peek_u32(&request, 12);
}

/* Where the capture begins later, or lost a side's beginning, one handshake is likely enough. */
static enum answer judge_streams(struct inspection *in)
{
    enum answer both = judge_sides(in, judge_handshake, judge_handshake);
    if (both != NO || !both_spoke(in) || !in->is_midstream)
        return both;
    bool is_one = judge_handshake(in, in->client) == YES || judge_handshake(in, in->server) == YES;
    return is_one ? LIKELY : NO;
}

static enum answer validate(struct inspection *in)
{
    if (!is_udp(in))
        return judge_streams(in);
    enum answer client = in->client.size ? judge_datagram(in, in->client) : NO;
    enum answer server = in->server.size ? judge_datagram(in, in->server) : NO;
    if (client == YES && server == NO && in->server.size)
        return answers(in->client, in->server) || judge_utp(in) == YES ? YES : LIKELY;
    if (client != NO || server != NO)
        return client > server ? client : server;
    return judge_utp(in);
}

static const struct signature signatures[] = {
    {.transports = OVER_TCP,
     .size = 16,
     .bytes = "\x13"
              "BitTorrent prot"},
    {.transports = OVER_UDP, .size = 5, .bytes = "d1:ad"},
    {.transports = OVER_UDP, .size = 5, .bytes = "d1:el"},
    {.transports = OVER_UDP, .size = 5, .bytes = "d1:rd"},
    {.transports = OVER_UDP, .size = 5, .bytes = "d2:ip"},
    {.transports = OVER_UDP, .size = 12, .bytes = "\0\0\x04\x17\x27\x10\x19\x80\0\0\0\0"},
    {.transports = OVER_UDP,
     .offset = 8,
     .size = 4,
     .bytes = "\0\0\0\1",
     .min_size = ANNOUNCE_SIZE},
    {.transports = OVER_UDP, .size = 16, .bytes = "BT-SEARCH * HTTP"},
    {.transports = OVER_UDP, .size = 2, .bytes = "\x01\0", .mask = "\xff\xfc", .min_size = 20},
    {.transports = OVER_UDP, .size = 2, .bytes = "\x11\0", .mask = "\xff\xfc", .min_size = 20},
    {.transports = OVER_UDP, .size = 2, .bytes = "\x21\0", .mask = "\xff\xfc", .min_size = 20},
    {.transports = OVER_UDP, .size = 2, .bytes = "\x31\0", .mask = "\xff\xfc", .min_size = 20},
    {.transports = OVER_UDP, .size = 2, .bytes = "\x41\0", .mask = "\xff\xfc", .min_size = 20},
};

const struct cdpi_protocol cdpi_protocol_bittorrent = {
    .name = "BitTorrent",
    .reference = "BEP 3, BEP 5, BEP 14, BEP 15, BEP 29",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_FILE_SHARING,
    .tcp_ports = PORTS(6881, 6882, 6883, 6884, 6885),
    .udp_ports = PORTS(6771, 6881),
    SIGNATURES(signatures),
    .validate = validate,
};
