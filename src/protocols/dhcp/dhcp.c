/* SPDX-License-Identifier: MIT */
/*
 * DHCP, RFC 2131 section 2, in BOOTP's frame (RFC 951): a header of 236 bytes, the cookie 63 82 53
 * 63, options (RFC 2132 section 2). Client and server ports, broadcast addresses and a side's
 * silence are as they come: one message suffices.
 */
#include "protocols/protocol.h"

enum {
    COOKIE_AT = 236,
    OPTIONS_AT = 240,
    BOOTP_SIZE = 236 /* without any options */,
    PAD = 0,
    MESSAGE_TYPE = 53,
    END = 255,
    LAST_TYPE = 18
};

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

/* Without the cookie, in old BOOTP or a cut capture, there is the header: Ethernet's type and size,
 * one flag, an address of six bytes in a field of sixteen. */
static enum answer judge_header(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 1);
    uint16_t hardware = cursor_u16(&c);
    uint8_t hops = cursor_u8(&c);
    cursor_skip(&c, 6);
    uint16_t flags = cursor_u16(&c);
    cursor_skip(&c, 16);
    uint64_t address = (uint64_t)cursor_u16(&c) << 32 | cursor_u32(&c);
    uint64_t padding = cursor_u64(&c) | cursor_u16(&c);
    if (c.ran_short || hardware != 0x0106 || hops > 4 || flags & 0x7fff || !address || padding)
        return NO;
    if (c.size < BOOTP_SIZE && !is_cut(in, &c))
        return NO;
    return likely(in, "BOOTP header", &c);
}

/* Too little of it was captured for that: then its first words, and a size that holds the
 * header. */
static enum answer judge_cut(struct inspection *in, struct cursor c)
{
    uint8_t operation = cursor_u8(&c);
    uint16_t hardware = cursor_u16(&c);
    uint8_t hops = cursor_u8(&c);
    cursor_skip(&c, 6);
    uint16_t flags = cursor_u16(&c);
    bool is_begin = (operation == 1 || operation == 2) && hardware == 0x0106 && hops <= 4 &&
                    !(flags & 0x7fff) && !c.ran_short;
    return is_begin && uncut_size(in, &c) >= COOKIE_AT ? likely(in, "header, cut", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct cursor start = c;
    uint8_t operation = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint8_t address_size = cursor_u8(&c), hops = cursor_u8(&c);
    if (is_cut(in, &c) && c.size < 44)
        return judge_cut(in, start);
    if ((operation != 1 && operation != 2) || address_size > 16 || hops > 64)
        return NO;
    cursor_seek(&c, COOKIE_AT);
    if (!cursor_accept_text(&c, "\x63\x82\x53\x63"))
        return judge_header(in, start);
    bool fit = options_fit(&c, is_cut(in, &c));
    return fit ? yes(in, operation == 1 ? "request" : "reply", &c) : likely(in, "cookie", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 4, .bytes = "\0\x01\x06\0", .mask = "\xfc\xff\xff\xf8", .min_size = COOKIE_AT},
    {.offset = COOKIE_AT, .size = 4, .bytes = "\x63\x82\x53\x63", .min_size = OPTIONS_AT}};

const struct cdpi_protocol cdpi_protocol_dhcp = {
    .name = "DHCP",
    .reference = "RFC 2131 section 2, RFC 2132",
    .transports = OVER_UDP,
    .category = CATEGORY_NETWORK,
    .is_one_sided = true,
    .udp_ports = PORTS(67, 68),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
