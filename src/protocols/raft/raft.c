/* SPDX-License-Identifier: MIT */
/*
 * Raft as Canonical's C library speaks it among servers (dqlite, LXD; its src/uv_send and
 * uv_recv): words of eight bytes, little-endian. Who connects says version = 1, its id, the size
 * of its address and that address, padded to eight; then messages of type(8) size(8). The other
 * side does not answer on this connection.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { VERSION = 1, ADDRESS_LIMIT = 272 };

/* "127.0.0.1:9001", "[::1]:9001", "@abstract": text, then zeros only. */
static bool is_address(struct cursor c)
{
    uint32_t letters = 0;
    while (cursor_peek(&c, 0) > ' ' && cursor_peek(&c, 0) < 0x7f) {
        cursor_skip(&c, 1);
        letters++;
    }
    if (cursor_at_end(&c) && letters % 8 != 0)
        return false;
    while (!cursor_at_end(&c)) {
        if (cursor_u8(&c) != 0)
            return false;
    }
    return letters >= 2 && letters + 8 >= c.size;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint64_t version = cursor_le64(&c);
    if (!c.ran_short && version != VERSION)
        return NO;
    uint64_t id = cursor_le64(&c), size = cursor_le64(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (id == 0 || size == 0 || size > ADDRESS_LIMIT || size % 8 != 0)
        return NO;
    struct cursor address = cursor_take(&c, (uint32_t)size);
    if (c.ran_short)
        return short_of(in, &c);
    return is_address(address) ? yes(in, "handshake", &c) : NO;
}

/* A server that speaks here is another protocol's. */
static enum answer validate(struct inspection *in)
{
    if (in->server.size)
        return NO;
    return in->client.size ? judge_client(in, in->client) : wants(in, CLIENT, 1);
}

static const struct signature signatures[] = {
    {.size = 8, .bytes = "\x01\0\0\0\0\0\0\0"},
};

const struct cdpi_protocol cdpi_protocol_raft = {
    .name = "Raft",
    .reference = "canonical/raft: uv_send.c, uv_recv.c, uv_encoding.c",
    .transports = OVER_TCP,
    .category = CATEGORY_CLUSTER,
    .is_one_sided = true,
    SIGNATURES(signatures),
    .validate = validate,
};
