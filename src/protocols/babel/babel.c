/* SPDX-License-Identifier: MIT */
/*
 * Babel. RFC 8966 section 4.2:
 *
 *     magic(1) = 42 version(1) = 2 body length(2), TLVs: type(1) length(1) value, type 0 alone
 * pads; then a trailer
 */
#include "protocols/protocol.h"

enum { HEADER = 4, PADDING = 0, LAST_TYPE = 18 };

/* RFC 8966 section 4.6: the least length of each type's value. */
static uint8_t least_length(uint8_t type)
{
    static const uint8_t least[LAST_TYPE + 1] = {0, 0, 6, 2, 6, 6, 10, 6, 10, 2, 14};
    return least[type];
}

static bool tlvs_fill(struct cursor c)
{
    bool any = false;
    while (!cursor_at_end(&c)) {
        uint8_t type = cursor_u8(&c);
        if (type == PADDING)
            continue;
        uint8_t length = cursor_u8(&c);
        if (type > LAST_TYPE || length < least_length(type) || !cursor_skip(&c, length))
            return false;
        any = true;
    }
    return any;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t magic = cursor_u8(&c), version = cursor_u8(&c);
    uint16_t length = cursor_u16(&c);
    if (magic != 42 || version != 2 || length > cursor_left(&c))
        return NO;
    bool is_whole = length == cursor_left(&c);
    if (!tlvs_fill(cursor_take(&c, length)))
        return NO;
    return is_whole ? yes(in, "TLVs", &c) : likely(in, "TLVs and trailer", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "\x2a\x02")};

const struct cdpi_protocol cdpi_protocol_babel = {
    .name = "Babel",
    .reference = "RFC 8966 section 4",
    .transports = OVER_UDP,
    .category = CATEGORY_ROUTING,
    .is_one_sided = true,
    .udp_ports = PORTS(6696),
    SIGNATURES(signatures),
    .validate = validate,
};
