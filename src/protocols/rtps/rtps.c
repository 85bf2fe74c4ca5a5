/* SPDX-License-Identifier: MIT */
/*
 * RTPS, the wire protocol of DDS (OMG DDSI-RTPS 2.3 section 8.3.3): "RTPS" version(2) vendor(2)
 * prefix(12), then submessages of id(1) flags(1) size(2, in the order that the flags' lowest bit
 * says). A vendor's ping may stand in place of prefix and submessages.
 */
#include "protocols/protocol.h"

enum { PAD = 1, VENDOR_SPECIFIC = 0x80, LAST_MINOR = 5, SUBMESSAGES = 8 };

/* Section 8.3.7, table 8.33 and security's of 0x30 to 0x34. */
static bool is_submessage(uint8_t id)
{
    return (id >= PAD && id <= 3) || (id >= 6 && id <= 0x17) || (id >= 0x30 && id <= 0x34) ||
           id >= VENDOR_SPECIFIC;
}

/* A size of 0 is "to the end" in the last one. */
static bool are_submessages(const struct inspection *in, struct cursor c)
{
    for (unsigned i = 0; i < SUBMESSAGES && !cursor_at_end(&c); i++) {
        uint8_t id = cursor_u8(&c), flags = cursor_u8(&c);
        uint16_t size = flags & 1 ? cursor_le16(&c) : cursor_u16(&c);
        if (c.ran_short || !is_submessage(id))
            return c.ran_short && is_cut(in, &c);
        if (size == 0)
            continue;
        cursor_skip(&c, size);
        if (c.ran_short)
            return is_cut(in, &c);
    }
    return true;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "RTPS") && !cursor_accept_text(&c, "RTPX")) /* RTI's own */
        return NO;
    uint8_t major = cursor_u8(&c), minor = cursor_u8(&c);
    uint16_t vendor = cursor_u16(&c);
    if (c.ran_short || major < 1 || major > 2 || minor > LAST_MINOR || vendor > 0x01ff)
        return NO;
    uint32_t prefix = major == 1 ? 8 : 12; /* host and application; a participant's prefix */
    if (cursor_left(&c) <= prefix)
        return cursor_left(&c) >= 4 ? yes(in, "header", &c) : NO;
    cursor_skip(&c, prefix);
    return are_submessages(in, c) ? yes(in, "header and submessages", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "RTPS"), SIGNATURE(0, "RTPX")};

const struct cdpi_protocol cdpi_protocol_rtps = {
    .name = "RTPS",
    .reference = "OMG DDSI-RTPS 2.3 section 8.3.3",
    .transports = OVER_UDP,
    .category = CATEGORY_MESSAGING,
    .is_one_sided = true,
    .udp_ports = PORTS(7400, 7401, 7410),
    SIGNATURES(signatures),
    .validate = validate,
};
