/* SPDX-License-Identifier: MIT */
/*
 * Service Location Protocol.
 *
 *     version 2, RFC 2608 section 8:  2, function(1), size(3), flags(2), extension(3), id(2),
 *                                     language's size(2), language
 *     version 1, RFC 2165 section 4:  1, function(1), size(2), flags(1), dialect(1) = 0,
 *                                     language(2), encoding(2), id(2)
 *
 * The size is the datagram's.
 */
#include "protocols/protocol.h"

enum { LAST_FUNCTION = 11, LEAST_SIZE = 14, LANGUAGE_LIMIT = 32 };

static bool is_language(struct cursor *c, uint16_t size)
{
    for (; size > 0; size--) {
        uint8_t letter = cursor_u8(c), lower = letter | 0x20;
        if (!c->ran_short && !(lower >= 'a' && lower <= 'z') && letter != '-' &&
            !(letter >= '0' && letter <= '9'))
            return false;
    }
    return true;
}

static bool is_version_2(struct cursor *c, uint32_t *size)
{
    *size = cursor_u24(c);
    uint16_t flags = cursor_u16(c);
    uint32_t extension = cursor_u24(c);
    cursor_skip(c, 2);
    uint16_t language = cursor_u16(c);
    return c->ran_short || (!(flags & 0x1fff) && extension <= *size && language >= 1 &&
                            language <= LANGUAGE_LIMIT && is_language(c, language));
}

static bool is_version_1(struct cursor *c, uint32_t *size)
{
    *size = cursor_u16(c);
    uint8_t flags = cursor_u8(c), dialect = cursor_u8(c);
    if (!c->ran_short && (flags & 0x07 || dialect != 0 || !is_language(c, 2)))
        return false;
    uint16_t encoding = cursor_u16(c); /* IANA's numbers of character sets */
    cursor_skip(c, 2);
    return c->ran_short || (encoding >= 3 && encoding <= 3000);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint32_t size = 0;
    uint8_t version = cursor_u8(&c), function = cursor_u8(&c);
    if (version != 1 && version != 2)
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (function < 1 || function > LAST_FUNCTION)
        return NO;
    if (!(version == 2 ? is_version_2(&c, &size) : is_version_1(&c, &size)))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (size < LEAST_SIZE - 2)
        return NO;
    /* Replies that overflow keep the size of the whole. Version 2 is sure enough without it. */
    if (is_udp(in) && !fills_datagram(in, &c, size))
        return version == 2 ? likely(in, "version 2, of another size", &c) : NO;
    return yes(in, version == 2 ? "version 2" : "version 1", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 7,
     .bytes = "\x02\0\0\0\0\0\0",
     .mask = "\xff\xf0\xff\0\0\x1f\xff",
     .min_size = LEAST_SIZE},
    {.size = 6, .bytes = "\x01\0\0\0\0\0", .mask = "\xff\xf0\0\0\x07\xff", .min_size = 12},
};

const struct cdpi_protocol cdpi_protocol_slp = {
    .name = "SLP",
    .reference = "RFC 2608 section 8, RFC 2165 section 4",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_NETWORK,
    .tcp_ports = PORTS(427),
    .udp_ports = PORTS(427),
    SIGNATURES(signatures),
    .validate = validate,
};
