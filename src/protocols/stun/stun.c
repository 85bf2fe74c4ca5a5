/* SPDX-License-Identifier: MIT */
/*
 * STUN and TURN, RFC 8489 section 5:
 *
 *     type(2) length(2) cookie(4) = 2112a442 transaction(12), attributes: type(2) length(2) value,
 *       filled to four bytes
 *
 * Classic STUN (RFC 3489) has no cookie: there the attributes must be known ones and fill the
 * message; a bare request is only likely, until an answer repeats its transaction. Microsoft's TURN
 * (MS-TURN section 2.2) is classic STUN with a cookie in an attribute.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 20,
    COOKIE = 0x2112a442,
    MS_COOKIE = 0x72c64bc6,
    MS_MAGIC_ATTRIBUTE = 15,
    RELAYED = 0xff10,
    CLASS_BITS = 0x0110,
    LAST_CLASSIC_METHOD = 0xf,
    CLASSIC_LIMIT = 0x200,
    FIRST_OPTIONAL = 0x8000
};

struct message {
    uint16_t type, length;
    bool has_cookie;
};

/* The method without the class's two bits, RFC 8489 section 5. */
static unsigned method_of(uint16_t type)
{
    return (type & 0xfu) | (type & 0xe0u) >> 1 | (type & 0x3e00u) >> 2;
}

/* Attributes to the end, each filled to `step` bytes (Microsoft fills none). Returns how many, or
 * -1: classic STUN's types are below 0x200, or optional. */
static int count_attributes(struct cursor c, uint32_t size, uint32_t step, bool is_classic)
{
    int count = 0;
    uint32_t left = size;
    while (left >= 4) {
        uint16_t type = cursor_u16(&c);
        uint32_t length = cursor_u16(&c);
        uint32_t filled = (length + step - 1) & ~(step - 1);
        if (c.ran_short)
            return count;
        if (is_classic && type >= CLASSIC_LIMIT && (type < FIRST_OPTIONAL || type > 0x8100))
            return -1;
        if (length == left - 4) /* the last one may not be filled (WhatsApp) */
            filled = length;
        if (filled > left - 4)
            return -1;
        if (!cursor_skip(&c, filled))
            return count + 1;
        left -= 4 + filled;
        count++;
    }
    return left == 0 ? count : -1;
}

static bool is_microsoft(const struct cursor *attributes)
{
    return cursor_peek_u16(attributes, 0) == MS_MAGIC_ATTRIBUTE &&
           cursor_peek_u32(attributes, 4) == MS_COOKIE;
}

/* The whole header; false where it cannot be one. */
static bool read_header(struct cursor *c, struct message *m)
{
    m->type = cursor_u16(c);
    m->length = cursor_u16(c);
    m->has_cookie = cursor_u32(c) == COOKIE;
    cursor_skip(c, 12);
    return m->type <= 0x3fff && (m->length % 4 == 0 || m->has_cookie || is_microsoft(c));
}

static enum answer judge_modern(struct inspection *in, struct cursor c, const struct message *m)
{
    uint32_t end = c.at + m->length;
    bool whole = !is_udp(in) || fills_datagram(in, &c, end);
    bool is_padded = is_udp(in) && end < c.size;
    uint32_t step = is_microsoft(&c) ? 1 : 4;
    if ((!whole && !is_padded) || method_of(m->type) == 0 ||
        count_attributes(c, m->length, step, false) < 0)
        return NO;
    return whole ? yes(in, "message with cookie", &c)
                 : likely(in, "message with cookie, padded", &c);
}

/* Both sides there, and one transaction. */
static bool is_answered(const struct inspection *in)
{
    struct cursor a = in->client, b = in->server;
    const uint8_t *asked = cursor_skip(&a, 4) ? cursor_bytes(&a, 16) : NULL;
    const uint8_t *answered = cursor_skip(&b, 4) ? cursor_bytes(&b, 16) : NULL;
    return asked && answered && memcmp(asked, answered, 16) == 0;
}

static enum answer judge_classic(struct inspection *in, struct cursor c, const struct message *m)
{
    if (!is_udp(in) || !fills_datagram(in, &c, HEADER + (uint32_t)m->length) ||
        (m->type & ~(CLASS_BITS | LAST_CLASSIC_METHOD)) || (m->type & LAST_CLASSIC_METHOD) == 0)
        return NO;
    bool microsoft = is_microsoft(&c);
    int attributes = count_attributes(c, m->length, microsoft ? 1 : 4, true);
    if (attributes < 0)
        return NO;
    if (microsoft || is_answered(in))
        return yes(in, microsoft ? "message of MS-TURN" : "answer to a classic request", &c);
    bool is_bare_request = m->length == 0 && m->type == 1;
    return is_bare_request || attributes > 0 ? likely(in, "classic message", &c) : NO;
}

/* RFC 4571: over TCP, ICE's peers put a size before each message. Microsoft's relays put ff10, the
 * size of what follows and eight bytes of their own before it. */
static void pass_framing(const struct inspection *in, struct cursor *c)
{
    if (is_udp(in) && cursor_peek_u16(c, 0) == RELAYED && cursor_peek_u32(c, 16) == COOKIE &&
        cursor_peek_u16(c, 2) + 4u == c->size)
        cursor_skip(c, 12);
    if (!is_udp(in) && cursor_peek_u32(c, 6) == COOKIE &&
        cursor_peek_u16(c, 0) == cursor_peek_u16(c, 4) + HEADER)
        cursor_skip(c, 2);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct message m;
    pass_framing(in, &c);
    bool sound = read_header(&c, &m);
    if (c.ran_short)
        return short_of(in, &c);
    if (!sound)
        return NO;
    return m.has_cookie ? judge_modern(in, c, &m) : judge_classic(in, c, &m);
}

/* What a relay or a peer carries goes on in the same flow: media, or data of another's (RFC 7983).
 * The cookie is beyond doubt all the same. */
static enum answer validate(struct inspection *in)
{
    enum answer joint = judge_sides(in, judge, judge);
    if (joint != NO || !is_udp(in) || !both_spoke(in))
        return joint;
    enum answer client = judge(in, in->client);
    return client == YES ? YES : judge(in, in->server) == YES ? YES : NO;
}

static const struct signature signatures[] = {
    {.size = 8, .bytes = "\0\0\0\0\x21\x12\xa4\x42", .mask = "\xc0\0\0\0\xff\xff\xff\xff"},
    {.transports = OVER_UDP,
     .offset = 16,
     .size = 4,
     .bytes = "\x21\x12\xa4\x42",
     .length = {2, 2, false, 4}},
    {.transports = OVER_TCP,
     .offset = 2,
     .size = 8,
     .bytes = "\0\0\0\0\x21\x12\xa4\x42",
     .mask = "\xc0\0\0\0\xff\xff\xff\xff"},
    {.transports = OVER_UDP,
     .size = 4,
     .bytes = "\0\0\0\0",
     .mask = "\xfe\xe0\xf0\0",
     .length = {2, 2, false, HEADER}},
};

const struct cdpi_protocol cdpi_protocol_stun = {
    .name = "STUN",
    .reference = "RFC 8489 section 5, RFC 8656, RFC 3489 section 11.1, MS-TURN section 2.2",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_NETWORK,
    .tcp_ports = PORTS(3478),
    .udp_ports = PORTS(3478, 19302),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
