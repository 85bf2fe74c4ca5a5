/* SPDX-License-Identifier: MIT */
/*
 * ICP, the Internet Cache Protocol, RFC 2186: opcode(1) version(1) size(2) request(4) options(4)
 * data(4) sender(4), then a URL that ends with a zero; a query has the requester's address before
 * it, HIT_OBJ an object behind it.
 */
#include "protocols/protocol.h"

enum { QUERY = 1, HIT_OBJECT = 23, LEAST_URL = 4 };

/* RFC 2186 section 2: invalid, query, hit, miss, error, echoes, fetching, denied, hit with
 * object. */
static bool is_opcode(uint8_t opcode)
{
    return (opcode >= QUERY && opcode <= 4) || opcode == 10 || opcode == 11 ||
           (opcode >= 21 && opcode <= HIT_OBJECT);
}

/* How many printable bytes stand before the zero; 0 where others do. */
static uint32_t url(struct cursor *c)
{
    uint32_t n = 0;
    for (;; n++) {
        uint8_t byte = cursor_u8(c);
        if (byte <= ' ' || byte > '~')
            return byte == 0 && !c->ran_short ? n : 0;
    }
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t opcode = cursor_u8(&c), version = cursor_u8(&c);
    uint16_t size = cursor_u16(&c);
    if (!is_opcode(opcode) || version < 2 || version > 3 || !fills_datagram(in, &c, size))
        return NO;
    cursor_skip(&c, opcode == QUERY ? 20 : 16);
    struct cursor begin = c;
    if (is_cut(in, &c) && cursor_left(&c) >= 2) /* by its size, and the URL's beginning */
        return cursor_u8(&begin) > ' ' && cursor_u8(&begin) > ' ' && cursor_peek(&begin, 0) != 0
                   ? likely(in, "URL, cut", &begin)
                   : NO;
    if (url(&c) < LEAST_URL)
        return NO;
    if (!cursor_at_end(&c) && opcode != HIT_OBJECT)
        return NO;
    return yes(in, opcode == QUERY ? "query" : "reply", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 2,
     .bytes = "\0\x02",
     .mask = "\xe0\xfe",
     .min_size = 24,
     .length = {.width = 2, .offset = 2}},
};

const struct cdpi_protocol cdpi_protocol_icp = {
    .name = "ICP",
    .reference = "RFC 2186 section 2",
    .transports = OVER_UDP,
    .category = CATEGORY_WEB,
    .udp_ports = PORTS(3130),
    SIGNATURES(signatures),
    .validate = validate,
};
