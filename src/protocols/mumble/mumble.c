/* SPDX-License-Identifier: MIT */
/*
 * Mumble's ping over UDP, which clients send to servers of their list (Mumble's protocol
 * documentation, "UDP connectivity checks"):
 *
 *     request   zeros(4) identifier(8)
 *     answer    version(4) identifier(8) users(4) limit(4) bandwidth(4)
 *
 * From 1.5 on also in Protocol Buffers behind a byte of 1 (MumbleUDP.proto, message Ping): field 1
 * the identifier, 2 whether details are asked for; 3 version, 4 users, 5 limit, 6 bandwidth.
 *
 * Voice is encrypted, and the control channel is TLS: neither is told.
 */
#include "protocols/protocol.h"

enum { REQUEST = 12, ANSWER = 24, USERS_LIMIT = 100000, BANDWIDTH_LIMIT = 100000000 };
enum { NEW_PING = 1, NEW_LEAST = 3, NEW_MOST = 48, LAST_MINOR = 9 };
enum { IDENTIFIER = 0x08, DETAILS = 0x10, VERSION = 0x18, USERS = 0x20, LIMIT = 0x28, BAND = 0x30 };

struct ping {
    bool is_request;
    uint64_t identifier, version, users, limit, bandwidth; /* version: 16 bits a part */
};

/* Seven bits an octet, low first; false where it does not end. */
static bool take_varint(struct cursor *c, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte = cursor_u8(c);
        *value |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
        if (!(byte & 0x80))
            return !c->ran_short;
    }
    return false;
}

/* Fields in their order; zeros are left out. */
static bool read_new(struct cursor c, struct ping *p)
{
    uint64_t details = 0;
    uint8_t last = 0;
    cursor_skip(&c, 1);
    while (!cursor_at_end(&c)) {
        uint8_t field = cursor_u8(&c);
        uint64_t *value = field == IDENTIFIER ? &p->identifier
                          : field == DETAILS  ? &details
                          : field == VERSION  ? &p->version
                          : field == USERS    ? &p->users
                          : field == LIMIT    ? &p->limit
                          : field == BAND     ? &p->bandwidth
                                              : NULL;
        if (!value || field <= last || !take_varint(&c, value))
            return false;
        last = field;
    }
    p->is_request = p->version == 0;
    return details <= 1 && (!p->is_request || last <= DETAILS);
}

static bool read_old(struct cursor c, struct ping *p)
{
    uint32_t version = cursor_u32(&c);
    p->identifier = cursor_u64(&c);
    p->is_request = version == 0;
    if (p->is_request || c.ran_short)
        return c.size == REQUEST;
    p->version = (uint64_t)(version >> 16) << 48 | (uint64_t)(version >> 8 & 0xff) << 32;
    p->users = cursor_u32(&c);
    p->limit = cursor_u32(&c);
    p->bandwidth = cursor_u32(&c);
    return c.size == ANSWER;
}

static bool read_ping(struct cursor c, struct ping *p)
{
    *p = (struct ping){0};
    return (cursor_peek(&c, 0) == NEW_PING ? read_new(c, p) : read_old(c, p)) && p->identifier != 0;
}

/* Version 1.2 to 1.5. */
static bool is_answer(const struct ping *p)
{
    return !p->is_request && p->version >> 48 == 1 && (p->version >> 32 & 0xffff) <= LAST_MINOR &&
           p->users <= p->limit && p->limit > 0 && p->limit <= USERS_LIMIT && p->bandwidth > 0 &&
           p->bandwidth <= BANDWIDTH_LIMIT;
}

/* An answer is likely by itself; beyond doubt it is by the request's identifier. */
static enum answer validate(struct inspection *in)
{
    struct ping asked, told;
    if (in->client.size && (!read_ping(in->client, &asked) || !asked.is_request))
        return NO;
    if (!in->server.size)
        return in->is_final || !in->client.size ? NO : wants(in, SERVER, 1);
    struct cursor c = in->server;
    if (!read_ping(c, &told) || !is_answer(&told))
        return NO;
    c.at = c.size;
    if (!in->client.size)
        return likely(in, "answer to a ping", &c);
    return asked.identifier == told.identifier ? yes(in, "answer to a ping", &c) : NO;
}

static const struct signature signatures[] = {
    {.size = 4, .bytes = "\0\0\0\0", .min_size = REQUEST, .max_size = REQUEST},
    {.size = 3,
     .bytes = "\0\x01\0",
     .mask = "\xff\xff\xf0",
     .min_size = ANSWER,
     .max_size = ANSWER},
    {.size = 2, .bytes = "\x01\x08", .min_size = NEW_LEAST, .max_size = NEW_MOST},
};

const struct cdpi_protocol cdpi_protocol_mumble = {
    .name = "Mumble",
    .reference = "Mumble's protocol documentation: UDP ping packet; MumbleUDP.proto",
    .transports = OVER_UDP,
    .category = CATEGORY_VOICE,
    .udp_ports = PORTS(64738),
    SIGNATURES(signatures),
    .validate = validate,
};
