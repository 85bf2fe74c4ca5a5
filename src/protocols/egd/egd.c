/* SPDX-License-Identifier: MIT */
/*
 * GE's Ethernet Global Data. GFK-2224 appendix: each datagram, low byte first, is
 *
 *     0d 01 request(2) producer(4) exchange(4) seconds(4) nanoseconds(4) status(4) signature(4)
 *       reserved(4) = 0
 *
 * and up to 1400 octets of data.
 */
#include "protocols/protocol.h"

enum { HEADER = 32, MOST = HEADER + 1400, SECOND = 1000000000 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (c.size > MOST || cursor_u16(&c) != 0x0d01)
        return NO;
    cursor_skip(&c, 2);
    uint32_t producer = cursor_u32(&c), exchange = cursor_u32(&c);
    cursor_skip(&c, 4);
    uint32_t nanoseconds = cursor_le32(&c);
    cursor_skip(&c, 8);
    uint32_t reserved = cursor_u32(&c);
    if (c.ran_short || nanoseconds >= SECOND || reserved != 0)
        return NO;
    bool is_named = producer != 0 && exchange != 0; /* zeros are many things' */
    return is_named ? yes(in, "production", &c) : likely(in, "production by nobody", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 2, .bytes = "\x0d\x01", .min_size = HEADER, .max_size = MOST},
};

const struct cdpi_protocol cdpi_protocol_egd = {
    .name = "EGD",
    .reference = "GE Fanuc GFK-2224, Ethernet Global Data",
    .transports = OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .is_one_sided = true,
    .udp_ports = PORTS(18246),
    SIGNATURES(signatures),
    .validate = validate,
};
