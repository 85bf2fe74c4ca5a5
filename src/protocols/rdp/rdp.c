/* SPDX-License-Identifier: MIT */
/*
 * RDP, [MS-RDPBCGR]. A connection begins with ISO transport's request and confirmation
 * (sections 2.2.1.1 and 2.2.1.2), which may carry a cookie or token and the negotiation of
 * security; then T.125's connect messages (2.2.1.3).
 *
 *     request's data:  "Cookie: mstshash=..." CR LF, or a routing token;
 *                      then 01 flags 08 00 protocols(4)
 *     confirm's data:  02 flags 08 00 protocol(4), or 03 00 08 00 failure(4)
 *
 * Over UDP, [MS-RDPEUDP] section 2.2.2: a datagram of 1132 to 1232 bytes that is zeros but for its
 * head: acknowledged(4) window(2) flags(2) initial sequence number(4) upstream MTU(2) downstream
 * MTU(2)
 */
#include "framing/tpkt.h"
#include "protocols/protocol.h"
#include "protocols/starttls.h"

enum {
    NEGOTIATION_REQUEST = 1,
    NEGOTIATION_RESPONSE = 2,
    NEGOTIATION_FAILURE = 3,
    ERECT_DOMAIN = 0x04,
    ATTACH_USER = 0x28,
    ATTACH_CONFIRM = 0x2e,
    JOIN = 0x38,
    JOIN_CONFIRM = 0x3e,
    USERS = 64, /* few attach to one domain */
    SEND_DATA_REQUEST = 0x64,
    SEND_DATA_INDICATION = 0x68,
    IO_CHANNEL = 1003,
    LAST_PROTOCOL_BIT = 0x10,
    COOKIE_AT = 11, /* behind the heads of TPKT and X.224 */
    LEAST_MTU = 1132,
    MOST_MTU = 1232,
    FLAG_SYN = 0x0001,
    FLAG_ACK = 0x0004,
    FLAG_CORRELATION = 0x0800,
    FLAG_LOSSY = 0x0200,
    FLAG_EXTENDED = 0x1000
};

/* ---- ISO transport ----------------------------------------------------------------------- */

/* [MS-RDPBCGR] 2.2.1.1.1: type, flags, size 8, requested protocols; 36 more bytes of correlation
 * may follow. */
static bool negotiation_request(struct cursor *c, bool *is_sound)
{
    uint8_t type = cursor_u8(c), flags = cursor_u8(c);
    uint16_t size = cursor_le16(c);
    uint32_t protocols = cursor_le32(c);
    *is_sound = !(flags & 0xf4) && protocols < 2 * LAST_PROTOCOL_BIT;
    return !c->ran_short && type == NEGOTIATION_REQUEST && size == 8;
}

/* Scanners set flags and protocols that there are not. */
static enum answer judge_negotiation(struct inspection *in, struct cursor c, const char *rule)
{
    bool is_sound;
    if (!negotiation_request(&c, &is_sound))
        return NO;
    return is_sound ? yes(in, rule, &c) : likely(in, rule, &c);
}

static enum answer judge_request(struct inspection *in, struct cursor c, const struct tpkt *t)
{
    cursor_seek(&c, t->params);
    if (t->params == t->end)
        return MORE; /* as any ISO transport's: T.125 must follow */
    if (cursor_left(&c) < t->end - t->params)
        return wants(in, (enum side)c.side, t->end);
    if (cursor_starts_with(&c, "Cookie: msts")) {
        int32_t line = cursor_find(&c, '\n', t->end - t->params);
        if (line < 0)
            return NO;
        cursor_skip(&c, (uint32_t)line + 1);
        return yes(in, "cookie", &c);
    }
    if (t->end - t->params == 8 || t->end - t->params == 8 + 36)
        return judge_negotiation(in, c, "negotiation request");
    int32_t line = cursor_find_text(&c, "\r\n", t->end - t->params);
    if (line < 0)
        return NO;
    cursor_skip(&c, (uint32_t)line + 2);
    return judge_negotiation(in, c, "routing token");
}

static enum answer judge_confirm(struct inspection *in, struct cursor c, const struct tpkt *t)
{
    cursor_seek(&c, t->params);
    if (t->params == t->end)
        return MORE;
    if (t->end - t->params != 8)
        return NO;
    uint8_t type = cursor_u8(&c), flags = cursor_u8(&c);
    uint16_t size = cursor_le16(&c);
    uint32_t value = cursor_le32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size != 8)
        return NO;
    if (type == NEGOTIATION_RESPONSE && !(flags & 0xe0) && value < 2 * LAST_PROTOCOL_BIT)
        return yes(in, "negotiation response", &c);
    if (type == NEGOTIATION_FAILURE && flags == 0 && value >= 1 && value <= 7)
        return yes(in, "negotiation failure", &c);
    return NO;
}

