/* SPDX-License-Identifier: MIT */
/*
 * The gossip of Hashicorp's memberlist: Consul, Serf, Nomad (memberlist: net.go), unless it is
 * encrypted. Each message is type(1) and a map in MessagePack with fields of known names:
 *
 *     0 ping, 1 indirect ping, 2 ack, 3 suspect, 4 alive, 5 dead, 6 push and pull (TCP), 8 the
 *     user's, 9 compressed, 10 error, 11 nack
 *     7 compound: count(1), a size(2) for each, the messages
 *     12 checksum: crc32(4) over the message behind it (UDP)
 */
#include "framing/crc.h"
#include "protocols/protocol.h"

enum { COMPOUND = 7, USER = 8, LAST_OF_SERF = 10, COMPRESSED = 9, LAST = 11, CHECKSUM = 12 };

/* A map of few fields whose first has one of the names: seven bytes at the least. */
static bool is_map(struct cursor *c)
{
    static const char *const names[] = {
        "SeqNo",  "Incarnation", "Node",  "Algo", "Nodes", "Addr", "Join",       "Port",
        "Target", "Error",       "LTime", "Buf",  "Vsn",   "From", "UserMsgLen", NULL};
    uint8_t map = cursor_u8(c), name = cursor_u8(c);
    if (map < 0x81 || map > 0x8c || name >> 5 != 5)
        return false;
    struct cursor text = cursor_take(c, name & 31);
    for (unsigned i = 0; names[i]; i++) {
        uint32_t size = (uint32_t)strlen(names[i]);
        if (size == text.size && cursor_starts(&text, names[i], size))
            return true;
    }
    return false;
}

static bool is_message(struct cursor *c, uint8_t type)
{
    if (type == USER && cursor_peek(c, 0) <= LAST_OF_SERF)
        cursor_skip(c, 1); /* Serf and Consul put a type of theirs before such a map */
    return type <= LAST && type != COMPOUND && is_map(c);
}

/* The sizes add up to the datagram. */
static bool is_compound(struct cursor *c)
{
    uint8_t count = cursor_u8(c);
    uint32_t sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += cursor_u16(c);
    uint32_t left = cursor_left(c);
    return count > 0 && !c->ran_short && sum == left && is_message(c, cursor_u8(c));
}

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    uint8_t type = cursor_u8(&c);
    if (type == CHECKSUM) {
        uint32_t crc = cursor_u32(&c);
        struct cursor rest = c, covered = cursor_take(&rest, cursor_left(&c));
        if (c.ran_short || covered.size < 8 || is_cut(in, &c) || crc32_ethernet(covered) != crc)
            return NO;
        type = cursor_u8(&c);
        if (type > LAST)
            return NO;
        return yes(in, "checksum", &c);
    }
    bool is_whole = type == COMPOUND ? is_compound(&c) : is_message(&c, type);
    return is_whole && !c.ran_short ? yes(in, "message", &c) : NO;
}

static enum answer judge_stream(struct inspection *in, struct cursor c)
{
    uint8_t type = cursor_u8(&c);
    bool is_known = is_message(&c, type);
    if (c.ran_short)
        return short_of(in, &c);
    return is_known ? yes(in, "message", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    return is_udp(in) ? judge_datagram(in, c) : judge_stream(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 3, .bytes = "\0\x80\xa0", .mask = "\xf0\xf0\xe0", .min_size = 8},
    {.transports = OVER_UDP, .size = 1, .bytes = "\x0c", .min_size = 13},
    {.transports = OVER_UDP, .size = 1, .bytes = "\x07", .min_size = 12},
};

const struct cdpi_protocol cdpi_protocol_memberlist = {
    .name = "Memberlist",
    .reference = "hashicorp/memberlist: net.go",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_CLUSTER,
    .tcp_ports = PORTS(7946, 8301),
    .udp_ports = PORTS(7946, 8301),
    SIGNATURES(signatures),
    .validate = validate,
};
