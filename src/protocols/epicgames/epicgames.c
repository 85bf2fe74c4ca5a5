/* SPDX-License-Identifier: MIT */
/*
 * Games on Epic's Unreal Engine 5: the stateless handshake that begins each connection (the
 * engine's StatelessConnectHandlerComponent). Fields are packed by bits, the lowest of each byte
 * first; how many bits of magic each game puts before them is its own choice:
 *
 *     magic(0 and more bits) session(2) client(3) handshake(1) = 1 restart(1) = 0
 *     least version(8) version(8) type(8) count(8) network version(32) features(16)
 *     secret(1) time(64) cookie(160), then random bytes and a last bit
 *
 * type: 0 begins (time and cookie are zero), 1 challenges, 2 responds, 3 acknowledges. All of one
 * connection have the same magic and network version.
 */
#include "protocols/protocol.h"

enum { BEGIN = 0, ACKNOWLEDGE = 3, MAGIC_LIMIT = 24, LEAST = 40, MOST = 96 };
enum { LEAST_VERSION = 2, SESSION_VERSION = 3, LAST_VERSION = 8 };
enum { NETWORK_AT = 39, TIME_AT = 88, END_AT = 312 }; /* bits behind the magic */

struct handshake {
    uint32_t magic_bits, magic, network;
    uint8_t type;
};

/* Up to 32 bits. */
static uint32_t bits(const struct cursor *c, uint32_t at, uint32_t count)
{
    struct cursor word = *c;
    cursor_skip(&word, at / 8);
    uint64_t value = cursor_le32(&word);
    value |= (uint64_t)cursor_u8(&word) << 32;
    return (uint32_t)(value >> at % 8 & ((UINT64_C(1) << count) - 1));
}

/* The fields from the session's on. */
static bool is_head(uint64_t head)
{
    unsigned least = head >> 7 & 0xff, version = head >> 15 & 0xff, type = head >> 23 & 0xff;
    return (head >> 5 & 3) == 1 && least >= LEAST_VERSION && version >= SESSION_VERSION &&
           least <= version && version <= LAST_VERSION && type <= ACKNOWLEDGE;
}

static bool read_handshake(struct cursor c, struct handshake *h)
{
    struct cursor start = c;
    uint64_t head = cursor_le64(&start);
    if (c.size < LEAST || c.size > MOST)
        return false;
    h->magic_bits = 0;
    while (!is_head(head >> h->magic_bits)) {
        if (++h->magic_bits > MAGIC_LIMIT)
            return false;
    }
    h->magic = (uint32_t)(head & ((UINT64_C(1) << h->magic_bits) - 1));
    h->type = (uint8_t)(head >> h->magic_bits >> 23);
    h->network = bits(&c, h->magic_bits + NETWORK_AT, 32);
    return h->network != 0 && cursor_peek(&c, c.size - 1) > 0;
}

/* No time and no cookie yet: 224 bits of zeros, and something behind them. */
static bool is_begin(const struct cursor *c, const struct handshake *h)
{
    if (h->type != BEGIN || c->size <= (h->magic_bits + END_AT) / 8 + 1)
        return false;
    for (uint32_t at = h->magic_bits + TIME_AT; at < h->magic_bits + END_AT; at += 32) {
        if (bits(c, at, 32) != 0)
            return false;
    }
    return true;
}

static enum answer validate(struct inspection *in)
{
    struct handshake client, server;
    struct cursor c = in->client;
    c.at = c.size;
    if (in->client.size == 0)
        return wants(in, CLIENT, 1);
    if (!read_handshake(in->client, &client) || client.type & 1)
        return NO;
    if (in->server.size == 0) {
        if (!is_begin(&in->client, &client))
            return NO;
        bool is_short = client.magic_bits < 8; /* a longer one could be anything */
        return is_short ? yes(in, "handshake begins", &c) : likely(in, "handshake begins", &c);
    }
    bool fits = read_handshake(in->server, &server) && server.type & 1 &&
                server.magic_bits == client.magic_bits && server.magic == client.magic &&
                server.network == client.network;
    return fits ? yes(in, "handshake", &c) : NO;
}

/* Bytes that are of time and cookie wherever they begin. */
static const struct signature signatures[] = {
    {.offset = 16,
     .size = 16,
     .bytes = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
     .min_size = LEAST,
     .max_size = MOST},
};

const struct cdpi_protocol cdpi_protocol_epicgames = {
    .name = "EpicGames",
    .reference = "Unreal Engine 5: StatelessConnectHandlerComponent",
    .transports = OVER_UDP,
    .category = CATEGORY_GAME,
    SIGNATURES(signatures),
    .validate = validate,
};
