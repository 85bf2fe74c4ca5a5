/* SPDX-License-Identifier: MIT */
/*
 * TiVoConnect, "TiVoConnect Automatic Machine Discovery Protocol Specification" 1.5.1: lines
 * "name=value" of which the first is "tivoconnect=", in any letters' case; by UDP broadcast, or
 * over TCP with the size(4) before it.
 */
#include "protocols/protocol.h"

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!is_udp(in))
        cursor_skip(&c, 4);
    for (unsigned i = 0; i < 12; i++) {
        int byte = cursor_peek(&c, i);
        if (byte < 0 || c.ran_short)
            return short_of(in, &c);
        if (byte != "tivoconnect="[i] && (byte | 0x20) != "tivoconnect="[i])
            return NO;
    }
    cursor_skip(&c, 12);
    return yes(in, "beacon", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.transports = OVER_UDP,
     .size = 12,
     .bytes = "TIVOCONNECT=",
     .mask = "\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xff"},
    {.transports = OVER_TCP,
     .offset = 4,
     .size = 12,
     .bytes = "TIVOCONNECT=",
     .mask = "\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xff"},
};

const struct cdpi_protocol cdpi_protocol_tivoconnect = {
    .name = "TiVoConnect",
    .reference = "TiVoConnect Automatic Machine Discovery Protocol 1.5.1",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_STREAMING,
    .is_one_sided = true,
    .tcp_ports = PORTS(2190),
    .udp_ports = PORTS(2190),
    SIGNATURES(signatures),
    .validate = validate,
};
