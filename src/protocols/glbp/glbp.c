/* SPDX-License-Identifier: MIT */
/*
 * GLBP, Cisco's gateway load balancing, as its packets are known:
 *
 *     version(1) = 1 zero(1) group(2) unknown(2) owner(6) then TLVs: type(1) length(1) of the
 *       whole TLV
 *
 * types 1 (hello), 2 (request, response), 3 (authentication); hello is the first in most packets.
 */
#include "protocols/protocol.h"

enum { HEADER = 12, HELLO = 1, LAST_TYPE = 3, HELLO_LEAST = 24 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t version = cursor_u8(&c), zero = cursor_u8(&c);
    uint16_t group = cursor_u16(&c);
    cursor_skip(&c, HEADER - 4);
    if (c.ran_short || version != 1 || zero != 0 || group > 1023 || cursor_at_end(&c))
        return NO;
    unsigned bits = 22;
    while (!cursor_at_end(&c)) {
        uint8_t type = cursor_u8(&c), length = cursor_u8(&c);
        if (type < HELLO || type > LAST_TYPE || length < (type == HELLO ? HELLO_LEAST : 4))
            return NO;
        if (!cursor_skip(&c, length - 2u)) {
            if (!is_cut(in, &c))
                return NO;
            cursor_skip(&c, cursor_left(&c));
        }
        bits += type == HELLO ? 14 : 10;
    }
    return answer_by_bits(in, bits, "TLVs", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 3, .bytes = "\x01\0\0", .mask = "\xff\xff\xfc", .min_size = 16},
};

const struct cdpi_protocol cdpi_protocol_glbp = {
    .name = "GLBP",
    .reference =
        "no public specification; Cisco, GLBP (packets as tcpdump and others describe them)",
    .transports = OVER_UDP,
    .category = CATEGORY_ROUTING,
    .is_one_sided = true,
    .udp_ports = PORTS(3222),
    SIGNATURES(signatures),
    .validate = validate,
};
