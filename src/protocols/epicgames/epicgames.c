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
 * Before version 3 there are no session and client. type: 0 begins (time and cookie are zero), 1
 * challenges, 2 responds, 3 acknowledges. All of one connection have the same magic and network
 * version.
 */
#include "protocols/protocol.h"

enum { BEGIN = 0, ACKNOWLEDGE = 3, MAGIC_LIMIT = 24, LEAST = 40, MOST = 96 };
enum { LEAST_VERSION = 2, SESSION_VERSION = 3, LAST_VERSION = 8, SESSION_BITS = 5 };
enum { NETWORK_AT = 34, TIME_AT = 83, END_AT = 307 }; /* bits from the handshake's bit on */

struct handshake {
    uint32_t at;    /* of the handshake's bit */
    uint32_t magic; /* what is before it, session and client too */
    uint32_t network;
    bool is_long; /* that could be anything */
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

/* The fields from the handshake's bit on. */
static bool is_head(uint64_t head, uint32_t at)
{
    unsigned least = head >> 2 & 0xff, version = head >> 10 & 0xff, type = head >> 18 & 0xff;
    return (head & 3) == 1 && least >= 1 && version >= LEAST_VERSION && least <= version &&
           version <= LAST_VERSION && type <= ACKNOWLEDGE &&
           (version < SESSION_VERSION || at >= SESSION_BITS);
}

/* The network version is a sum of 32 bits: of few or nearly all ones is none. */
static bool is_sum(uint32_t network)
{
    int ones = __builtin_popcount(network);
    return ones >= 6 && ones <= 26;
}

static bool read_handshake(struct cursor c, struct handshake *h)
{
    struct cursor start = c;
    uint64_t head = cursor_le64(&start);
    if (c.size < LEAST || c.size > MOST)
        return false;
    h->at = 0;
    while (!is_head(head >> h->at, h->at)) {
        if (++h->at > MAGIC_LIMIT + SESSION_BITS)
            return false;
    }
    bool has_session = (head >> h->at >> 10 & 0xff) >= SESSION_VERSION;
    h->is_long = h->at >= 8 + (has_session ? (uint32_t)SESSION_BITS : 0);
    h->magic = (uint32_t)(head & ((UINT64_C(1) << h->at) - 1));
    h->type = (uint8_t)(head >> h->at >> 18);
    h->network = bits(&c, h->at + NETWORK_AT, 32);
    return is_sum(h->network) && cursor_peek(&c, c.size - 1) > 0;
}

/* No time and no cookie yet: 224 bits of zeros, and something behind them. */
static bool is_begin(const struct cursor *c, const struct handshake *h)
{
    if (h->type != BEGIN || c->size <= (h->at + END_AT) / 8 + 1)
        return false;
    for (uint32_t at = h->at + TIME_AT; at < h->at + END_AT; at += 32) {
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
        return client.is_long ? likely(in, "handshake begins", &c)
                              : yes(in, "handshake begins", &c);
    }
    bool fits = read_handshake(in->server, &server) && server.type & 1 && server.at == client.at &&
                server.magic == client.magic && server.network == client.network;
    if (!fits)
        return NO;
    return client.is_long ? likely(in, "handshake", &c) : yes(in, "handshake", &c);
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
