/* SPDX-License-Identifier: MIT */
/*
 * Syncthing (docs.syncthing.net/specs): local discovery, a broadcast,
 *
 *     0x2ea7d90b  a protobuf whose field 1 is the device's id (32)
 *
 * and its relays, each message: 0x9e79bc40  type (4)  length (4). What devices say to each other is
 * within TLS.
 */
#include "protocols/protocol.h"

enum { RELAY_TYPES = 6, RELAY_LIMIT = 64 << 10 };

static enum answer judge_announce(struct inspection *in, struct cursor c)
{
    if (cursor_u32(&c) != 0x2ea7d90b || cursor_u16(&c) != 0x0a20 || !cursor_skip(&c, 32))
        return NO;
    return yes(in, "announcement", &c);
}

static enum answer judge_relay(struct inspection *in, struct cursor c)
{
    uint32_t magic = cursor_u32(&c), type = cursor_u32(&c), length = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (magic != 0x9e79bc40 || type > RELAY_TYPES || length > RELAY_LIMIT)
        return NO;
    return yes(in, "relay header", &c);
}

static enum answer validate(struct inspection *in)
{
    if (is_udp(in))
        return judge_sides(in, judge_announce, judge_announce);
    return judge_sides(in, judge_relay, judge_relay);
}

static const struct signature signatures[] = {
    {.transports = OVER_UDP, .offset = 0, .size = 6, .bytes = "\x2e\xa7\xd9\x0b\x0a\x20"},
    {.transports = OVER_TCP, .offset = 0, .size = 6, .bytes = "\x9e\x79\xbc\x40\0\0"},
};

const struct cdpi_protocol cdpi_protocol_syncthing = {
    .name = "Syncthing",
    .reference = "docs.syncthing.net/specs: Local Discovery Protocol v4, Relay Protocol v1",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_FILE_SHARING,
    .tcp_ports = PORTS(22067),
    .udp_ports = PORTS(21027),
    SIGNATURES(signatures),
    .validate = validate,
};