/* In the middle of a session, T.125 section 7 in PER: who(2), channel(2), priority(1), size(1 or
 * 2). RDP's own channel is 1003 ([MS-RDPBCGR] section 2.2.1.4.4); others follow it. */
static enum answer judge_send_data(struct inspection *in, struct cursor c, const struct tpkt *t)
{
    cursor_skip(&c, 2);
    uint16_t channel = cursor_u16(&c);
    uint8_t priority = cursor_u8(&c);
    uint32_t size = cursor_u8(&c);
    if (size & 0x80)
        size = (size & 0x7f) << 8 | cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (channel < IO_CHANNEL || channel > IO_CHANNEL + 31 || priority != 0x70)
        return NO;
    return c.at + size == t->end ? yes(in, "data on a channel", &c) : NO;
}

/* T.125 section 7 in PER, after the connection: the domain is erected, a user attaches, channels
 * are joined. Their sizes are fixed; initiators count from 1001. */
static enum answer judge_domain(struct inspection *in, struct cursor c, const struct tpkt *t)
{
    uint8_t choice = cursor_u8(&c);
    uint32_t size = t->end - t->body;
    bool is_whole = (choice == ERECT_DOMAIN && size == 5) || (choice == ATTACH_USER && size == 1) ||
                    (choice == ATTACH_CONFIRM && size == 4) || (choice == JOIN && size == 5) ||
                    (choice == JOIN_CONFIRM && size == 8);
    if (!is_whole)
        return NO;
    cursor_seek(&c, t->end);
    if (c.ran_short)
        return short_of(in, &c);
    cursor_seek(&c, t->body + 1);
    bool is_zero = choice == ATTACH_CONFIRM || choice == JOIN_CONFIRM ? cursor_u8(&c) == 0 : true;
    if (choice == ERECT_DOMAIN)
        return cursor_u32(&c) == 0x01000100 ? likely(in, "domain", &c) : NO;
    if (choice == ATTACH_USER)
        return likely(in, "user", &c);
    return is_zero && cursor_u16(&c) <= USERS ? likely(in, "channels", &c) : NO;
}

/* T.125 section 11: connect-initial and connect-response are [APPLICATION 101] and [102], tags of
 * two bytes. RDP's carry T.124's conference data: its object identifier, then "Duca" (client) or
 * "McDn" (server). */
static enum answer judge_connect(struct inspection *in, struct cursor c, const struct tpkt *t)
{
    cursor_seek(&c, t->body);
    uint8_t class = cursor_u8(&c);
    if (class == SEND_DATA_REQUEST || class == SEND_DATA_INDICATION)
        return judge_send_data(in, c, t);
    if (class == ERECT_DOMAIN || (class >= ATTACH_USER && class <= JOIN_CONFIRM))
        return judge_domain(in, (cursor_seek(&c, t->body), c), t);
    uint8_t tag = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (class != 0x7f || (tag != 0x65 && tag != 0x66))
        return NO;
    int32_t key = cursor_find_bytes(&c, tag == 0x65 ? "Duca" : "McDn", 4, 400);
    if (key >= 0) {
        cursor_skip(&c, (uint32_t)key + 4);
        return yes(in, tag == 0x65 ? "connect initial" : "connect response", &c);
    }
    if (cursor_left(&c) >= 400 || c.size >= t->end)
        return NO;
    return in->is_final ? NO : wants_more(in, &c);
}

/* The cookie where it stands, whatever the sizes before it say: attacks and tests break them. */
static bool has_cookie(const struct cursor *c)
{
    struct cursor at = *c;
    return cursor_peek(c, 0) == 3 && cursor_peek(c, 1) == 0 && (cursor_peek(c, 5) & 0xf0) == 0xe0 &&
           cursor_skip(&at, COOKIE_AT) && cursor_starts_with(&at, "Cookie: mstshash=");
}

static enum answer judge_stream(struct inspection *in, struct cursor c)
{
    struct tpkt t;
    if (in->is_final && has_cookie(&c))
        return likely(in, "cookie", &c);
    for (unsigned packets = 0; packets < 3; packets++) {
        if (!tpkt_read(&c, &t))
            return NO;
        if (c.ran_short)
            return short_of(in, &c);
        if (t.type == COTP_DATA)
            return judge_connect(in, c, &t);
        enum answer answer =
            t.type == COTP_REQUEST ? judge_request(in, c, &t) : judge_confirm(in, c, &t);
        if (answer != MORE || t.params != t.end)
            return answer;
        cursor_seek(&c, t.end);
        if (c.ran_short || cursor_left(&c) == 0)
            return in->is_final ? NO : wants(in, (enum side)c.side, t.end + 1);
    }
    return NO;
}

