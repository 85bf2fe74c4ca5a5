/* SPDX-License-Identifier: MIT */
/*
 * Babel. RFC 8966 section 4.2:
 *
 *     magic(1) = 42 version(1) = 2 body length(2), TLVs: type(1) length(1) value
 *
 * of which type 0 alone pads; then a trailer of TLVs, in which RFC 8967 has its codes (16, with 17 to
 * 19 in the body).
 */
#include "protocols/protocol.h"

enum { HEADER = 4, PADDING = 0, LAST_TYPE = 19, CODE = 16 };

/* RFC 8966 section 4.6: the least length of each type's value. */
static uint8_t least_length(uint8_t type)
{
    static const uint8_t least[LAST_TYPE + 1] = {0, 0, 6, 2, 6, 6, 10, 6, 10, 2, 14};
    return least[type];
}

/* Whether TLVs fill the bytes; where a capture cut them, the last one may go on behind. */
static bool tlvs_fill(struct cursor c, bool is_cut_here)
{
    bool any = false;
    while (!cursor_at_end(&c)) {
        uint8_t type = cursor_u8(&c);
        if (type == PADDING)
            continue;
        uint8_t length = cursor_u8(&c);
        if (c.ran_short)
            return any && is_cut_here;
        if (type > LAST_TYPE || length < least_length(type))
            return false;
        if (!cursor_skip(&c, length))
            return any && is_cut_here;
        any = true;
    }
    return any;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t magic = cursor_u8(&c), version = cursor_u8(&c);
    uint16_t length = cursor_u16(&c);
    if (c.ran_short || magic != 42 || version != 2)
        return NO;
    if (is_cut(in, &c) && length > cursor_left(&c))
        return length <= uncut_size(in, &c) - HEADER && tlvs_fill(c, true) ? likely(in, "TLVs", &c)
                                                                           : NO;
    if (length > cursor_left(&c) || !tlvs_fill(cursor_take(&c, length), false))
        return NO;
    bool has_code = cursor_peek(&c, 0) == CODE && cursor_peek(&c, 1) >= 8;
    if (cursor_at_end(&c) || (has_code && tlvs_fill(c, false)))
        return yes(in, "TLVs", &c);
    return likely(in, "TLVs and trailer", &c);
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
