/* SPDX-License-Identifier: MIT */
/*
 * FastTrack, Kazaa's network, as giFT's plugin documents it. Of its supernodes' streams nothing is
 * in the clear; by UDP they are looked for:
 *
 *     0x27 (asks; 0x28, 0x29 answer)  encryption (4)  ...  "KaZaA" 0
 */
#include "protocols/protocol.h"

enum { ASKS = 0x27, ANSWERS = 0x29, LEAST = 12, MOST = 64, NAME = 6 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t type = cursor_u8(&c);
    if (type < ASKS || type > ANSWERS || c.size < LEAST || c.size > MOST)
        return NO;
    cursor_seek(&c, c.size - NAME);
    return cursor_accept(&c, "KaZaA", NAME) ? yes(in, "network's name", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

#define TYPE(literal)                                                                              \
    {                                                                                              \
        .offset = 0, .size = 1, .bytes = literal, .min_size = LEAST, .max_size = MOST              \
    }

static const struct signature signatures[] = {TYPE("\x27"), TYPE("\x28"), TYPE("\x29")};

const struct cdpi_protocol cdpi_protocol_kazaa = {
    .name = "Kazaa",
    .reference = "giFT-FastTrack, PROTOCOL: UDP pings",
    .transports = OVER_UDP,
    .category = CATEGORY_FILE_SHARING,
    .udp_ports = PORTS(1214),
    SIGNATURES(signatures),
    .validate = validate,
};
