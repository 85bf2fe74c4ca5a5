/* SPDX-License-Identifier: MIT */
/*
 * Spotify. Open clients (librespot) show the connection to an access point:
 *
 *     0 4  length (4)  client hello        length (4)  challenge
 *
 * both protobufs, the length counting all. The hello's first field (10) is the build, whose first
 * field (10) is the product. The challenge is field 10, four deep, around a key of 96 bytes.
 *
 * Applications on one network look for each other with broadcasts that begin with "SpotUdp0", as
 * was seen in recorded traffic: the name, an id of 8 bytes, then two numbers of 2 bytes, 1 and 0 or
 * 4.
 */
#include "protocols/protocol.h"

enum { BUILD = 0x52, PRODUCT = 0x50, KEY = 0x60, LENGTH_LIMIT = 16384, BUILD_LIMIT = 64 };
enum { LEAST_BROADCAST = 36, MOST_BROADCAST = 64 };

static enum answer judge_broadcast(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "SpotUdp0") || !cursor_skip(&c, 8) || cursor_u16(&c) != 1)
        return NO;
    return yes(in, "broadcast", &c);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint16_t magic = cursor_u16(&c);
    uint32_t length = cursor_u32(&c);
    if (c.ran_short)
        return cursor_may_start_with(&in->client, "\0\4\0\0") ? short_of(in, &c) : NO;
    if (magic != 4 || length < 32 || length > LENGTH_LIMIT)
        return NO;
    uint8_t build = cursor_u8(&c), size = cursor_u8(&c), product = cursor_u8(&c);
    cursor_skip(&c, size > 2 ? size - 1u : 1u);
    uint8_t next = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    /* Fields 20, 30, 40, 50 ... follow: tags of two bytes, the first from 0x80 on. */
    if (build != BUILD || size < 2 || size > BUILD_LIMIT || product != PRODUCT || next < 0x80)
        return NO;
    return yes(in, "client hello", &c);
}

/* Four fields 10, each within the one before. */
static bool is_nested(struct cursor *c, uint32_t room)
{
    for (int depth = 0; depth < 3; depth++) {
        uint8_t tag = cursor_u8(c), low = cursor_u8(c), high = cursor_u8(c);
        uint32_t size = (low & 0x7fu) | (uint32_t)high << 7;
        if (c->ran_short)
            return false;
        if (tag != BUILD || low < 0x80 || high >= 0x80 || size + 3 > room)
            return false;
        room = size;
    }
    return cursor_u8(c) == BUILD && cursor_u8(c) == KEY;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint32_t length = cursor_u32(&c);
    if (c.ran_short)
        return in->server.data[0] == 0 ? short_of(in, &c) : NO;
    if (length < 8 || length > LENGTH_LIMIT)
        return NO;
    bool is_challenge = is_nested(&c, length - 4);
    if (c.ran_short)
        return short_of(in, &c);
    return is_challenge ? yes(in, "challenge", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    if (is_udp(in))
        return judge_sides(in, judge_broadcast, judge_broadcast);
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    {.transports = OVER_UDP,
     .offset = 0,
     .size = 8,
     .bytes = "SpotUdp0",
     .min_size = LEAST_BROADCAST,
     .max_size = MOST_BROADCAST},
    {.transports = OVER_TCP,
     .offset = 0,
     .size = 7,
     .bytes = "\0\4\0\0\0\0\x52",
     .mask = "\xff\xff\xff\xff\0\0\xff"},
    {.transports = OVER_TCP,
     .offset = 0,
     .size = 15,
     .bytes = "\0\0\0\0\x52\0\0\x52\0\0\x52\0\0\x52\x60",
     .mask = "\xff\xff\0\0\xff\0\0\xff\0\0\xff\0\0\xff\xff"},
};

const struct cdpi_protocol cdpi_protocol_spotify = {
    .name = "Spotify",
    .reference = "open clients (librespot); broadcasts as seen in recorded traffic",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_STREAMING,
    .is_encrypted = true,
    .tcp_ports = PORTS(4070),
    .udp_ports = PORTS(57621),
    SIGNATURES(signatures),
    .validate = validate,
};
