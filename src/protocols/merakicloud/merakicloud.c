/* SPDX-License-Identifier: MIT */
/*
 * Cisco Meraki's devices speak to their cloud on port 7351. No public specification; as seen: fe f7
 * 28 91, version(2), the datagram's size(2).
 */
#include "protocols/protocol.h"

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "\xfe\xf7\x28\x91"))
        return NO;
    cursor_skip(&c, 2);
    uint16_t size = cursor_u16(&c);
    if (c.ran_short || !fills_datagram(in, &c, size))
        return NO;
    return yes(in, "header", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 4, .bytes = "\xfe\xf7\x28\x91", .min_size = 12}};

const struct cdpi_protocol cdpi_protocol_merakicloud = {
    .name = "MerakiCloud",
    .reference = "no public one; Meraki's devices (nDPI's corpus, merakicloud.pcapng)",
    .transports = OVER_UDP,
    .category = CATEGORY_MANAGEMENT,
    .udp_ports = PORTS(7351),
    SIGNATURES(signatures),
    .validate = validate,
};
