/* SPDX-License-Identifier: MIT */
/*
 * PROFINET IO, IEC 61158-6-10: connectionless DCE/RPC (C706 section 12.5.1) whose interface is one
 * of dea00001 to dea00004-6c97-11d1-8271-00a02442df7d.
 */
#include "protocols/protocol.h"

enum { INTERFACE_AT = 24, LAST_INTERFACE = 4 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    bool little = (cursor_peek(&c, 4) & 0xf0) == 0x10;
    if (!cursor_skip(&c, INTERFACE_AT))
        return NO;
    uint32_t first = little ? cursor_le32(&c) : cursor_u32(&c);
    uint32_t middle = little ? (uint32_t)cursor_le16(&c) << 16 | cursor_le16(&c) : cursor_u32(&c);
    if (first < 0xdea00001 || first > 0xdea00000 + LAST_INTERFACE || middle != 0x6c9711d1)
        return NO;
    return cursor_accept_text(&c, "\x82\x71\x00\xa0\x24\x42\xdf\x7d") ? yes(in, "interface", &c)
                                                                      : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.offset = 32, .size = 8, .bytes = "\x82\x71\x00\xa0\x24\x42\xdf\x7d", .min_size = 80}};

const struct cdpi_protocol cdpi_protocol_profinet_io = {
    .name = "PROFINET-IO",
    .reference = "IEC 61158-6-10, The Open Group C706 section 12.5.1",
    .transports = OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .udp_ports = PORTS(34964),
    SIGNATURES(signatures),
    .validate = validate,
    .refines = "DCERPC",
};
