/* SPDX-License-Identifier: MIT */
/*
 * CAN frames in UDP, as gateways that name their payload "ISO11898" send them (seen in the public
 * suites' captures):
 *
 *     "ISO11898" version(1) count(1), then a frame: identifier(4, low byte first) length(1)
 *       data(length) ...
 */
#include "protocols/protocol.h"

enum { FRAME_LEAST = 5, CAN_FD = 64 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "ISO11898"))
        return NO;
    uint8_t version = cursor_u8(&c), count = cursor_u8(&c);
    cursor_skip(&c, 4);
    uint8_t length = cursor_u8(&c);
    if (c.ran_short || version != 1 || count == 0 || length > CAN_FD ||
        (uint32_t)count * FRAME_LEAST > c.size)
        return NO;
    return yes(in, "ISO11898 frames", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "ISO11898")};

const struct cdpi_protocol cdpi_protocol_can_over_udp = {
    .name = "CAN-over-UDP",
    .reference = "no public specification; ISO11898 gateways as seen in nDPI's can.pcap",
    .transports = OVER_UDP,
    .category = CATEGORY_VEHICLE,
    .is_one_sided = true,
    SIGNATURES(signatures),
    .validate = validate,
};
