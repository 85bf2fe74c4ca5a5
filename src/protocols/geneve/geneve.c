/* SPDX-License-Identifier: MIT */
/*
 * Geneve. RFC 8926 section 3.4:
 *
 *     version 0+option words(1) flags+reserved(1) protocol(2) network(3) reserved(1) = 0 options,
 *       payload
 */
#include "framing/inner.h"
#include "protocols/protocol.h"

enum { BRIDGED = 0x6558, IPV4 = 0x0800, IPV6 = 0x86dd };

/* IEEE 802.3: two addresses, the sender's that of one station, a length or a type; neither IP nor
 * ARP, which have been looked at. */
static bool is_other_frame(struct cursor c)
{
    bool is_group = cursor_peek(&c, 6) & 1;
    cursor_skip(&c, 12);
    uint16_t type = cursor_u16(&c);
    bool is_type = type >= 0x0600 ? type != IPV4 && type != IPV6 && type != 0x0806
                                  : type >= 3 && type <= cursor_left(&c);
    return !c.ran_short && !is_group && is_type;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t words = cursor_u8(&c), flags = cursor_u8(&c);
    uint16_t protocol = cursor_u16(&c);
    uint32_t network = cursor_u32(&c);
    cursor_skip(&c, words * 4u);
    if (c.ran_short || words > 0x3f || flags & 0x3f || network & 0xff)
        return NO;
    bool is_cut_off = is_cut(in, &c);
    if (is_cut_off && network != 0 && cursor_left(&c) < 34) /* too little of what is inside */
        return likely(in, "Geneve, cut", &c);
    if (protocol == BRIDGED && inner_ethernet(c, is_cut_off))
        return yes(in, "Geneve, Ethernet inside", &c);
    if (protocol == BRIDGED) /* of another kind: spanning tree, discovery */
        return is_other_frame(c) && network != 0 ? likely(in, "Geneve, a frame inside", &c) : NO;
    if (protocol != IPV4 && protocol != IPV6)
        return NO;
    return inner_ip(c, is_cut_off) ? yes(in, "Geneve, IP inside", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(1, "\0\x65\x58\0\0\0\0", "\x3f\xff\xff\0\0\0\xff"),
    SIGNATURE_MASKED(1, "\0\x08\0\0\0\0\0", "\x3f\xff\xff\0\0\0\xff"),
    SIGNATURE_MASKED(1, "\0\x86\xdd\0\0\0\0", "\x3f\xff\xff\0\0\0\xff"),
};

const struct cdpi_protocol cdpi_protocol_geneve = {
    .name = "Geneve",
    .reference = "RFC 8926 section 3.4",
    .transports = OVER_UDP,
    .category = CATEGORY_TUNNEL,
    .is_one_sided = true,
    .udp_ports = PORTS(6081),
    SIGNATURES(signatures),
    .validate = validate,
};
