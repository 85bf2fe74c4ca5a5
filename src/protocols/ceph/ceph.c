/* SPDX-License-Identifier: MIT */
/*
 * Ceph's messenger (Ceph's developer documentation: "msgr", "msgr2"): each side begins with a
 * banner, "ceph v027" of version 1, or "ceph v2\n" of version 2 with a size(2, little-endian) of
 * two sets of features.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { BANNER = 8, FEATURES = 16 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "ceph v"))
        return NO;
    cursor_skip(&c, 6);
    int version = cursor_u8(&c), next = cursor_u8(&c);
    uint16_t size = cursor_le16(&c);
    if (c.size < BANNER + 2)
        return c.size == BANNER + 1 && version == '0' && text_is_digit(next)
                   ? yes(in, "banner of version 1", &c)
                   : short_of(in, &c);
    if (version == '0')
        return text_is_digit(next) && text_is_digit(size & 0xff)
                   ? yes(in, "banner of version 1", &c)
                   : NO;
    return version == '2' && next == '\n' && size == FEATURES ? yes(in, "banner of version 2", &c)
                                                              : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "ceph v0"),
    SIGNATURE(0, "ceph v2\n"),
};

const struct cdpi_protocol cdpi_protocol_ceph = {
    .name = "Ceph",
    .reference = "Ceph developer documentation: msgr2 protocol; Network protocol",
    .transports = OVER_TCP,
    .category = CATEGORY_CLUSTER,
    .tcp_ports = PORTS(6789, 3300),
    SIGNATURES(signatures),
    .validate = validate,
};
