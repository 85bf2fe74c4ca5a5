/* SPDX-License-Identifier: MIT */
/*
 * RPKI to router. RFC 8210 section 5:
 *
 *     version(1) type(1) session or zero(2) length(4) of the whole ...
 *
 * each type has its length; routers ask (1, 2), caches answer (0, 3, 4, 6, 7, 8, 9, 10).
 */
#include "protocols/protocol.h"

enum { HEADER = 8, LAST_VERSION = 2, PDUS = 16, MOST = 4096 };

/* RFC 8210 sections 5.2 to 5.11; 0: varies. -1: no such type. */
static int size_of(uint8_t version, uint8_t type)
{
    static const int8_t sizes[] = {12, 12, 8, 8, 20, -1, 32, 24, 8, 0, 0, 0};
    if (type == 7 && version == 0)
        return 12;
    return type < sizeof sizes ? sizes[type] : -1;
}

static bool has_zero(uint8_t type)
{
    return type == 2 || type == 4 || type == 6 || type == 8;
}

/* IPv4 prefixes: flags 0 or 1, length and greatest length in order. */
static bool is_prefix(struct cursor c)
{
    uint8_t flags = cursor_u8(&c), length = cursor_u8(&c), greatest = cursor_u8(&c);
    return flags <= 1 && length <= greatest && greatest <= 128 && cursor_u8(&c) == 0;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    unsigned bits = 0;
    int version = cursor_peek(&c, 0);
    for (int i = 0; i < PDUS && !cursor_at_end(&c); i++) {
        uint8_t own = cursor_u8(&c), type = cursor_u8(&c);
        uint16_t session = cursor_u16(&c);
        uint32_t length = cursor_u32(&c);
        if (own != version || own > LAST_VERSION)
            return NO;
        if (c.ran_short)
            break;
        int size = size_of(own, type);
        if (size < 0 || (size > 0 && length != (uint32_t)size) || length < HEADER ||
            length > MOST || (has_zero(type) && session != 0))
            return NO;
        struct cursor rest = cursor_take(&c, length - HEADER);
        if (c.ran_short)
            break;
        if ((type == 4 || type == 6) && !is_prefix(rest))
            return NO;
        bits += size == 0 ? 20 : has_zero(type) ? 52 : 38;
    }
    return answer_by_bits(in, bits, "PDUs", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 8, .bytes = "\0\0\0\0\0\0\0\x08", .mask = "\xfc\xf0\0\0\xff\xff\xff\xff"},
    {.size = 8, .bytes = "\0\0\0\0\0\0\0\x0c", .mask = "\xfc\xf0\0\0\xff\xff\xff\xff"},
    {.size = 8, .bytes = "\0\x04\0\0\0\0\0\x14", .mask = "\xfc\xff\xff\xff\xff\xff\xff\xff"},
    {.size = 8, .bytes = "\0\x06\0\0\0\0\0\x20", .mask = "\xfc\xff\xff\xff\xff\xff\xff\xff"},
    {.size = 8, .bytes = "\0\x07\0\0\0\0\0\x18", .mask = "\xfc\xff\0\0\xff\xff\xff\xff"},
};

const struct cdpi_protocol cdpi_protocol_rtr = {
    .name = "RTR",
    .reference = "RFC 8210 section 5, RFC 6810",
    .transports = OVER_TCP,
    .category = CATEGORY_ROUTING,
    .tcp_ports = PORTS(323),
    SIGNATURES(signatures),
    .validate = validate,
};
