/* SPDX-License-Identifier: MIT */
/* What the short way of decoding takes, it takes as the general way does: frames of both IP
 * versions and transports, with and without a VLAN tag, between any addresses, with bytes of the
 * headers changed at random, and cut anywhere. */
#include "decode/fast.h"

#include <stdlib.h>

#include "support/check.h"
#include "support/packets.h"

enum { FRAMES = 40000, HEADERS = 58 };

static uint64_t state = 1;

static uint32_t any(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

static struct ends any_ends(void)
{
    bool is_same = any(4) == 0;
    uint32_t address = any(UINT32_MAX);
    uint16_t port = (uint16_t)any(65536);
    return (struct ends){{address, is_same ? address : any(UINT32_MAX)},
                         {port, any(4) ? (uint16_t)any(65536) : port},
                         any(3) == 0};
}

static void add_tag(struct frame *f)
{
    const uint8_t tag[4] = {0x81, 0, (uint8_t)any(256), (uint8_t)any(256)};
    memmove(f->bytes + 16, f->bytes + 12, f->size - 12);
    memcpy(f->bytes + 12, tag, sizeof tag);
    f->size += 4;
}

static void any_frame(struct frame *f)
{
    static const uint8_t payload[64];
    struct ends ends = any_ends();
    uint32_t size = any(4) ? any(sizeof payload) : 0;
    if (any(2))
        build_tcp(f, &ends, any(2), any(UINT32_MAX), (uint8_t)any(256), payload, size);
    else
        build_udp(f, &ends, any(2), payload, size);
    for (uint32_t tags = any(4); tags < 3 && tags; tags--)
        add_tag(f);
    for (uint32_t changes = any(4); changes; changes--)
        f->bytes[12 + any(HEADERS - 12)] = (uint8_t)any(256);
    if (any(4) == 0)
        f->size = any(f->size + 1);
}

static bool keys_match(const struct flow_key *a, const struct flow_key *b)
{
    return a->is_v6 == b->is_v6 && a->ip_protocol == b->ip_protocol && a->domain == b->domain &&
           memcmp(a->port, b->port, sizeof a->port) == 0 &&
           memcmp(&a->address, &b->address, a->is_v6 ? 32 : 8) == 0;
}

static bool packets_match(const struct packet *a, const struct packet *b)
{
    return keys_match(&a->key, &b->key) && a->hash == b->hash && a->direction == b->direction &&
           a->tcp_flags == b->tcp_flags && a->vlan == b->vlan && a->payload == b->payload &&
           a->payload_size == b->payload_size && a->payload_wire == b->payload_wire &&
           (a->key.ip_protocol != IP_TCP || a->sequence == b->sequence) &&
           a->frame_length == b->frame_length && a->ip == b->ip && a->ip_size == b->ip_size;
}

/* Returns whether the short way took it. */
static bool decode_both(const struct decoder *decoder, const uint8_t *bytes, uint32_t size)
{
    struct packet fast, slow;
    enum fast kind = decode_fast(decoder, bytes, size, size + 7, LINK_ETHERNET, &fast);
    if (kind == FAST_NOT)
        return false;
    CHECK(decode_frame_slowly(decoder, bytes, size, size + 7, LINK_ETHERNET, &slow) == DECODE_FLOW);
    CHECK((kind == FAST_IPV6) == fast.key.is_v6);
    CHECK(packets_match(&fast, &slow));
    return true;
}

int main(void)
{
    static const struct decoder decoder = {.hash_key = {0x1234567890abcdef, 0xfedcba0987654321}};
    static const struct decoder strict = {.hash_key = {1, 2}, .vlan_strict = true};
    unsigned taken = 0;
    for (unsigned i = 0; i < FRAMES; i++) {
        struct frame f;
        any_frame(&f);
        uint8_t *bytes = malloc(f.size + 1); /* the sanitizers see what is read behind it */
        if (!bytes)
            return 1;
        memcpy(bytes + 1, f.bytes, f.size);
        taken += decode_both(&decoder, bytes + 1, f.size);
        decode_both(&strict, bytes + 1, f.size);
        free(bytes);
    }
    CHECK(taken > FRAMES / 4);
    return CHECKS_END("fast_test");
}
