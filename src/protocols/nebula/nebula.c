/* SPDX-License-Identifier: MIT */
/*
 * Nebula (github.com/slackhq/nebula, header/header.go): version and type(1) subtype(1) zeros(2)
 * index(4) counter(8). A handshake begins with index 0 and counter 1 and is answered with
 * counter 2.
 */
#include "protocols/protocol.h"

enum { HEADER = 16, HANDSHAKE = 0x10, LEAST = 100 };

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint32_t kind = cursor_u32(&c), index = cursor_u32(&c);
    uint64_t counter = cursor_u64(&c);
    if (c.size < LEAST || kind != 0x10000000 || index != 0 || counter != 1)
        return NO;
    return yes(in, "handshake", &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint32_t kind = cursor_u32(&c), index = cursor_u32(&c);
    uint64_t counter = cursor_u64(&c);
    if (c.size < LEAST || kind != 0x10000000 || index == 0 || counter != 2)
        return NO;
    return yes(in, "answer to a handshake", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    {.size = 4, .bytes = "\x10\0\0\0", .min_size = LEAST},
};

const struct cdpi_protocol cdpi_protocol_nebula = {
    .name = "Nebula",
    .reference = "github.com/slackhq/nebula: header/header.go",
    .transports = OVER_UDP,
    .category = CATEGORY_VPN,
    .is_encrypted = true,
    .udp_ports = PORTS(4242),
    SIGNATURES(signatures),
    .validate = validate,
};
