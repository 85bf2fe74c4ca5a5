/* SPDX-License-Identifier: MIT */
/*
 * VXLAN. RFC 7348 section 5:
 *
 *     flags(1) = 08 reserved(3) = 0 network(3) reserved(1) = 0 Ethernet frame
 *
 * with a group policy (draft-smith-vxlan-group-policy section 2.1): flags 88, D and A in the next
 * byte, then the group's number(2); generic (GPE, draft-ietf-nvo3-vxlan-gpe section 3): flags 0c
 * and perhaps B and O, the next protocol in the fourth byte, which need not be Ethernet.
 */
#include "framing/inner.h"
#include "protocols/protocol.h"

enum { HEADER = 8, ETHERNET = 14, IPV4 = 20 };
enum { NETWORK_GIVEN = 0x08, GENERIC = 0x0c, GENERIC_MARKS = 0x03, GROUP_GIVEN = 0x88 };
enum { NEXT_IPV4 = 1, NEXT_IPV6, NEXT_ETHERNET };

static bool has_inner(struct inspection *in, struct cursor c, uint8_t next)
{
    if (next == NEXT_IPV4)
        return inner_ipv4(c, is_cut(in, &c));
    return next == NEXT_IPV6 ? inner_ipv6(c, is_cut(in, &c)) : inner_ethernet(c, is_cut(in, &c));
}

/* What the header says comes next, 0 if it is none. */
static uint8_t next_of(struct cursor *c)
{
    uint8_t flags = cursor_u8(c), marks = cursor_u8(c), high = cursor_u8(c), low = cursor_u8(c);
    cursor_skip(c, 3);
    if (cursor_u8(c) != 0 || c->ran_short)
        return 0;
    if (flags == GROUP_GIVEN)
        return marks & ~0x48 ? 0 : NEXT_ETHERNET;
    if (marks != 0 || high != 0)
        return 0;
    if (flags == NETWORK_GIVEN)
        return low == 0 ? NEXT_ETHERNET : 0;
    return (flags & ~GENERIC_MARKS) == GENERIC && low <= NEXT_ETHERNET ? low : 0;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    bool is_plain = cursor_peek(&c, 0) == NETWORK_GIVEN;
    uint8_t next = next_of(&c);
    if (next == 0)
        return NO;
    if (has_inner(in, c, next))
        return yes(in, "VXLAN header, what it says inside", &c);
    return is_plain && cursor_peek_u16(&c, 12) >= 0x600 ? likely(in, "VXLAN header", &c) : NO;
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
    {.size = 8,
     .bytes = "\x0c\0\0\0\0\0\0\0",
     .mask = "\xfc\xff\xff\xfc\0\0\0\xff",
     .min_size = HEADER + IPV4},
    {.size = 8,
     .bytes = "\x88\0\0\0\0\0\0\0",
     .mask = "\xff\xb7\0\0\0\0\0\xff",
     .min_size = HEADER + ETHERNET},
};

const struct cdpi_protocol cdpi_protocol_vxlan = {
    .name = "VXLAN",
    .reference = "RFC 7348 section 5, draft-ietf-nvo3-vxlan-gpe, draft-smith-vxlan-group-policy",
    .transports = OVER_UDP,
    .category = CATEGORY_TUNNEL,
    .is_one_sided = true,
    .udp_ports = PORTS(4789, 4790),
    SIGNATURES(signatures),
    .validate = validate,
};
