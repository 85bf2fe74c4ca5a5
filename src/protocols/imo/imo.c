/* SPDX-License-Identifier: MIT */
/*
 * imo's calls, by UDP. No public specification; as seen in recorded traffic: a datagram is filled
 * by messages,
 *
 *     length (in groups of 7 bits, the high ones first)  type (1)  body
 *
 * among them pings of a clock (2 and 3, the second brings it back) of 8 bytes, little-endian, that
 * counts milliseconds. A length of 0 may stand between. The first datagrams may be a single byte.
 */
#include "protocols/protocol.h"

enum { PING = 2, PONG = 3, PING_LENGTH = 9, MOST_MESSAGES = 8, CLOCK_HIGH = 0x100 };

/* Length and type, and the clock's upper half. */
enum { PING_BITS = 14 + 24 };

static bool is_type(uint8_t type)
{
    return type == PING || type == PONG || type == 0x0d || type == 0x0e || type == 0x1a;
}

/* One message; the bits that it is worth, 0 where it does not fit. */
static unsigned message_bits(struct cursor *c)
{
    uint8_t high = cursor_u8(c);
    if (high == 0)
        return 1;
    uint32_t length = high < 0x80 ? high : (high & 0x7fu) << 7 | cursor_u8(c);
    struct cursor body = cursor_take(c, length);
    uint8_t type = cursor_u8(&body);
    if (c->ran_short || length < 2 || !is_type(type))
        return 0;
    if (type != PING && type != PONG)
        return 5;
    uint32_t low = cursor_le32(&body);
    if (length != PING_LENGTH || low == 0 || cursor_le32(&body) >= CLOCK_HIGH)
        return 0;
    return PING_BITS;
}

/* The messages fill the datagram: 8 bits more. */
static unsigned datagram_bits(struct cursor c)
{
    unsigned bits = 0;
    for (int i = 0; i < MOST_MESSAGES && !cursor_at_end(&c); i++) {
        unsigned more = message_bits(&c);
        if (more == 0)
            return 0;
        bits += more;
    }
    return cursor_at_end(&c) && bits > 1 ? bits + 8 : 0;
}

static enum answer validate(struct inspection *in)
{
    unsigned bits = 0, most = 0;
    uint32_t last_size = 0;
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor c = inspection_datagram(in, i);
        if (c.size == 1)
            continue;
        unsigned more = datagram_bits(c);
        if (more == 0)
            return NO;
        /* The same again says little. */
        bits += c.size != last_size ? more : 0;
        most = more > most ? more : most;
        last_size = c.size;
    }
    struct cursor c = in->client.size ? in->client : in->server;
    /* Lengths alone could be another's: there must be a ping. */
    if (bits >= BITS_FOR_YES && most >= PING_BITS)
        return answer_at(in, in->datagram_count > 1 ? YES : LIKELY, "messages", (enum side)c.side,
                         0, c.size);
    return bits || c.size == 1 ? wants(in, (enum side)c.side, c.size + 1) : NO;
}

#define TYPE(at, literal)                                                                          \
    {                                                                                              \
        .offset = (at), .size = 1, .bytes = literal, .min_size = 10                                \
    }

static const struct signature signatures[] = {
    {.offset = 0, .size = 2, .bytes = "\x09\2", .min_size = 10},
    {.offset = 0, .size = 2, .bytes = "\x09\3", .min_size = 10},
    {.offset = 0, .size = 3, .bytes = "\0\x09\2", .min_size = 11},
    {.offset = 0, .size = 3, .bytes = "\0\x09\3", .min_size = 11},
    TYPE(1, "\x0d"),
    TYPE(2, "\x0d"),
    TYPE(3, "\x0d"),
    TYPE(2, "\x0e"),
    TYPE(2, "\x1a"),
};

const struct cdpi_protocol cdpi_protocol_imo = {
    .name = "IMO",
    .reference = "as seen in recorded traffic of the application",
    .transports = OVER_UDP,
    .category = CATEGORY_VOICE,
    .is_encrypted = true,
    SIGNATURES(signatures),
    .validate = validate,
};
