/* SPDX-License-Identifier: MIT */
/*
 * BGP. RFC 4271 section 4.1: each message begins with
 *
 *     marker(16) of ones, length(2) of the whole, type(1)
 *
 * type 1 to 5 (route refresh, RFC 2918), lengths of 19 to 4096 (65535, RFC 8654).
 */
#include "protocols/protocol.h"

enum {
    MARKER = 16,
    HEADER = 19,
    OPEN = 1,
    KEEPALIVE = 4,
    CAPABILITY = 6,      /* draft-ietf-idr-dynamic-cap */
    CISCO_REFRESH = 128, /* before RFC 2918 */
    OPEN_LEAST = 29
};

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start(&c, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                          MARKER))
        return NO;
    cursor_skip(&c, MARKER);
    uint16_t length = cursor_u16(&c);
    uint8_t type = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length < HEADER || type == 0xff)
        return NO;
    bool is_known = (type >= OPEN && type <= CAPABILITY) || type == CISCO_REFRESH;
    if (!is_known || (type == OPEN && length < OPEN_LEAST) ||
        (type == KEEPALIVE && length != HEADER))
        return likely(in, "marker", &c);
    return yes(in, "message header", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_bgp = {
    .name = "BGP",
    .reference = "RFC 4271 section 4.1",
    .transports = OVER_TCP,
    .category = CATEGORY_ROUTING,
    .tcp_ports = PORTS(179),
    SIGNATURES(signatures),
    .validate = validate,
};
