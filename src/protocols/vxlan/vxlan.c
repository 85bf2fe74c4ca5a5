/* SPDX-License-Identifier: MIT */
/*
 * VXLAN. RFC 7348 section 5:
 *
 *     flags(1) = 08 reserved(3) = 0 network(3) reserved(1) = 0 Ethernet frame
 */
#include "framing/inner.h"
#include "protocols/protocol.h"

enum { HEADER = 8, ETHERNET = 14 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint32_t flags = cursor_u32(&c), network = cursor_u32(&c);
    if (c.ran_short || flags != 0x08000000 || network & 0xff || cursor_left(&c) < ETHERNET)
        return NO;
    if (inner_ethernet(c, is_cut(in, &c)))
        return yes(in, "VXLAN, Ethernet inside", &c);
    return cursor_peek_u16(&c, 12) >= 0x600 ? likely(in, "VXLAN header", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 8,
     .bytes = "\x08\0\0\0\0\0\0\0",
     .mask = "\xff\xff\xff\xff\0\0\0\xff",
     .min_size = HEADER + ETHERNET},
};

const struct cdpi_protocol cdpi_protocol_vxlan = {
    .name = "VXLAN",
    .reference = "RFC 7348 section 5",
    .transports = OVER_UDP,
    .category = CATEGORY_TUNNEL,
    .is_one_sided = true,
    .udp_ports = PORTS(4789),
    SIGNATURES(signatures),
    .validate = validate,
};
