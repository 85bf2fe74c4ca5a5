/* SPDX-License-Identifier: MIT */
/*
 * OpenWire of Apache ActiveMQ ("OpenWire Version 2 Specification", Wire format negotiation): each
 * side begins with WIREFORMAT_INFO, size(4) type(1) = 1 "ActiveMQ" version(4).
 */
#include "protocols/protocol.h"

enum { WIREFORMAT_INFO = 1, MOST_VERSION = 64, SIZE_LIMIT = 65536 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u32(&c);
    uint8_t type = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (type != WIREFORMAT_INFO || size < 13 || size > SIZE_LIMIT ||
        !cursor_may_start_with(&c, "ActiveMQ"))
        return NO;
    cursor_skip(&c, 8);
    uint32_t version = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return version >= 1 && version <= MOST_VERSION ? yes(in, "wire format", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(4, "\x01"
                                                           "ActiveMQ")};

const struct cdpi_protocol cdpi_protocol_openwire = {
    .name = "OpenWire",
    .reference = "OpenWire Version 2 Specification: Wire format negotiation",
    .transports = OVER_TCP,
    .category = CATEGORY_MESSAGING,
    .tcp_ports = PORTS(61616),
    SIGNATURES(signatures),
    .validate = validate,
};
