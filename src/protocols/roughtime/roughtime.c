/* SPDX-License-Identifier: MIT */
/*
 * Roughtime, draft-ietf-ntp-roughtime section 5. A message is a number of tags(4), the offsets of
 * all values but the first(4 each), the tags(4 each), the values; little-endian. In a packet
 * "ROUGHTIM" and the size(4) stand before it; Google's first version had none. A request has NONC,
 * an answer SREP.
 */
#include "protocols/protocol.h"

enum { TAGS_LIMIT = 16, LEAST_REQUEST = 1000 };

/* Offsets rise in steps of four and stay within the values. */
static bool offsets_fit(struct cursor *c, uint32_t tags, uint32_t values)
{
    uint32_t last = 0;
    for (uint32_t i = 1; i < tags; i++) {
        uint32_t offset = cursor_le32(c);
        if (offset & 3 || offset < last || offset > values)
            return false;
        last = offset;
    }
    return !c->ran_short;
}

static bool has_tag(struct cursor *c, uint32_t tags)
{
    bool found = false;
    for (uint32_t i = 0; i < tags; i++) {
        found |= cursor_starts_with(c, "NONC") || cursor_starts_with(c, "SREP");
        cursor_skip(c, 4);
    }
    return found && !c->ran_short;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    bool is_framed = cursor_accept_text(&c, "ROUGHTIM");
    if (is_framed && cursor_le32(&c) != cursor_left(&c) && !is_cut(in, &c))
        return NO;
    uint32_t room = cursor_left(&c);
    uint32_t tags = cursor_le32(&c);
    if (c.ran_short || tags < 2 || tags > TAGS_LIMIT || room < tags * 8)
        return NO;
    uint32_t values = is_cut(in, &c) ? UINT16_MAX : room - tags * 8;
    if (!offsets_fit(&c, tags, values) || !has_tag(&c, tags))
        return NO;
    return yes(in, is_framed ? "framed message" : "message", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "ROUGHTIM"),
    {.size = 8,
     .bytes = "\0\0\0\0\0\0\0\0",
     .mask = "\xe0\xff\xff\xff\x03\0\xff\xff",
     .min_size = 64},
};

const struct cdpi_protocol cdpi_protocol_roughtime = {
    .name = "Roughtime",
    .reference = "draft-ietf-ntp-roughtime section 5",
    .transports = OVER_UDP,
    .category = CATEGORY_NETWORK,
    .udp_ports = PORTS(2002),
    SIGNATURES(signatures),
    .validate = validate,
};
