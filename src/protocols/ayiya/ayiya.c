/* SPDX-License-Identifier: MIT */
/*
 * AYIYA (SixXS tunnels). draft-massar-v6ops-ayiya-02 section 3:
 *
 *     44 52 11 next header(1) epoch time(4) identity(16) signature(20) payload
 *
 * identity of 2^4 octets that is an integer, SHA1 signature of 5 words, shared secret and forward.
 */
#include "framing/inner.h"
#include "protocols/protocol.h"

enum { HEADER = 44, IPV6 = 41, IPV4 = 4, NONE = 59 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t identity = cursor_u8(&c), signature = cursor_u8(&c), how = cursor_u8(&c);
    uint8_t next = cursor_u8(&c);
    if (identity >> 4 != 4 || (identity & 0x0f) > 4 || signature != 0x52 || how >> 4 != 1 ||
        (how & 0x0f) > 6)
        return NO;
    cursor_skip(&c, HEADER - 4);
    if (c.ran_short || (next != IPV6 && next != IPV4 && next != NONE))
        return NO;
    if (next != NONE && inner_ip(c, is_cut(in, &c)))
        return yes(in, "AYIYA, IP inside", &c);
    return next == NONE && cursor_left(&c) < 64 ? likely(in, "AYIYA header", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x40\x52\x10", "\xf0\xff\xf0"),
};

const struct cdpi_protocol cdpi_protocol_ayiya = {
    .name = "AYIYA",
    .reference = "draft-massar-v6ops-ayiya-02 section 3",
    .transports = OVER_UDP,
    .category = CATEGORY_TUNNEL,
    .udp_ports = PORTS(5072),
    SIGNATURES(signatures),
    .validate = validate,
};
