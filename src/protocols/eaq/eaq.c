/* SPDX-License-Identifier: MIT */
/*
 * EAQ, the measurement of Brazil's Entidade Aferidora da Qualidade. As seen in recorded traffic: a
 * datagram of 16 bytes,
 *
 *     number (4)  seconds (4)  microseconds (4)  0 0 0x90 0
 *
 * comes back with 0x60 for 0x90. Numbers count from 0.
 */
#include "protocols/protocol.h"

enum { SIZE = 16, SECONDS_LIMIT = 1 << 20, NUMBER_LIMIT = 1 << 16, MICROSECONDS = 1000000 };
enum { ASKS = 0x9000, ANSWERS = 0x6000 };

static enum answer judge(struct inspection *in, struct cursor c, uint32_t mark)
{
    uint32_t number = cursor_u32(&c), seconds = cursor_u32(&c), part = cursor_u32(&c);
    if (cursor_u32(&c) != mark || !cursor_at_end(&c))
        return NO;
    if (number >= NUMBER_LIMIT || seconds >= SECONDS_LIMIT || part >= MICROSECONDS || part == 0)
        return NO;
    return yes(in, mark == ASKS ? "probe" : "probe's return", &c);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    return judge(in, c, ASKS);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    return judge(in, c, ANSWERS);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

#define MARKED(literal)                                                                            \
    {                                                                                              \
        .offset = 12, .size = 4, .bytes = literal, .min_size = SIZE, .max_size = SIZE              \
    }

static const struct signature signatures[] = {MARKED("\0\0\x90\0"), MARKED("\0\0\x60\0")};

const struct cdpi_protocol cdpi_protocol_eaq = {
    .name = "EAQ",
    .reference = "as seen in recorded traffic",
    .transports = OVER_UDP,
    .category = CATEGORY_MANAGEMENT,
    .udp_ports = PORTS(6000),
    SIGNATURES(signatures),
    .validate = validate,
};
