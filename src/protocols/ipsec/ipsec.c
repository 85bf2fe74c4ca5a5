/* SPDX-License-Identifier: MIT */
/*
 * IPsec's key exchange: IKE, RFC 7296 section 3.1, RFC 2408 section 3.1:
 *
 *     initiator(8) responder(8) next payload(1) version(1) exchange(1) flags(1) message(4)
 *     length(4)
 *
 * and behind a translator (RFC 3948) four zeros before it, ESP beside it and single bytes ff to
 * keep it open. Over TCP (RFC 8229) "IKETCP" and sizes. ESP in UDP alone is a number and a counter:
 * likely, when several datagrams count up.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 28,
    VERSION_1 = 0x10,
    VERSION_2 = 0x20,
    SPI_LEAST = 256, /* RFC 4303 section 2.1 */
    ESP_LEAST = 24,
    STEP_LIMIT = 16,
    LENGTH_LIMIT = 0x20000,
    PADDING = 16,
    VERSION_READ = 18 /* both numbers, the next payload, the version */
};

static bool exchange_is_known(uint8_t version, uint8_t exchange)
{
    if ((version & 0xf0) == VERSION_1) /* IANA: base to informational, and the modes of IKE */
        return (exchange >= 1 && exchange <= 6) || (exchange >= 32 && exchange <= 34);
    return exchange >= 34 && exchange <= 44;
}

static bool payload_is_known(uint8_t version, uint8_t next)
{
    if ((version & 0xf0) == VERSION_1)
        return next <= 23 || next >= 128;
    return next == 0 || (next >= 33 && next <= 60) || next == 132;
}

struct ike {
    uint64_t initiator, responder;
    uint8_t next, version, exchange, flags;
    uint32_t length;
};

static struct ike read_header(struct cursor *c)
{
    struct ike ike = {.initiator = cursor_u64(c)};
    ike.responder = cursor_u64(c);
    ike.next = cursor_u8(c);
    ike.version = cursor_u8(c);
    ike.exchange = cursor_u8(c);
    ike.flags = cursor_u8(c);
    cursor_skip(c, 4);
    ike.length = cursor_u32(c);
    return ike;
}

static bool is_header(const struct ike *ike)
{
    uint8_t major = ike->version & 0xf0;
    return (major == VERSION_1 || major == VERSION_2) && (ike->version & 15) <= 1 &&
           ike->initiator != 0 && ike->length >= HEADER && ike->length <= LENGTH_LIMIT &&
           !(ike->flags & (major == VERSION_1 ? 0xf8 : 0xc7));
}

/* Only on its own port, which RFC 3948 fixes: a number and a counter are many things' elsewhere. */
static bool is_port(const struct inspection *in)
{
    return in->server_port == 4500 || in->client_port == 4500;
}

/* A header that a capture cuts (at 64 bytes, 22 of it are there, 18 behind the marker). A first
 * message has no responder yet; others of version 2 have small numbers, of version 1 none at first
 * (RFC 7296 section 2.2, RFC 2408 section 3.1). A marker of zeros tells too, where it belongs. */
static enum answer judge_cut(struct inspection *in, uint32_t began, const struct ike *ike,
                             struct cursor c)
{
    uint32_t read = c.at - began;
    uint8_t major = ike->version & 0xf0;
    if (read < VERSION_READ || (major != VERSION_1 && major != VERSION_2) ||
        (ike->version & 15) > 1 || ike->initiator == 0 ||
        !payload_is_known(ike->version, ike->next))
        return NO;
    if (read > VERSION_READ && !exchange_is_known(ike->version, ike->exchange))
        return NO;
    if (read > VERSION_READ + 1 && ike->flags & (major == VERSION_1 ? 0xf8 : 0xc7))
        return NO;
    bool is_first = ike->responder == 0 || (began > 0 && is_port(in));
    struct cursor number = c;
    cursor_seek(&number, began + VERSION_READ + 2);
    bool is_small = cursor_left(&number) >= 2 && cursor_u16(&number) == 0;
    return is_first || is_small ? likely(in, "IKE, cut", &c) : NO;
}

/* A length that is the rest says much: other exchanges than those known may stand in the header.
 * The other way round, a first message (no responder yet) is known without its length. */
static enum answer judge_ike(struct inspection *in, struct cursor c, bool fills)
{
    uint32_t began = c.at;
    struct ike ike = read_header(&c);
    if (c.ran_short && is_cut(in, &c))
        return judge_cut(in, began, &ike, c);
    if (c.ran_short)
        return short_of(in, &c);
    if (!is_header(&ike))
        return NO;
    bool is_version_1 = (ike.version & 0xf0) == VERSION_1;
    const char *rule = is_version_1 ? "IKE version 1" : "IKE version 2";
    bool is_exchange = exchange_is_known(ike.version, ike.exchange);
    bool is_payload = payload_is_known(ike.version, ike.next);
    bool is_full = fills && fills_datagram(in, &c, began + ike.length);
    if (is_exchange && is_payload && (is_full || !fills))
        return yes(in, rule, &c);
    if (is_full)
        return is_payload || ike.responder == 0 ? likely(in, rule, &c) : NO;
    if (!is_exchange || !is_payload || !fills)
        return NO;
    bool is_padded = began + ike.length < c.size && c.size - began - ike.length <= PADDING;
    return ike.responder == 0 || is_padded ? likely(in, rule, &c) : NO;
}