/* One side that is plain ISO transport so far is borne by the other. */
static enum answer validate_stream(struct inspection *in)
{
    enum answer client = in->client.size ? judge_stream(in, in->client) : MORE;
    enum answer server = in->server.size ? judge_stream(in, in->server) : MORE;
    if (client == NO || server == NO)
        return NO;
    return client > server ? client : server;
}

/* ---- UDP --------------------------------------------------------------------------------- */

static bool mtu(uint16_t size)
{
    return size >= LEAST_MTU && size <= MOST_MTU;
}

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    uint32_t acknowledged = cursor_u32(&c);
    uint16_t window = cursor_u16(&c), flags = cursor_u16(&c);
    if (!(flags & FLAG_SYN) ||
        flags & ~(FLAG_SYN | FLAG_ACK | FLAG_LOSSY | FLAG_CORRELATION | FLAG_EXTENDED))
        return NO;
    bool is_answer = flags & FLAG_ACK;
    cursor_skip(&c, 4);
    uint16_t up = cursor_u16(&c), down = cursor_u16(&c);
    if (c.ran_short || !mtu(up) || !mtu(down) || window == 0 || window > 1024)
        return NO;
    if (c.size < LEAST_MTU && !is_cut(in, &c)) /* section 3.1.5.1.1: padded to the MTU */
        return NO;
    if (!is_answer)
        return acknowledged == UINT32_MAX ? yes(in, "UDP SYN", &c) : NO;
    return both_spoke(in) ? yes(in, "UDP SYN and ACK", &c) : likely(in, "UDP SYN and ACK", &c);
}

static enum answer validate(struct inspection *in)
{
    return is_udp(in) ? judge_sides(in, judge_datagram, judge_datagram) : validate_stream(in);
}

static const struct signature signatures[] = {
    {.transports = OVER_TCP,
     .size = 13,
     .bytes = "\x03\0\0\0\x02\xf0\x80\x60\0\0\x03\xe0\x70",
     .mask = "\xff\xff\0\0\xff\xff\xff\xf3\0\0\xfb\xe0\xff"},
    {.transports = OVER_UDP,
     .offset = 4,
     .size = 10,
     .bytes = "\0\0\0\x01\0\0\0\0\x04\0",
     .mask = "\xf8\0\xe6\xfb\0\0\0\0\xff\0",
     .min_size = LEAST_MTU,
     .max_size = MOST_MTU},
    {.transports = OVER_TCP, .offset = 11, .size = 16, .bytes = "Cookie: mstshash"},
    {.transports = OVER_TCP,
     .size = 8,
     .bytes = "\x03\0\0\0\0\xe0\0\0",
     .mask = "\xff\xff\xfe\0\0\xff\xff\xff"},
    {.transports = OVER_TCP,
     .size = 13,
     .bytes = "\x03\0\0\x13\x0e\xd0\0\0\0\0\0\0\0",
     .mask = "\xff\xff\xff\xff\xff\xff\0\0\0\0\0\xfc\xe0"},
    {.transports = OVER_TCP, .size = 9, .bytes = "\x03\0\0\x0c\x02\xf0\x80\x04\x01"},
    {.transports = OVER_TCP, .size = 8, .bytes = "\x03\0\0\x08\x02\xf0\x80\x28"},
    {.transports = OVER_TCP,
     .size = 9,
     .bytes = "\x03\0\0\x08\x02\xf0\x80\x28\0",
     .mask = "\xff\xff\xff\xf8\xff\xff\xff\xe9\xff"},
    {.transports = OVER_TCP,
     .size = 9,
     .bytes = "\x03\0\0\0\x02\xf0\x80\x7f\x64",
     .mask = "\xff\xff\0\0\xff\xff\xff\xff\xfc"},
};

const struct cdpi_protocol cdpi_protocol_rdp = {
    .name = "RDP",
    .reference = "[MS-RDPBCGR] section 2.2.1, [MS-RDPEUDP] section 2.2.2",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_REMOTE_ACCESS,
    .tcp_ports = PORTS(3389),
    .udp_ports = PORTS(3389),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow_starttls, /* [MS-RDPBCGR] section 5.4 */
    .refines = "TPKT",
};
