/* SPDX-License-Identifier: MIT */
/*
 * Genshin Impact (and its publisher's other games): KCP whose conversations are opened and closed
 * by datagrams of 20,
 *
 *     magic(4) conversation(4) token(4) data(4) magic(4)
 *
 * 000000ff...ffffffff asks, 00000145...14514545 grants, 00000194...19419494 ends, as public server
 * emulators write them.
 */
#include "protocols/protocol.h"

enum { SIZE = 20 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint32_t first = cursor_u32(&c);
    cursor_skip(&c, 12);
    uint32_t last = cursor_u32(&c);
    bool is_pair = (first == 0xff && last == 0xffffffff) ||
                   (first == 0x145 && last == 0x14514545) || (first == 0x194 && last == 0x19419494);
    return c.size == SIZE && is_pair ? yes(in, "handshake", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 4, .bytes = "\0\0\0\xff", .min_size = SIZE, .max_size = SIZE},
    {.size = 4, .bytes = "\0\0\x01\x45", .min_size = SIZE, .max_size = SIZE},
    {.size = 4, .bytes = "\0\0\x01\x94", .min_size = SIZE, .max_size = SIZE},
};

const struct cdpi_protocol cdpi_protocol_genshinimpact = {
    .name = "GenshinImpact",
    .reference = "no public specification; the handshake as public server emulators (Grasscutter) "
                 "implement it",
    .transports = OVER_UDP,
    .category = CATEGORY_GAME,
    .udp_ports = PORTS(22101, 22102),
    SIGNATURES(signatures),
    .validate = validate,
};
