/* SPDX-License-Identifier: MIT */
/*
 * 9P, of Plan 9 and virtual machines (Plan 9 manual, intro(5), version(5)): size(4) type(1) tag(2),
 * little-endian. A session begins with Tversion (100) and Rversion (101), tag ffff: the largest
 * message(4), a text of size(2): "9P2000", "9P2000.u", "9P2000.L", or "unknown".
 */
#include "protocols/protocol.h"

enum { TVERSION = 100, RVERSION = 101, NO_TAG = 0xffff, HEADER = 13, TEXT_LIMIT = 32 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_le32(&c);
    uint8_t type = cursor_u8(&c);
    uint16_t tag = cursor_le16(&c);
    cursor_skip(&c, 4);
    uint16_t length = cursor_le16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (type != (c.side == CLIENT ? TVERSION : RVERSION) || tag != NO_TAG || length < 6 ||
        length > TEXT_LIMIT || size != (uint32_t)HEADER + length)
        return NO;
    if (!cursor_may_start_with(&c, "9P20") &&
        !(c.side == SERVER && cursor_may_start_with(&c, "unkn")))
        return NO;
    return cursor_skip(&c, 4) ? yes(in, "version", &c) : short_of(in, &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0\0\0\x64\xff\xff", "\xc0\xff\xff\xff\xfe\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_9p = {
    .name = "9P",
    .reference = "Plan 9 manual: intro(5), version(5)",
    .transports = OVER_TCP,
    .category = CATEGORY_FILE_SHARING,
    .tcp_ports = PORTS(564),
    SIGNATURES(signatures),
    .validate = validate,
};
