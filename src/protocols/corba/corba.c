/* SPDX-License-Identifier: MIT */
/*
 * CORBA's GIOP, OMG CORBA 3.3 part 2 section 9.4: "GIOP" major(1) = 1 minor(1) 0 to 3, flags(1),
 * type(1) 0 to 7, size(4). Compressed (ZIOP, section 9.11) it begins with "ZIOP". Over UDP in MIOP
 * (section 11.3.2): "MIOP" 0x10, flags(1), size(2), number(4), of how many(4), identifier's
 * size(4).
 */
#include "protocols/protocol.h"

enum { LAST_MINOR = 3, LAST_TYPE = 7, MIOP_VERSION = 0x10, IDENTIFIER_LIMIT = 252 };

static enum answer judge_giop(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "GIOP\x01") && !cursor_may_start_with(&c, "ZIOP\x01"))
        return NO;
    cursor_skip(&c, 5);
    uint8_t minor = cursor_u8(&c), flags = cursor_u8(&c), type = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (minor > LAST_MINOR || flags & 0xf0 || type > LAST_TYPE)
        return NO;
    return yes(in, "GIOP header", &c);
}

static enum answer judge_miop(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 4);
    uint8_t version = cursor_u8(&c);
    bool little = cursor_u8(&c) & 1;
    cursor_skip(&c, 2);
    uint32_t number = little ? cursor_le32(&c) : cursor_u32(&c);
    uint32_t packets = little ? cursor_le32(&c) : cursor_u32(&c);
    uint32_t identifier = little ? cursor_le32(&c) : cursor_u32(&c);
    if (c.ran_short || version != MIOP_VERSION || identifier > IDENTIFIER_LIMIT)
        return NO;
    return packets == 0 || number <= packets ? yes(in, "MIOP header", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    return is_udp(in) && cursor_starts_with(&c, "MIOP") ? judge_miop(in, c) : judge_giop(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "GIOP\x01"),
    SIGNATURE(0, "ZIOP\x01"),
    {.transports = OVER_UDP, .size = 5, .bytes = "MIOP\x10"}};

const struct cdpi_protocol cdpi_protocol_corba = {
    .name = "CORBA",
    .reference = "OMG CORBA 3.3 part 2 sections 9 and 11",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_RPC,
    SIGNATURES(signatures),
    .validate = validate,
};
