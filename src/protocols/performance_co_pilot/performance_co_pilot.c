/* SPDX-License-Identifier: MIT */
/*
 * PCP, Performance Co-Pilot (pcp: PDU formats in pmapi's impl.h, "pmcd"): size(4) type(4)
 * sender(4). The server begins with ERROR (7000), with its version and features; the client answers
 * with CREDS (700c), a count and so many credentials(4).
 */
#include "protocols/protocol.h"

enum {
    FIRST = 0x7000,
    ERROR = 0x7000,
    LAST = 0x7020,
    CREDS = 0x700c,
    HEADER = 12,
    SIZE_LIMIT = 1 << 20
};

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u32(&c), type = cursor_u32(&c);
    cursor_skip(&c, 4);
    uint32_t first = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size < HEADER + 4 || size > SIZE_LIMIT || size % 4 != 0 || type < FIRST || type > LAST)
        return NO;
    if (type == CREDS)
        return first >= 1 && size == HEADER + 4 + 4 * first ? yes(in, "credentials", &c) : NO;
    if (type == ERROR && size <= HEADER + 12)
        return yes(in, "greeting", &c);
    return in->is_midstream || both_spoke(in) ? likely(in, "message", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0\0\0\0\0\x70\0", "\xff\xf0\0\x03\xff\xff\xff\xc0"),
};

const struct cdpi_protocol cdpi_protocol_performance_co_pilot = {
    .name = "Performance-Co-Pilot",
    .reference = "Performance Co-Pilot: src/include/pcp/libpcp.h",
    .transports = OVER_TCP,
    .category = CATEGORY_MANAGEMENT,
    .tcp_ports = PORTS(44321),
    SIGNATURES(signatures),
    .validate = validate,
};
