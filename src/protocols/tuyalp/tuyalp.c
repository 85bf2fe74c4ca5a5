/* SPDX-License-Identifier: MIT */
/*
 * Tuya's protocol on the local network, as public clients (tinytuya, tuyapi) document it. Up to
 * version 3.4:
 *
 *     000055aa sequence(4) command(4) length(4) data(length), ending with 0000aa55
 *
 * and 3.5: 00006699 unknown(2) sequence(4) command(4) length(4) data, ending with 00009966.
 */
#include "protocols/protocol.h"

enum { MOST = 0x10000, LAST_COMMAND = 0x100 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint32_t magic = cursor_u32(&c);
    bool is_newer = magic == 0x6699;
    if (!c.ran_short && !is_newer && magic != 0x55aa)
        return NO;
    cursor_skip(&c, is_newer ? 6 : 4);
    uint32_t command = cursor_u32(&c), length = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (command > LAST_COMMAND || length < 8 || length > MOST)
        return NO;
    uint32_t rest = is_newer ? length + 4 : length;
    if (is_udp(in) && !fills_datagram(in, &c, c.at + rest))
        return NO;
    if (cursor_left(&c) >= rest) {
        struct cursor end = c;
        cursor_skip(&end, rest - 4);
        if (cursor_u32(&end) != (is_newer ? 0x9966u : 0xaa55u))
            return NO;
    } else if (!is_udp(in)) {
        return short_of(in, &c);
    }
    return yes(in, "message", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "\0\0\x55\xaa"),
    SIGNATURE(0, "\0\0\x66\x99"),
};

const struct cdpi_protocol cdpi_protocol_tuyalp = {
    .name = "TuyaLP",
    .reference = "no public specification; github.com/jasonacox/tinytuya describes it",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_IOT,
    .tcp_ports = PORTS(6668),
    .udp_ports = PORTS(6666, 6667),
    SIGNATURES(signatures),
    .validate = validate,
};