/* Datagrams of one side with one index whose counters go up by little. */
static unsigned count_up(const struct inspection *in, const struct cursor *c)
{
    struct cursor copy = *c;
    uint32_t index = cursor_u32(&copy), last = 0;
    unsigned count = 0;
    bool is_first = true;
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor d = inspection_datagram(in, i);
        if (d.side != c->side || cursor_u32(&d) != index)
            continue;
        uint32_t counter = cursor_u32(&d);
        if (!is_first && counter > last && counter - last <= STEP_LIMIT)
            count++;
        last = counter;
        is_first = false;
    }
    return count;
}

/* Both sides are at the start of their counts (RFC 4303 section 2.2). */
static bool both_begin(const struct inspection *in)
{
    uint32_t client = cursor_peek_u32(&in->client, 4), server = cursor_peek_u32(&in->server, 4);
    return in->client.size >= ESP_LEAST && in->server.size >= ESP_LEAST && client != 0 &&
           server != 0 && client <= STEP_LIMIT && server <= STEP_LIMIT &&
           cursor_peek_u32(&in->client, 0) != cursor_peek_u32(&in->server, 0);
}

static enum answer judge_esp(struct inspection *in, struct cursor c)
{
    if (!is_port(in) || c.size < ESP_LEAST || cursor_peek_u32(&c, 0) < SPI_LEAST)
        return NO;
    if (count_up(in, &c) < 1 && !both_begin(in))
        return in->is_final || in->datagram_count >= 8 ? NO : MORE;
    cursor_skip(&c, 8);
    return likely(in, "ESP that counts up", &c);
}

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    if (c.size == 1) { /* kept open, section 2.3 */
        if (cursor_u8(&c) != 0xff)
            return NO;
        return is_port(in) && in->datagram_count >= 2 ? likely(in, "kept open", &c) : MORE;
    }
    struct cursor marked = c;
    if (cursor_u32(&marked) == 0) {
        enum answer answer = judge_ike(in, marked, true);
        if (answer >= LIKELY)
            return answer;
    }
    enum answer answer = judge_ike(in, c, true);
    return answer >= LIKELY ? answer : judge_esp(in, c);
}

static enum answer judge_stream(struct inspection *in, struct cursor c)
{
    cursor_accept_text(&c, "IKETCP");
    uint16_t size = cursor_u16(&c);
    uint32_t marker = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (marker != 0 || size < HEADER + 4)
        return NO;
    return judge_ike(in, c, false);
}

/* ESP beside IKE in one flow is as it should be: one side that is sure speaks for both. */
static enum answer validate(struct inspection *in)
{
    if (!is_udp(in))
        return judge_sides(in, judge_stream, judge_stream);
    enum answer client = in->client.size ? judge_datagram(in, in->client) : MORE;
    if (client == NO)
        return NO;
    enum answer server = in->server.size ? judge_datagram(in, in->server) : MORE;
    if (in->server.size && server == NO)
        return NO;
    return client > server ? client : server;
}

/* By its length; a first message, which has no responder, by that; by what is zero else. */
#define RESPONDER_NONE(at, version)                                                                \
    {                                                                                              \
        .transports = OVER_UDP, .offset = (at), .size = 10, .bytes = "\0\0\0\0\0\0\0\0\0" version, \
        .mask = "\xff\xff\xff\xff\xff\xff\xff\xff\0\xfe", .min_size = HEADER                       \
    }
static const struct signature signatures[] = {
    {.transports = OVER_UDP,
     .offset = 17,
     .size = 1,
     .bytes = "\x10",
     .mask = "\xfe",
     .min_size = HEADER,
     .length = {4, 24, false, 0}},
    {.transports = OVER_UDP,
     .offset = 17,
     .size = 1,
     .bytes = "\x20",
     .mask = "\xfe",
     .min_size = HEADER,
     .length = {4, 24, false, 0}},
    {.transports = OVER_UDP,
     .size = 4,
     .bytes = "\0\0\0\0",
     .min_size = HEADER + 4,
     .length = {4, 28, false, 4}},
    RESPONDER_NONE(8, "\x10"),
    RESPONDER_NONE(8, "\x20"),
    {.transports = OVER_UDP,
     .offset = 17,
     .size = 9,
     .bytes = "\x10\0\0\0\0\0\0\0\0",
     .mask = "\xfe\0\xf8\0\0\0\0\xff\xff",
     .min_size = HEADER},
    {.transports = OVER_TCP, .size = 6, .bytes = "IKETCP"},
};

const struct cdpi_protocol cdpi_protocol_ipsec = {
    .name = "IPsec",
    .reference = "RFC 7296 section 3, RFC 2408 section 3, RFC 3948, RFC 8229",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_VPN,
    .is_encrypted = true,
    .tcp_ports = PORTS(4500),
    .udp_ports = PORTS(500, 4500),
    SIGNATURES(signatures),
    .is_unsigned = true, /* ESP in UDP */
    .is_symmetric = true,
    .validate = validate,
};
