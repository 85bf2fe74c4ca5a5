/* SPDX-License-Identifier: MIT */
/*
 * UFTP versions 4 and 5, the file transfer by multicast (uftp-multicast.sourceforge.net,
 * "protocol.txt"):
 *
 *     0x40 or 0x50(1) function(1) number(2) source(4) group(4) instance(1) round trip(1) group
 *       size(1) 0(1) function(1) its size in words(1) ...
 */
#include "protocols/protocol.h"

enum { LAST_FUNCTION = 21, ENCRYPTED = 18, HEADER = 16 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t version = cursor_u8(&c), function = cursor_u8(&c);
    cursor_skip(&c, 2);
    uint32_t source = cursor_u32(&c), group = cursor_u32(&c);
    cursor_skip(&c, 3);
    uint8_t zero = cursor_u8(&c);
    uint8_t inner = cursor_u8(&c), words = cursor_u8(&c);
    if ((version != 0x40 && version != 0x50) || function < 1 || function > LAST_FUNCTION)
        return NO;
    if (c.ran_short || zero != 0 || source == 0 || group == 0)
        return NO;
    if (function == ENCRYPTED)
        return NO;
    if (inner != function || words == 0 || words * 4u > cursor_left(&c) + 2)
        return NO;
    return likely(in, "header", &c);
}

/* Another message of the same source and group bears it out. */
static bool is_repeated(const struct inspection *in, const struct cursor *c)
{
    unsigned same = 0;
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor d = inspection_datagram(in, i);
        same += d.side == c->side && cursor_peek_u32(&d, 4) == cursor_peek_u32(c, 4) &&
                cursor_peek_u32(&d, 8) == cursor_peek_u32(c, 8) &&
                cursor_peek(&d, 0) == cursor_peek(c, 0);
    }
    return same >= 2;
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    const struct cursor *c = in->client.size ? &in->client : &in->server;
    return answer == LIKELY && (both_spoke(in) || is_repeated(in, c))
               ? yes(in, "messages of a group", c)
               : answer;
}

static const struct signature signatures[] = {
    {.size = 2, .bytes = "\x40\0", .mask = "\xff\xe0", .min_size = HEADER + 4},
    {.size = 2, .bytes = "\x50\0", .mask = "\xff\xe0", .min_size = HEADER + 4},
};

const struct cdpi_protocol cdpi_protocol_uftp = {
    .name = "UFTP",
    .reference = "UFTP protocol description, versions 4 and 5",
    .transports = OVER_UDP,
    .category = CATEGORY_FILE_TRANSFER,
    .is_one_sided = true,
    .udp_ports = PORTS(1044),
    SIGNATURES(signatures),
    .validate = validate,
};
