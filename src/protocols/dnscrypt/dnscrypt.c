/* SPDX-License-Identifier: MIT */
/*
 * DNSCrypt version 2 (dnscrypt.info/protocol). A query is
 *
 *     the resolver's client magic(8) client's public key(32) half a nonce(12) authenticator(16)
 *       and the question
 *
 * encrypted; the answer is a fixed magic(8) "r6fnvWj8", the nonce whole(24), authenticator(16) and
 * the answer. The client's half begins the nonce again. Over TCP two bytes of size stand before
 * each. The magic of a query differs between resolvers; OpenDNS' is "q6fnvWj8".
 * Towards a relay (Anonymized DNSCrypt) eight bytes ff, two zeros, the resolver's address(16) and
 * port(2) stand before a query.
 */
#include "protocols/protocol.h"

enum {
    NONCE_AT = 40,
    HALF_NONCE = 12,
    LEAST_QUERY = 68,
    LEAST_ANSWER = 48,
    MAGIC = 8,
    RELAYED = 28
};

/* Past TCP's size, which must be that of a message. */
static bool open_message(const struct inspection *in, struct cursor *c, uint32_t least)
{
    if (is_udp(in))
        return uncut_size(in, c) >= least;
    uint16_t size = cursor_u16(c);
    return c->ran_short || size >= least;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (!open_message(in, &c, LEAST_ANSWER))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (!cursor_may_start_with(&c, "r6fnvWj8"))
        return NO;
    bool has_magic = cursor_skip(&c, MAGIC);
    cursor_skip(&c, 24);
    if (!c.ran_short)
        return yes(in, "resolver's magic", &c);
    if (has_magic && is_cut(in, &c))
        return likely(in, "resolver's magic, cut", &c);
    return has_magic ? likely_at_end(in, "resolver's magic, cut", &c) : short_of(in, &c);
}

/* Past what is for the relay. */
static bool pass_relay(struct cursor *c)
{
    if (!cursor_accept_text(c, "\xff\xff\xff\xff\xff\xff\xff\xff\0\0"))
        return false;
    cursor_skip(c, 16);
    return cursor_u16(c) != 0 && !c->ran_short;
}

/* A client alone can be told by OpenDNS' magic only. */
static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (!open_message(in, &c, LEAST_QUERY))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (cursor_accept_text(&c, "q6fnvWj8"))
        return yes(in, "client's magic", &c);
    if (pass_relay(&c))
        return yes(in, "relay's magic", &c);
    return wants(in, SERVER, 1);
}

static bool nonce_returns(const struct inspection *in, struct cursor query, struct cursor answer)
{
    uint32_t header = is_udp(in) ? 0 : 2;
    cursor_skip(&query, header);
    struct cursor relayed = query;
    if (pass_relay(&relayed))
        query = relayed;
    if (!cursor_skip(&query, NONCE_AT) || !cursor_skip(&answer, header + MAGIC))
        return false;
    struct cursor nonce = cursor_take(&query, HALF_NONCE);
    return !nonce.ran_short && cursor_starts(&answer, nonce.data, HALF_NONCE);
}

static enum answer validate(struct inspection *in)
{
    if (!both_spoke(in))
        return judge_sides(in, judge_client, judge_server);
    enum answer server = judge_server(in, in->server);
    if (server != YES)
        return server;
    if (is_cut(in, &in->client))
        return likely(in, "resolver's magic", &in->server);
    if (nonce_returns(in, in->client, in->server))
        return server;
    return is_udp(in) ? likely(in, "resolver's magic", &in->server) : MORE;
}

static const struct signature signatures[] = {
    {.transports = OVER_UDP, .size = 8, .bytes = "r6fnvWj8", .min_size = LEAST_ANSWER},
    {.transports = OVER_UDP, .size = 8, .bytes = "q6fnvWj8", .min_size = LEAST_QUERY},
    {.transports = OVER_UDP,
     .size = 10,
     .bytes = "\xff\xff\xff\xff\xff\xff\xff\xff\0\0",
     .min_size = RELAYED + LEAST_QUERY},
    {.transports = OVER_TCP,
     .offset = 2,
     .size = 10,
     .bytes = "\xff\xff\xff\xff\xff\xff\xff\xff\0\0"},
    {.transports = OVER_TCP, .offset = 2, .size = 8, .bytes = "r6fnvWj8"},
    {.transports = OVER_TCP, .offset = 2, .size = 8, .bytes = "q6fnvWj8"},
};

const struct cdpi_protocol cdpi_protocol_dnscrypt = {
    .name = "DNSCrypt",
    .reference = "DNSCrypt protocol, version 2 (dnscrypt.info/protocol)",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_NETWORK,
    .is_encrypted = true,
    SIGNATURES(signatures),
    .validate = validate,
};
