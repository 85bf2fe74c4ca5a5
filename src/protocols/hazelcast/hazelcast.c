/* SPDX-License-Identifier: MIT */
/*
 * Hazelcast's clients (Hazelcast Open Binary Client Protocol 2.0, Client Message Framing): the
 * client begins with "CP2", then messages of frames: size(4) flags(2), little-endian, of which the
 * first has type(4) correlation(8) partition(4). It authenticates first, type 0x000100 or 0x000200;
 * the answer has the lowest bit set. Clients of Hazelcast 3 begin with "CB2" and messages of
 * length(4) version(1) = 1 flags(1) type(2), little-endian.
 *
 * Members begin with "HZC" on both sides, and packets, big-endian, of
 *
 *     version(1) = 4 flags(2) partition(4) size(4)
 *
 * of which the first, the handshake, is of no partition (-1); "HZX" refuses another protocol.
 */
#include "protocols/protocol.h"

enum {
    UNFRAGMENTED = 0xc000,
    AUTHENTICATE = 0x100,
    CUSTOM = 0x200,
    LEAST = 18,
    MOST = 512,
    LEAST_OLD = 18,
    MOST_OLD = 4096,
    MEMBERS_VERSION = 4,
    MOST_PACKET = 0x10000
};

static enum answer judge_frame(struct inspection *in, struct cursor *c, uint32_t answer)
{
    uint32_t size = cursor_le32(c);
    uint16_t flags = cursor_le16(c);
    uint32_t type = cursor_le32(c);
    if (c->ran_short)
        return short_of(in, c);
    if (size < LEAST || size > MOST || (flags & UNFRAGMENTED) != UNFRAGMENTED || flags & 0x00ff)
        return NO;
    if (type != (AUTHENTICATE | answer) && type != (CUSTOM | answer))
        return NO;
    return yes(in, answer ? "authenticated" : "authenticates", c);
}

/* Hazelcast 3: authentication is type 2, with credentials of one's own 3. */
static enum answer judge_old(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 3);
    uint32_t size = cursor_le32(&c);
    uint8_t version = cursor_u8(&c), flags = cursor_u8(&c);
    uint16_t type = cursor_le16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_login = version == 1 && flags == 0xc0 && (type == 2 || type == 3);
    return is_login && size >= LEAST_OLD && size <= MOST_OLD ? yes(in, "authenticates", &c) : NO;
}

/* A member's first packet; who was called may only have answered "HZC". */
static enum answer judge_member(struct inspection *in, struct cursor c)
{
    if (cursor_may_start_with(&c, "HZX") && c.size == 3)
        return in->client.size ? yes(in, "refused", &c) : NO;
    if (!cursor_may_start_with(&c, "HZC"))
        return NO;
    if (!cursor_skip(&c, 3))
        return short_of(in, &c);
    if (cursor_at_end(&c) && c.side == SERVER && in->client.size > 3)
        return yes(in, "member", &c);
    uint8_t version = cursor_u8(&c);
    uint16_t flags = cursor_u16(&c); /* urgent, type, and what types add: seven bits */
    uint32_t partition = cursor_u32(&c), size = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_handshake = version == MEMBERS_VERSION && flags < 0x80 && partition == UINT32_MAX;
    return is_handshake && size > 0 && size < MOST_PACKET ? yes(in, "member", &c) : NO;
}

static bool is_member(const struct cursor *c)
{
    return c->size && cursor_may_start_with(c, "HZ");
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (is_member(&c))
        return judge_member(in, c);
    if (cursor_starts_with(&c, "CB2"))
        return judge_old(in, c);
    if (cursor_may_start_with(&c, "CB2") && c.size < 3)
        return short_of(in, &c);
    if (!cursor_may_start_with(&c, "CP2"))
        return NO;
    return cursor_skip(&c, 3) ? judge_frame(in, &c, 0) : short_of(in, &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    return judge_frame(in, &c, 1);
}

static enum answer validate(struct inspection *in)
{
    if (is_member(&in->server))
        return judge_sides(in, judge_client, judge_member);
    if (cursor_starts_with(&in->client, "CB2"))
        return judge_sides(in, judge_client, NULL);
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "CP2"),
    SIGNATURE(0, "CB2"),
    SIGNATURE(0, "HZC"),
};

const struct cdpi_protocol cdpi_protocol_hazelcast = {
    .name = "Hazelcast",
    .reference = "Hazelcast Open Binary Client Protocol 2.0: Client Message Framing; members as "
                 "Hazelcast's nio/PacketIOHelper writes them",
    .transports = OVER_TCP,
    .category = CATEGORY_CLUSTER,
    .tcp_ports = PORTS(5701),
    SIGNATURES(signatures),
    .validate = validate,
};
