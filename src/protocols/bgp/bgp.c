/* SPDX-License-Identifier: MIT */
/*
 * BGP. RFC 4271 section 4.1: each message begins with
 *
 *     marker(16) of ones, length(2) of the whole, type(1)
 *
 * type 1 to 5 (route refresh, RFC 2918), lengths of 19 to 4096; all but the first and the
 * keep-alive may have 65535 (RFC 8654).
 */
#include "protocols/protocol.h"

enum {
    MARKER = 16,
    HEADER = 19,
    OPEN = 1,
    UPDATE,
    NOTIFICATION,
    KEEPALIVE,
    REFRESH,
    CAPABILITY = 6,      /* draft-ietf-idr-dynamic-cap */
    CISCO_REFRESH = 128, /* before RFC 2918 */
    LENGTH_LIMIT = 4096
};

/* RFC 4271 sections 4.2 to 4.5, RFC 2918 section 3. */
static bool length_fits(uint8_t type, uint16_t length)
{
    switch (type) {
    case OPEN:
        return length >= 29 && length <= LENGTH_LIMIT;
    case UPDATE:
    case REFRESH:
    case CISCO_REFRESH:
        return length >= 23;
    case NOTIFICATION:
        return length >= 21;
    case KEEPALIVE:
        return length == HEADER;
    default:
        return type == CAPABILITY && length <= LENGTH_LIMIT;
    }
}

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
    if (!length_fits(type, length))
        return length <= LENGTH_LIMIT ? likely(in, "marker", &c) : NO;
    return yes(in, "message header", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
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
