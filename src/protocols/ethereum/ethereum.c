/* SPDX-License-Identifier: MIT */
/*
 * Ethereum's peers (github.com/ethereum/devp2p).
 *
 * Discovery, version 4: hash (32)  signature (64)  recovery (1: 0 or 1)  type (1)  a list in RLP
 * whose items the type fixes.
 *
 * RLPx: each side begins with an encrypted message that holds a public key in the clear, a point of
 * secp256k1: 2 bytes of size (EIP-8; older ones of 307 and 210 bytes have none), 4, x, y.
 *
 * Discovery, version 5, is masked and has no structure.
 */
#include "framing/secp256k1.h"
#include "protocols/protocol.h"

/* ---- RLPx -------------------------------------------------------------------------------- */

enum { POINT_FOLLOWS = 4, OLD_HELLO = 307, OLD_ANSWER = 210, LEAST_SIZE = 150, MOST_SIZE = 2048 };

static enum answer judge_handshake(struct inspection *in, struct cursor c)
{
    bool is_old = cursor_peek(&c, 0) == POINT_FOLLOWS;
    uint16_t size = is_old ? (c.side == CLIENT ? OLD_HELLO : OLD_ANSWER) : cursor_u16(&c);
    if (c.ran_short)
        return cursor_peek(&c, 0) <= MOST_SIZE >> 8 ? short_of(in, &c) : NO;
    if (size < LEAST_SIZE || size > MOST_SIZE)
        return NO;
    int form = cursor_peek(&c, 0);
    cursor_skip(&c, 1);
    struct cursor point = cursor_take(&c, SECP256K1_POINT);
    if (c.ran_short)
        return form < 0 || form == POINT_FOLLOWS ? short_of(in, &c) : NO;
    if (form != POINT_FOLLOWS || !secp256k1_is_point(point))
        return NO;
    return yes(in, "RLPx handshake", &c);
}

/* ---- discovery --------------------------------------------------------------------------- */

enum { PING = 1, PONG, FIND_NODE, NEIGHBORS, ENR_REQUEST, ENR_RESPONSE };
enum { TYPE_AT = 97, HASH = 32, NODE = 64 };

struct item {
    struct cursor bytes;
    bool is_list;
};

/* RLP (Yellow Paper, appendix B): a byte, a string or a list, with a length of up to 2 bytes. */
static bool item_read(struct cursor *c, struct item *item)
{
    uint8_t head = (uint8_t)cursor_peek(c, 0);
    item->is_list = head >= 0xc0;
    uint8_t kind = head & 0x3f;
    uint32_t size = kind;
    if (head >= 0x80)
        cursor_skip(c, 1);
    if (head < 0x80)
        size = 1;
    else if (kind == 0x38)
        size = cursor_u8(c);
    else if (kind == 0x39)
        size = cursor_u16(c);
    else if (kind > 0x39)
        return false;
    item->bytes = cursor_take(c, size);
    return !c->ran_short && !item->bytes.ran_short;
}

static bool passes_string(struct cursor *c, uint32_t size)
{
    struct item item;
    return item_read(c, &item) && !item.is_list && item.bytes.size == size;
}

static bool passes_list(struct cursor *c)
{
    struct item item;
    return item_read(c, &item) && item.is_list;
}

/* An address of 0, 4 or 16 bytes, and two ports. */
static bool passes_endpoint(struct cursor *c)
{
    struct item list, address;
    if (!item_read(c, &list) || !list.is_list || !item_read(&list.bytes, &address))
        return false;
    uint32_t size = address.bytes.size;
    return !address.is_list && (size == 0 || size == 4 || size == 16);
}

/* Seconds since 1970: four bytes. */
static bool passes_expiration(struct cursor *c)
{
    return passes_string(c, 4);
}

static bool fits_type(uint8_t type, struct cursor *c)
{
    switch (type) {
    case PING:
        return passes_string(c, 1) && passes_endpoint(c) && passes_endpoint(c) &&
               passes_expiration(c);
    case PONG:
        return passes_endpoint(c) && passes_string(c, HASH) && passes_expiration(c);
    case FIND_NODE:
        return passes_string(c, NODE) && passes_expiration(c);
    case NEIGHBORS:
        return passes_list(c) && passes_expiration(c);
    case ENR_REQUEST:
        return passes_expiration(c);
    case ENR_RESPONSE:
        return passes_string(c, HASH) && passes_list(c);
    default:
        return false;
    }
}

static enum answer judge_packet(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, TYPE_AT - 1);
    uint8_t recovery = cursor_u8(&c), type = cursor_u8(&c);
    struct item list;
    if (c.ran_short || recovery > 1 || !item_read(&c, &list) || !list.is_list)
        return NO;
    if (!cursor_at_end(&c) || !fits_type(type, &list.bytes))
        return NO;
    return yes(in, "discovery packet", &c);
}

static enum answer judge_stream(struct inspection *in, struct cursor c)
{
    bool is_known = c.size == 0 || in->said_yes & 1u << c.side;
    return is_known ? YES : judge_handshake(in, c);
}

/* A point is beyond doubt: where the other side's beginning was lost, it still is likely. */
static enum answer judge_streams(struct inspection *in)
{
    enum answer client = judge_stream(in, in->client), server = judge_stream(in, in->server);
    if (client != NO && server != NO)
        return client < server ? client : server;
    return both_spoke(in) && (client == YES || server == YES) ? LIKELY : NO;
}

static enum answer validate(struct inspection *in)
{
    return is_udp(in) ? judge_sides(in, judge_packet, judge_packet) : judge_streams(in);
}

static const struct signature signatures[] = {
    {.transports = OVER_UDP,
     .offset = TYPE_AT - 1,
     .size = 3,
     .bytes = "\0\0\xc0",
     .mask = "\xfe\xf8\xc0"},
    {.transports = OVER_TCP, .offset = 0, .size = 3, .bytes = "\0\0\4", .mask = "\xf8\0\xff"},
    {.transports = OVER_TCP, .offset = 0, .size = 1, .bytes = "\4"},
};

const struct cdpi_protocol cdpi_protocol_ethereum = {
    .name = "Ethereum",
    .reference = "github.com/ethereum/devp2p: discv4.md, rlpx.md",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_CRYPTOCURRENCY,
    .is_encrypted = true,
    .tcp_ports = PORTS(30303),
    .udp_ports = PORTS(30303),
    SIGNATURES(signatures),
    .validate = validate,
};
