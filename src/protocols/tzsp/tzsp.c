/* SPDX-License-Identifier: MIT */
/*
 * TZSP, sniffed frames as MikroTik and others send them (Wireshark's wiki describes it):
 *
 *     version(1) = 1 type(1) encapsulation(2) tags: 01 ends, 00 pads, else tag(1) length(1) value;
 *       then the frame
 */
#include "framing/inner.h"
#include "protocols/protocol.h"

enum { END = 1, PADDING = 0, TAGS = 32, ETHERNET = 1 };

static bool skip_tags(struct cursor *c)
{
    for (int i = 0; i < TAGS; i++) {
        uint8_t tag = cursor_u8(c);
        if (tag == END)
            return !c->ran_short;
        if (tag != PADDING)
            cursor_skip(c, cursor_u8(c));
        if (c->ran_short)
            return false;
    }
    return false;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t version = cursor_u8(&c), type = cursor_u8(&c);
    uint16_t encapsulation = cursor_u16(&c);
    if (c.ran_short || version != 1 || type > 1 || encapsulation != ETHERNET || !skip_tags(&c))
        return NO;
    return inner_ethernet(c, is_cut(in, &c)) ? yes(in, "sniffed Ethernet frame", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x01\0\0\x01", "\xff\xfe\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_tzsp = {
    .name = "TZSP",
    .reference =
        "TaZmen Sniffer Protocol, wiki.wireshark.org/TZSP; MikroTik RouterOS packet sniffer",
    .transports = OVER_UDP,
    .category = CATEGORY_TUNNEL,
    .is_one_sided = true,
    .udp_ports = PORTS(37008),
    SIGNATURES(signatures),
    .validate = validate,
};
