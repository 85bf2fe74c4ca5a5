/* SPDX-License-Identifier: MIT */
/*
 * The scalability protocols of nanomsg and NNG over TCP (nanomsg's RFC "TCP mapping for scalability
 * protocols", sp-tcp-mapping-01): each side begins with 00 "SP" version(1) = 0, pattern and
 * role(2), zeros(2).
 */
#include "protocols/protocol.h"

/* Pair, publish and subscribe, request, pipeline, survey, bus: pattern * 16 + role. */
static bool is_endpoint(uint16_t type)
{
    unsigned pattern = type >> 4, role = type & 15;
    return (pattern >= 1 && pattern <= 7 && role <= 3);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start(&c, "\0SP\0", 4))
        return NO;
    cursor_skip(&c, 4);
    uint16_t type = cursor_u16(&c), reserved = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return is_endpoint(type) && reserved == 0 ? yes(in, "header", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0SP\0\0\0\0\0", "\xff\xff\xff\xff\xff\x80\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_nanomsg = {
    .name = "Nanomsg",
    .reference = "sp-tcp-mapping-01 section 3",
    .transports = OVER_TCP,
    .category = CATEGORY_MESSAGING,
    SIGNATURES(signatures),
    .validate = validate,
};
