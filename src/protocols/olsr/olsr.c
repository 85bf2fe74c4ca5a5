/* SPDX-License-Identifier: MIT */
/*
 * OLSR. RFC 3626 section 3.3:
 *
 *     length(2) of the whole, sequence(2), then messages: type(1) time(1) size(2) originator(4)
 *       ttl(1) hops(1) sequence(2)
 *
 * sizes count the message's header; olsrd's IPv6 has originators of 16.
 */
#include "protocols/protocol.h"

enum { HEADER = 4, MESSAGE = 12, LAST_TYPE = 4, FIRST_OTHER = 128, LAST_OTHER = 140 };
enum { LQ_HELLO = 201, LQ_TC = 202 }; /* olsrd's, with the links' quality */

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint16_t length = cursor_u16(&c);
    cursor_skip(&c, 2);
    if (c.ran_short || !fills_datagram(in, &c, length) || cursor_at_end(&c))
        return NO;
    unsigned bits = 16;
    while (!cursor_at_end(&c)) {
        uint8_t type = cursor_u8(&c);
        cursor_skip(&c, 1);
        uint16_t size = cursor_u16(&c);
        bool is_known = (type >= 1 && type <= LAST_TYPE) ||
                        (type >= FIRST_OTHER && type <= LAST_OTHER) || type == LQ_HELLO ||
                        type == LQ_TC;
        if (c.ran_short || !is_known || size < MESSAGE || size % 4)
            return NO;
        if (!cursor_skip(&c, size - 4u))
            return is_cut(in, &c) ? likely(in, "messages", &c) : NO;
        bits += type <= LAST_TYPE || type >= LQ_HELLO ? 22 : 18;
    }
    return answer_by_bits(in, bits + 4, "messages", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 1,
     .bytes = "\0",
     .mask = "\xf8",
     .min_size = HEADER + MESSAGE,
     .length = {2, 0, false, 0}},
};

const struct cdpi_protocol cdpi_protocol_olsr = {
    .name = "OLSR",
    .reference = "RFC 3626 section 3.3",
    .transports = OVER_UDP,
    .category = CATEGORY_ROUTING,
    .is_one_sided = true,
    .udp_ports = PORTS(698),
    SIGNATURES(signatures),
    .validate = validate,
};
