/* SPDX-License-Identifier: MIT */
/*
 * ZeroTier's peer-to-peer packets. No specification beside the source (ZeroTierOne, node/Packet.hpp
 * and node/Identity.hpp):
 *
 *     packet(8) to(5) from(5) flags, cipher, hops(1) authentication(8) verb(1), then what the verb
 *     says, encrypted
 *
 * The first packet, HELLO, is in the clear: version(1) major(1) minor(1) revision(2) time(8), and
 * the sender's identity, which begins with its address and is a key of 64 bytes. Whoever answers
 * has the two addresses exchanged.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 28,
    TO = 8,
    FROM = 13,
    CIPHER_BITS = 0x38,
    VERB_BITS = 0x1f,
    HELLO = 1,
    LAST_VERSION = 15,
    IDENTITY_TYPE_LAST = 1,
    KEY = 64,
    RESERVED_ADDRESS = 0xff
};

static uint64_t read_address(struct cursor *c)
{
    uint64_t high = cursor_u8(c);
    return high << 32 | cursor_u32(c);
}

static enum answer judge_hello(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, FROM);
    uint64_t from = read_address(&c);
    uint8_t flags = cursor_u8(&c);
    cursor_skip(&c, 8);
    uint8_t verb = cursor_u8(&c), version = cursor_u8(&c), major = cursor_u8(&c);
    cursor_skip(&c, 3 + 8);
    uint64_t identity = read_address(&c);
    uint8_t type = cursor_u8(&c);
    cursor_skip(&c, KEY);
    uint8_t secret = cursor_u8(&c); /* the size of the secret key, which is not sent */
    bool fits = !c.ran_short && !(flags & CIPHER_BITS) && (verb & VERB_BITS) == HELLO &&
                version <= LAST_VERSION && major >= 1 && from == identity && from != 0 &&
                from >> 32 != RESERVED_ADDRESS && type <= IDENTITY_TYPE_LAST && secret == 0;
    return fits ? yes(in, "hello", &c) : NO;
}

/* What answers a packet goes back to its sender. */
static bool is_answer(struct cursor asked, struct cursor reply)
{
    cursor_seek(&asked, TO);
    cursor_seek(&reply, TO);
    uint64_t to = read_address(&asked), from = read_address(&asked);
    uint64_t back_to = read_address(&reply), back_from = read_address(&reply);
    return reply.size >= HEADER && back_to == from && back_from == to;
}

static enum answer validate(struct inspection *in)
{
    bool client_first = in->client.size != 0;
    struct cursor asked = client_first ? in->client : in->server;
    enum answer hello = judge_hello(in, asked);
    if (hello == NO || !both_spoke(in))
        return hello;
    return is_answer(in->client, in->server) ? YES : LIKELY;
}

/* HELLO; a version below 16, major below 16; a time in milliseconds, which begins with 00 00 01
 * from 2004 to 2039. */
static const struct signature signatures[] = {
    {.offset = 27,
     .size = 9,
     .bytes = "\x01\0\0\0\0\0\0\0\x01",
     .mask = "\x1f\xf0\xf0\0\0\0\xff\xff\xff",
     .min_size = 112},
};

const struct cdpi_protocol cdpi_protocol_zerotier = {
    .name = "ZeroTier",
    .reference = "no specification; ZeroTierOne's source, node/Packet.hpp, node/Identity.hpp",
    .transports = OVER_UDP,
    .category = CATEGORY_VPN,
    .is_encrypted = true,
    .udp_ports = PORTS(9993),
    SIGNATURES(signatures),
    .validate = validate,
};
