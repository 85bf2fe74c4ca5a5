/* SPDX-License-Identifier: MIT */
/*
 * Tox (toktok.ltd/spec), UDP. What nodes of the hash table and new contacts say:
 *
 *     type (1)  sender's key (32)  nonce (24)  encrypted, with 16 bytes of authenticity
 *
 * The type fixes the size. The key comes back in all that a side sends, the nonce does not: two
 * datagrams of one side with one key are Tox.
 */
#include "framing/random.h"
#include "protocols/protocol.h"

enum { KEY = 32, HEADER = 1 + KEY + 24, MAC = 16, PING_ID = 8 };
enum { PING = 0, PONG = 1, NODES_ASKED = 2, NODES = 4, COOKIE_ASKED = 0x18 };
enum { NODE4 = 39, NODE6 = 51, MOST_NODES = 4 };

/* How many nodes of either size fill it. */
static bool is_nodes_size(uint32_t size)
{
    const uint32_t least = HEADER + 1 + PING_ID + MAC;
    for (uint32_t four = 0; four <= MOST_NODES; four++) {
        for (uint32_t six = 0; four + six <= MOST_NODES; six++) {
            if (size == least + four * NODE4 + six * NODE6)
                return true;
        }
    }
    return false;
}

static bool fits(struct cursor c)
{
    switch (cursor_peek(&c, 0)) {
    case PING:
    case PONG:
        return c.size == HEADER + 1 + PING_ID + MAC;
    case NODES_ASKED:
        return c.size == HEADER + KEY + PING_ID + MAC;
    case NODES:
        return is_nodes_size(c.size);
    case COOKIE_ASKED:
        return c.size == HEADER + 2 * KEY + PING_ID + MAC;
    default:
        return false;
    }
}

static bool are_of_one_key(struct cursor a, struct cursor b)
{
    cursor_skip(&a, 1);
    cursor_skip(&b, 1);
    if (!random_looks(a, KEY) || !cursor_starts(&a, b.data + b.at, KEY))
        return false;
    return !cursor_starts(&a, b.data + b.at, KEY + 24);
}

static enum answer validate(struct inspection *in)
{
    if ((in->client.size && !fits(in->client)) || (in->server.size && !fits(in->server)))
        return NO;
    for (uint32_t i = 1; i < in->datagram_count; i++) {
        struct cursor later = inspection_datagram(in, i);
        for (uint32_t k = 0; k < i; k++) {
            struct cursor earlier = inspection_datagram(in, k);
            if (later.side == earlier.side && fits(later) && fits(earlier) &&
                are_of_one_key(earlier, later))
                return answer_at(in, YES, "one key", (enum side)later.side, 1, KEY);
        }
    }
    return wants(in, in->client.size ? CLIENT : SERVER, 4096);
}

#define TYPE(literal, least, most)                                                                 \
    {                                                                                              \
        .offset = 0, .size = 1, .bytes = literal, .min_size = (least), .max_size = (most)          \
    }

static const struct signature signatures[] = {
    TYPE("\0", 82, 82),       TYPE("\1", 82, 82),     TYPE("\2", 113, 113),
    TYPE("\4", 82, 82 + 204), TYPE("\x18", 145, 145),
};

const struct cdpi_protocol cdpi_protocol_tox = {
    .name = "Tox",
    .reference = "toktok.ltd/spec: DHT packets, cookie request",
    .transports = OVER_UDP,
    .category = CATEGORY_CHAT,
    .is_encrypted = true,
    .udp_ports = PORTS(33445),
    SIGNATURES(signatures),
    .validate = validate,
};
