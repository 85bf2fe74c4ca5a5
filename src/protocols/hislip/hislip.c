/* SPDX-License-Identifier: MIT */
/*
 * HiSLIP, IVI-6.1 section 2.2: "HS" type(1) control(1) parameter(4) size(8). Types are below 40, or
 * a vendor's from 128.
 */
#include "protocols/protocol.h"

enum { LAST_TYPE = 39, FIRST_VENDOR_TYPE = 128, SIGNED = 10 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "HS"))
        return NO;
    cursor_skip(&c, 2);
    uint8_t type = cursor_u8(&c);
    cursor_skip(&c, 5);
    uint64_t size = cursor_u64(&c);
    if (c.size > 2 && type > LAST_TYPE && type < FIRST_VENDOR_TYPE)
        return NO;
    if (c.ran_short) /* the signature's bytes are there */
        return c.size >= SIGNED && type <= LAST_TYPE ? likely_at_end(in, "header", &c)
                                                     : short_of(in, &c);
    return size >> 32 == 0 ? yes(in, "header", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "HS\0\0\0\0\0\0\0\0", "\xff\xff\0\0\0\0\0\0\xff\xff")};

const struct cdpi_protocol cdpi_protocol_hislip = {
    .name = "HiSLIP",
    .reference = "IVI-6.1 section 2.2",
    .transports = OVER_TCP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(4880),
    SIGNATURES(signatures),
    .validate = validate,
};
