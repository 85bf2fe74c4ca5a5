/* SPDX-License-Identifier: MIT */
/*
 * Nebula (github.com/slackhq/nebula, header/header.go): version and type(1) subtype(1) zeros(2)
 * index(4) counter(8). A handshake begins with index 0 and counter 1 and is answered with
 * counter 2; what follows counts on.
 */
#include "protocols/protocol.h"

enum { LEAST = 100, LAST_TYPE = 6, GAP = 16 };

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

/* Joined late: the newest datagram and the last before it of its side go to one index and count
 * up. */
static bool counts_up(const struct inspection *in)
{
    uint32_t index = 0;
    uint64_t counter = 0;
    unsigned count = 0;
    struct cursor newest = inspection_datagram(in, in->datagram_count - 1);
    for (uint32_t i = in->datagram_count; i-- > 0 && count < 2;) {
        struct cursor c = inspection_datagram(in, i);
        if (c.side != newest.side)
            continue;
        uint32_t kind = cursor_u32(&c), to = cursor_u32(&c);
        uint64_t at = cursor_u64(&c);
        bool is_kind =
            kind >> 28 == 1 && (kind >> 24 & 15) <= LAST_TYPE && (kind & 0x00feffff) == 0;
        if (c.ran_short || !is_kind || to == 0 || at >> 32)
            return false;
        if (count++ > 0 && (to != index || at >= counter || counter - at > GAP))
            return false;
        index = to;
        counter = at;
    }
    return count == 2;
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge_client, judge_server);
    struct cursor c = in->client.size ? in->client : in->server;
    if (answer != NO || in->datagram_count < 2 || !counts_up(in))
        return answer;
    return likely(in, "packets that count up", &c);
}

static const struct signature signatures[] = {
    {.size = 4, .bytes = "\x10\0\0\0", .min_size = LEAST},
    {.size = 12,
     .bytes = "\x10\0\0\0\0\0\0\0\0\0\0\0",
     .mask = "\xf8\xfe\xff\xff\0\0\0\0\xff\xff\xff\xff",
     .min_size = 32},
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
