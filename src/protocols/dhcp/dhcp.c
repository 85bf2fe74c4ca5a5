/* SPDX-License-Identifier: MIT */
/*
 * DHCP, RFC 2131 section 2, in BOOTP's frame (RFC 951): a header of 236 bytes, the cookie 63 82 53
 * 63, options (RFC 2132 section 2). Client and server ports, broadcast addresses and a side's
 * silence are as they come: one message suffices.
 */
#include "protocols/protocol.h"

enum { COOKIE_AT = 236, OPTIONS_AT = 240, PAD = 0, MESSAGE_TYPE = 53, END = 255, LAST_TYPE = 18 };

/* Options up to the end. False where they run over it, or a message type is none. */
static bool options_fit(struct cursor *c, bool cut)
{
    while (cursor_left(c) > 0) {
        uint8_t code = cursor_u8(c);
        if (code == END)
            return true;
        if (code == PAD)
            continue;
        uint8_t size = cursor_u8(c);
        if (code == MESSAGE_TYPE && (size != 1 || cursor_peek(c, 0) > LAST_TYPE))
            return false;
        cursor_skip(c, size);
        if (c->ran_short)
            return cut;
    }
    return true; /* some omit the end */
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t operation = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint8_t address_size = cursor_u8(&c), hops = cursor_u8(&c);
    if ((operation != 1 && operation != 2) || address_size > 16 || hops > 16)
        return NO;
    cursor_seek(&c, COOKIE_AT);
    if (!cursor_accept_text(&c, "\x63\x82\x53\x63"))
        return NO;
    bool fit = options_fit(&c, is_cut(in, &c));
    return fit ? yes(in, operation == 1 ? "request" : "reply", &c) : likely(in, "cookie", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.offset = COOKIE_AT, .size = 4, .bytes = "\x63\x82\x53\x63", .min_size = OPTIONS_AT}};

const struct cdpi_protocol cdpi_protocol_dhcp = {
    .name = "DHCP",
    .reference = "RFC 2131 section 2, RFC 2132",
    .transports = OVER_UDP,
    .category = CATEGORY_NETWORK,
    .is_one_sided = true,
    .udp_ports = PORTS(67, 68),
    SIGNATURES(signatures),
    .validate = validate,
};
