/* SPDX-License-Identifier: MIT */
/*
 * TeamViewer, as its program speaks it: commands that begin with 17 24, over TCP
 *
 *     17 24 command(1) size(2, little-endian) ...      and 11 30 command(1) 00 size(4) newer
 *
 * over UDP behind eleven bytes of zeros and a kind. No specification is public.
 */
#include "protocols/protocol.h"

enum { UDP_HEADER = 12, SIZE_LIMIT = 0x4000, COMMANDS = 4, COMMAND_BITS = 20, NEWER_BITS = 30 };
enum { WHOLE_BITS = 8, LEAST_TELLING = 8 };

static bool is_command(uint8_t command)
{
    return command >= 0x0a && command <= 0x7f;
}

/* Commands that follow each other, as far as they are there. */
static int weigh(struct cursor c)
{
    int bits = 0;
    for (unsigned i = 0; i < COMMANDS && !cursor_at_end(&c); i++) {
        struct cursor start = c;
        uint16_t magic = cursor_u16(&c);
        uint8_t command = cursor_u8(&c);
        uint32_t size = 0;
        if (magic == 0x1724) {
            size = cursor_le16(&c);
        } else if (magic == 0x1130) {
            if (cursor_u8(&c) != 0 && !c.ran_short)
                return bits ? bits : -1;
            size = cursor_le32(&c);
        } else {
            return !c.ran_short && bits == 0 ? -1 : bits; /* encrypted from here on */
        }
        if (c.ran_short)
            return cursor_peek(&start, 0) == 0x17 || cursor_peek(&start, 0) == 0x11 ? bits : -1;
        if (!is_command(command) || size > SIZE_LIMIT)
            return bits ? bits : -1;
        bits += magic == 0x1130 ? NEWER_BITS : COMMAND_BITS;
        if (!cursor_skip(&c, size))
            return bits;
        if (i == 0 && size >= LEAST_TELLING && cursor_at_end(&c)) /* one that ends with the bytes */
            bits += WHOLE_BITS;
    }
    return bits;
}

/* Zeros but for the kind at the eleventh byte, or a call's number before it. */
static int weigh_datagram(struct cursor c)
{
    if (!cursor_accept(&c, "\0\0\0\0\0\0\0", 7))
        return -1;
    cursor_skip(&c, 3);
    uint8_t kind = cursor_u8(&c);
    uint16_t magic = cursor_u16(&c);
    uint8_t command = cursor_u8(&c);
    return !c.ran_short && kind <= 0x10 && magic == 0x1724 && is_command(command) ? 30 : -1;
}

static enum answer validate(struct inspection *in)
{
    int client = 0, server = 0;
    if (in->client.size)
        client = is_udp(in) ? weigh_datagram(in->client) : weigh(in->client);
    if (in->server.size)
        server = is_udp(in) ? weigh_datagram(in->server) : weigh(in->server);
    return answer_by_sides(in, client, server, "commands");
}

static const struct signature signatures[] = {
    {.transports = OVER_TCP, .size = 2, .bytes = "\x17\x24"},
    {.transports = OVER_TCP, .size = 4, .bytes = "\x11\x30\0\0", .mask = "\xff\xff\x80\xff"},
    {.transports = OVER_UDP,
     .offset = 0,
     .size = 13,
     .bytes = "\0\0\0\0\0\0\0\0\0\0\0\x17\x24",
     .mask = "\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\xff\xff",
     .min_size = 14},
};

const struct cdpi_protocol cdpi_protocol_teamviewer = {
    .name = "TeamViewer",
    .reference = "how TeamViewer's program speaks, seen in captures of it",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_REMOTE_ACCESS,
    .is_encrypted = true,
    .tcp_ports = PORTS(5938),
    .udp_ports = PORTS(5938),
    SIGNATURES(signatures),
    .validate = validate,
};
