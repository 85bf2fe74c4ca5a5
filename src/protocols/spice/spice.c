/* SPDX-License-Identifier: MIT */
/*
 * SPICE, the remote display of virtual machines (spice-protocol: spice/protocol.h,
 * SpiceLinkHeader): each side begins with "REDQ" major(4) minor(4) size(4), little-endian.
 */
#include "protocols/protocol.h"

enum { LAST_MAJOR = 2, LAST_MINOR = 255, LEAST = 18, MOST = 4096 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "REDQ"))
        return NO;
    cursor_skip(&c, 4);
    uint32_t major = cursor_le32(&c), minor = cursor_le32(&c), size = cursor_le32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (major == 0 || major > LAST_MAJOR || minor > LAST_MINOR || size < LEAST || size > MOST)
        return NO;
    return yes(in, "link header", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "REDQ")};

const struct cdpi_protocol cdpi_protocol_spice = {
    .name = "SPICE",
    .reference = "spice-protocol: spice/protocol.h",
    .transports = OVER_TCP,
    .category = CATEGORY_REMOTE_ACCESS,
    .tcp_ports = PORTS(5900),
    SIGNATURES(signatures),
    .validate = validate,
};
