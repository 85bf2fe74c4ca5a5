/* SPDX-License-Identifier: MIT */
/*
 * Hazelcast's clients (Hazelcast Open Binary Client Protocol 2.0, Client Message Framing): the
 * client begins with "CP2", then messages of frames: size(4) flags(2), little-endian, of which the
 * first has type(4) correlation(8) partition(4). It authenticates first, type 0x000100 or 0x000200;
 * the answer has the lowest bit set.
 */
#include "protocols/protocol.h"

enum { UNFRAGMENTED = 0xc000, AUTHENTICATE = 0x100, CUSTOM = 0x200, LEAST = 18, MOST = 512 };

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

static enum answer judge_client(struct inspection *in, struct cursor c)
{
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
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "CP2"),
};

const struct cdpi_protocol cdpi_protocol_hazelcast = {
    .name = "Hazelcast",
    .reference = "Hazelcast Open Binary Client Protocol 2.0: Client Message Framing",
    .transports = OVER_TCP,
    .category = CATEGORY_CLUSTER,
    .tcp_ports = PORTS(5701),
    SIGNATURES(signatures),
    .validate = validate,
};
