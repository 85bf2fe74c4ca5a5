/* SPDX-License-Identifier: MIT */
/*
 * R-GOOSE. IEC 61850-90-5 clause 11: connectionless transport and session over UDP,
 *
 *     01 40 a1|a2|a0|a3 LI 80 LI length(4) number(4) version(2) ...
 *
 * tunnelled (a0), GOOSE (a1), sampled values (a2), management (a3).
 */
#include "protocols/protocol.h"

enum { HEADER = 6, LEAST = 24 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_u16(&c) != 0x0140)
        return NO;
    uint8_t session = cursor_u8(&c), session_length = cursor_u8(&c);
    uint8_t common = cursor_u8(&c), common_length = cursor_u8(&c);
    uint32_t length = cursor_u32(&c);
    cursor_skip(&c, 4);
    uint16_t version = cursor_u16(&c);
    if (c.ran_short || session < 0xa0 || session > 0xa3 || common != 0x80)
        return NO;
    if (session_length < common_length || version == 0 || version > 2 || length > c.size)
        return NO;
    return yes(in, "session header", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 5, .bytes = "\x01\x40\xa0\0\x80", .mask = "\xff\xff\xfc\0\xff", .min_size = LEAST},
};

const struct cdpi_protocol cdpi_protocol_r_goose = {
    .name = "R-GOOSE",
    .reference = "IEC TR 61850-90-5:2012 clause 11",
    .transports = OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .is_one_sided = true,
    .udp_ports = PORTS(102),
    SIGNATURES(signatures),
    .validate = validate,
};
