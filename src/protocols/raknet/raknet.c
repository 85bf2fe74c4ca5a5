/* SPDX-License-Identifier: MIT */
/*
 * RakNet, and Minecraft Bedrock on it. Offline messages hold a magic of 16 octets (RakNet's
 * RakPeer.cpp, OFFLINE_MESSAGE_DATA_ID) after the message's number, or after times and identities.
 * Connected datagrams (ReliabilityLayer):
 *
 *     84|8c... sequence(3) then frames: reliability(3)+split(1)(1) bits(2) indexes data
 *     c0|a0    count(2) ranges
 */
#include "protocols/protocol.h"

enum { WRONG_VERSION = 0x19, WRONG_VERSION_SIZE = 26 }; /* version, magic, identity */
enum { SPLIT = 0x10, FRAME_RESERVED = 0x0f, FRAMES = 16, ACK = 0xc0, NAK = 0xa0 };

static bool is_magic(struct cursor c)
{
    return cursor_starts_with(&c, "\0\xff\xff\0\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x12\x34\x56\x78");
}

/* Where the magic stands in an offline message; -1: no such message. */
static int magic_at(uint8_t message)
{
    switch (message) {
    case 0x01: /* pings: time, magic, identity */
    case 0x02:
        return 9;
    case 0x05: /* connection requests and replies */
    case 0x06:
    case 0x07:
    case 0x08:
    case 0x11: /* refusals */
    case 0x12:
    case 0x14:
    case 0x17:
    case 0x1a:
        return 1;
    case WRONG_VERSION:
        return 2;
    case 0x1c: /* pong: time, identity, magic */
        return 17;
    default:
        return -1;
    }
}

/* Frames up to the end, exactly. */
static unsigned frame_bits(struct cursor c)
{
    unsigned bits = 0;
    for (int i = 0; i < FRAMES && !cursor_at_end(&c); i++) {
        uint8_t flags = cursor_u8(&c), reliability = flags >> 5;
        uint16_t size = cursor_u16(&c);
        if (flags & FRAME_RESERVED || size == 0)
            return 0;
        bool is_reliable =
            reliability == 2 || reliability == 3 || reliability == 4 || reliability >= 6;
        bool is_sequenced = reliability == 1 || reliability == 4;
        bool is_ordered = is_sequenced || reliability == 3 || reliability == 7;
        cursor_skip(&c,
                    (is_reliable ? 3u : 0u) + (is_sequenced ? 3u : 0u) + (is_ordered ? 4u : 0u));
        cursor_skip(&c, flags & SPLIT ? 10 : 0);
        if (!cursor_skip(&c, (size + 7u) / 8))
            return 0;
        bits += size % 8 ? 4 : 7;
    }
    return cursor_at_end(&c) ? bits + 16 : 0;
}

/* Records of one number, 01 first(3), or of a range, 00 first(3) last(3); they fill the
 * datagram. */
static bool are_ranges(struct cursor c)
{
    uint16_t count = cursor_u16(&c);
    if (count == 0 || count > 512)
        return false;
    for (uint16_t i = 0; i < count; i++) {
        uint8_t is_single = cursor_u8(&c);
        uint32_t first = cursor_le24(&c), last = is_single ? first : cursor_le24(&c);
        if (is_single > 1 || last < first || c.ran_short)
            return false;
    }
    return cursor_at_end(&c);
}

static enum answer judge_connected(struct inspection *in, struct cursor c, uint8_t first)
{
    if (first == ACK || first == NAK)
        return are_ranges(c) ? likely(in, "acknowledgement", &c) : NO;
    if (first < 0x80 || first > 0x8f)
        return NO;
    uint32_t sequence = cursor_le24(&c);
    unsigned bits = c.ran_short ? 0 : frame_bits(c);
    /* connections are short when they are recognised: their numbers are small */
    bits += sequence < 0x1000 ? 12 : 0;
    return bits >= 31 ? likely(in, "connected datagram", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t first = cursor_u8(&c);
    int at = magic_at(first);
    if (at < 0)
        return judge_connected(in, c, first);
    if (first == WRONG_VERSION && c.size != WRONG_VERSION_SIZE)
        return NO;
    cursor_seek(&c, 0);
    cursor_skip(&c, (uint32_t)at);
    if (c.ran_short || !is_magic(c))
        return NO;
    cursor_skip(&c, 16);
    return yes(in, "offline message", &c);
}

/* Offline messages and connected ones follow each other; connected ones on both sides confirm each
 * other. */
static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    if (answer != LIKELY || !both_spoke(in))
        return answer;
    bool acknowledges = cursor_peek(&in->client, 0) == ACK || cursor_peek(&in->server, 0) == ACK;
    return acknowledges ? answer_at(in, YES, "datagrams and acknowledgements", SERVER, 0, 4)
                        : LIKELY;
}

static const struct signature signatures[] = {
    SIGNATURE(1, "\0\xff\xff\0\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x12\x34\x56"),
    SIGNATURE(2, "\0\xff\xff\0\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x12\x34\x56"),
    SIGNATURE(9, "\0\xff\xff\0\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x12\x34\x56"),
    SIGNATURE(17, "\0\xff\xff\0\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x12\x34\x56"),
    {.size = 5, .bytes = "\x80\0\0\0\0", .mask = "\xf0\0\0\0\x0f", .min_size = 8},
    {.size = 4, .bytes = "\xc0\0\0\0", .mask = "\xff\xfe\0\xfe", .min_size = 7},
    {.size = 4, .bytes = "\xa0\0\0\0", .mask = "\xff\xfe\0\xfe", .min_size = 7},
};

const struct cdpi_protocol cdpi_protocol_raknet = {
    .name = "RakNet",
    .reference = "github.com/facebookarchive/RakNet: RakPeer.cpp, ReliabilityLayer.cpp",
    .transports = OVER_UDP,
    .category = CATEGORY_GAME,
    .udp_ports = PORTS(19132, 19133),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
