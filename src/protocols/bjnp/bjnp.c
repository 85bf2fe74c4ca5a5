/* SPDX-License-Identifier: MIT */
/*
 * BJNP, Canon's printers and scanners. No public specification; as SANE's and CUPS' drivers speak
 * it: "BJNP" (or "BJNB", "BNJB", "MFNP", "MFNB"), device(1) with 0x80 in answers, command(1), 0 or
 * error(4), number and session(2, 2), size(4) of what follows... in all 16 bytes.
 */
#include "protocols/protocol.h"

enum { HEADER = 16, LAST_DEVICE = 0x10, SIZE_LIMIT = 0x100000 };

static bool may_be_magic(const struct cursor *c)
{
    return cursor_may_start_with(c, "BJNP") || cursor_may_start_with(c, "BJNB") ||
           cursor_may_start_with(c, "BNJB") || cursor_may_start_with(c, "MFNP") ||
           cursor_may_start_with(c, "MFNB");
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!may_be_magic(&c))
        return NO;
    cursor_skip(&c, 4);
    uint8_t device = cursor_u8(&c) & 0x7f;
    cursor_skip(&c, 7);
    uint32_t size = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (device == 0 || device > LAST_DEVICE || size > SIZE_LIMIT)
        return NO;
    if (is_udp(in) && size != cursor_left(&c) && !is_cut(in, &c))
        return NO;
    return yes(in, "header", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "BJNP"), SIGNATURE(0, "BJNB"), SIGNATURE(0, "BNJB"),
    SIGNATURE(0, "MFNP"), SIGNATURE(0, "MFNB"),
};

const struct cdpi_protocol cdpi_protocol_bjnp = {
    .name = "BJNP",
    .reference = "no public one; SANE's pixma backend and cups-bjnp",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_PRINTING,
    .tcp_ports = PORTS(8611, 8612),
    .udp_ports = PORTS(8611, 8612),
    SIGNATURES(signatures),
    .validate = validate,
};
