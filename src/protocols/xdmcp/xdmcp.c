/* SPDX-License-Identifier: MIT */
/*
 * XDMCP version 1.1, X Consortium standard, section "Packet format": version(2) = 1, operation(2) 1
 * to 14, size(2) of what follows, and that is all.
 */
#include "protocols/protocol.h"

enum { HEADER = 6, LAST_OPERATION = 14, FORWARD_QUERY = 4, SIZE_LIMIT = 1024 };

/* What each operation holds at the least, with empty names; section "Packet format". */
static const uint8_t least[LAST_OPERATION + 1] = {0, 1, 1, 1, 5, 6, 4, 11, 12, 6, 8, 4, 6, 6, 5};

/* Queries are a count and as many counted names; others begin with a counted array or a number. */
static bool query_fits(struct cursor c)
{
    uint8_t count = cursor_u8(&c);
    for (; count > 0; count--)
        cursor_skip(&c, cursor_u16(&c));
    return !c.ran_short && cursor_at_end(&c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint16_t version = cursor_u16(&c), operation = cursor_u16(&c), size = cursor_u16(&c);
    if (version != 1 || operation < 1 || operation > LAST_OPERATION || size > SIZE_LIMIT)
        return NO;
    if (size < least[operation] || (size != cursor_left(&c) && !is_cut(in, &c)))
        return NO;
    if (operation < FORWARD_QUERY && !is_cut(in, &c) && !query_fits(c))
        return NO;
    return yes(in, "packet", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {{.size = 4,
                                               .bytes = "\0\x01\0\0",
                                               .mask = "\xff\xff\xff\xf0",
                                               .min_size = HEADER + 1,
                                               .max_size = SIZE_LIMIT,
                                               .length = {.width = 2, .offset = 4, .add = HEADER}}};

const struct cdpi_protocol cdpi_protocol_xdmcp = {
    .name = "XDMCP",
    .reference = "X Display Manager Control Protocol 1.1",
    .transports = OVER_UDP,
    .category = CATEGORY_REMOTE_ACCESS,
    .udp_ports = PORTS(177),
    SIGNATURES(signatures),
    .validate = validate,
};
