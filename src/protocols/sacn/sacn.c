/* SPDX-License-Identifier: MIT */
/*
 * Streaming ACN, light by multicast (ANSI E1.31, in ANSI E1.17's root layer over UDP):
 *
 *     preamble(2) = 16  postamble(2) = 0  "ASC-E1.17" and three zeros
 *     flags(4 bits) = 7, length(12 bits) up to the end  vector(4)  sender(16) ...
 */
#include "protocols/protocol.h"

enum { PREAMBLE = 16, ROOT_FLAGS = 7, LENGTH_BITS = 0xfff };

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_u32(&c) != PREAMBLE << 16 || !cursor_accept_text(&c, "ASC-E1.17\0\0\0"))
        return NO;
    uint32_t start = c.at;
    uint16_t length = cursor_u16(&c);
    cursor_skip(&c, 4);
    if (c.ran_short || length >> 12 != ROOT_FLAGS)
        return NO;
    bool fills = fills_datagram(in, &c, start + (length & LENGTH_BITS));
    return fills ? yes(in, "root layer", &c) : likely(in, "root layer, another length", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "\0\x10\0\0ASC-E1.17\0\0\0")};

const struct cdpi_protocol cdpi_protocol_sacn = {
    .name = "sACN",
    .reference = "ANSI E1.31-2018 sections 4 and 5, ANSI E1.17 (ACN)",
    .transports = OVER_UDP,
    .category = CATEGORY_IOT,
    .is_one_sided = true,
    .udp_ports = PORTS(5568),
    SIGNATURES(signatures),
    .validate = validate,
};
