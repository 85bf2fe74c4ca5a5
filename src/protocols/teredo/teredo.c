/* SPDX-License-Identifier: MIT */
/*
 * Teredo, RFC 4380 section 5.1.1: an IPv6 packet in a datagram, before it
 *
 *     authentication   0001 id size(1) value size(1) id value nonce(8) confirmation(1)
 *     origin           0000 port(2) address(4), both inverted
 *
 * The packet fills the datagram, or trailers follow it (RFC 6081); its addresses are Teredo's
 * (2001:0::/32), link-local ones, or at least of the world.
 */
#include "protocols/protocol.h"

enum {
    IPV6_HEADER = 40,
    NOTHING = 59, /* RFC 8200 section 4.7 */
    AUTHENTICATION = 1,
    ORIGIN = 0,
    HOP_LIMIT_TOP = 255,
    TEREDO_PREFIX = 0x20010000
};

static bool pass_indicators(struct cursor *c)
{
    if (cursor_peek_u16(c, 0) == AUTHENTICATION) {
        cursor_skip(c, 2);
        uint32_t id = cursor_u8(c), value = cursor_u8(c);
        cursor_skip(c, id + value + 8);
        if (cursor_u8(c) > 1)
            return false;
    }
    if (cursor_left(c) >= 8 && cursor_peek_u16(c, 0) == ORIGIN)
        cursor_skip(c, 8);
    return !c->ran_short;
}

static bool is_teredo(uint32_t prefix)
{
    return prefix == TEREDO_PREFIX || prefix == 0x3ffe831f; /* before the RFC */
}

static bool is_local(uint32_t prefix)
{
    return prefix >> 16 == 0xfe80 || prefix >> 16 == 0xff02;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!pass_indicators(&c))
        return NO;
    uint32_t first = cursor_u32(&c);
    uint32_t length = cursor_u16(&c);
    uint8_t next = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint32_t source = cursor_u32(&c);
    cursor_skip(&c, 12);
    uint32_t target = cursor_u32(&c);
    cursor_skip(&c, 12);
    if (c.ran_short || first >> 28 != 6)
        return NO;
    bool fits = length == cursor_left(&c) || (is_cut(in, &c) && length > cursor_left(&c)) ||
                (next == NOTHING && length <= cursor_left(&c)); /* bubbles with trailers */
    bool is_transport = next == 6 || next == 17 || next == 58 || next == NOTHING || next == 44 ||
                        next == 0 || next == 60;
    bool is_own = is_teredo(source) || is_teredo(target);
    if (!fits || !is_transport || (!is_own && !(is_local(source) && is_local(target))))
        return NO;
    return yes(in, "IPv6 of Teredo's", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 1, .bytes = "\x60", .mask = "\xf0", .min_size = IPV6_HEADER},
    {.size = 2, .bytes = "\0\0", .min_size = IPV6_HEADER + 8},
    {.size = 4, .bytes = "\0\x01\0\0", .min_size = IPV6_HEADER + 13},
};

const struct cdpi_protocol cdpi_protocol_teredo = {
    .name = "Teredo",
    .reference = "RFC 4380 section 5.1.1",
    .transports = OVER_UDP,
    .category = CATEGORY_TUNNEL,
    .udp_ports = PORTS(3544),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
