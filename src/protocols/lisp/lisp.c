/* SPDX-License-Identifier: MIT */
/*
 * LISP. RFC 9301 section 5 (control) and RFC 9300 section 5 (data):
 *
 *     8x 00 00 00 and an IP packet                        encapsulated control
 *     1x, 2x, 3x, 4x ... count(1) nonce(8) ...            map request, reply, register, notify,
 *     5x ...                                              acknowledgement of that
 *     70 00 00 00, 78 00 00 00                            information request, reply
 *     flags(1) nonce(3) instance or status bits(4) and an IP packet
 *
 * Registers and notifies go on with key id(2), length(2) of the authentication: 20 octets of SHA-1,
 * 32 of SHA-256, or fewer.
 */
#include "framing/inner.h"
#include "protocols/protocol.h"

enum {
    NONCE = 0x80,
    LOCATORS = 0x40,
    ECHO = 0x20,
    VERSIONS = 0x10,
    INSTANCE = 0x08,
    KEY = 0x07,
    LAST_KEY = 3,
    MOST_RECORDS = 32
};

/* RFC 9301 section 5.6: the first record's family of addresses: IPv4, IPv6, LCAF, MAC. */
static bool is_family(uint16_t family)
{
    return family == 1 || family == 2 || family == 16387 || family == 16389;
}

/* What the algorithms give, or the 96 and 128 bits of it that RFC 9301 section 12.5 names. */
static bool is_authentication(uint16_t length)
{
    return length == 12 || length == 16 || length == 20 || length == 32;
}

static enum answer judge_register(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 3);
    uint8_t records = cursor_u8(&c);
    cursor_skip(&c, 8);
    uint16_t key = cursor_u16(&c) & 0xff, length = cursor_u16(&c);
    if (c.ran_short || records == 0 || key > LAST_KEY || !is_authentication(length))
        return NO;
    if (!cursor_skip(&c, length)) /* key and length are 27 bits */
        return is_cut(in, &c) && records <= MOST_RECORDS ? likely(in, "registration's head", &c)
                                                         : NO;
    cursor_skip(&c, 4);
    uint8_t locators = cursor_u8(&c), mask = cursor_u8(&c);
    cursor_skip(&c, 4);
    uint16_t family = cursor_u16(&c);
    if (c.ran_short || locators == 0 || locators > 32 || mask > 128 || !is_family(family))
        return NO;
    return yes(in, "registration", &c);
}

/* A family and its address: none, IPv4, IPv6, a list (RFC 8060) with its length. */
static bool pass_address(struct cursor *c)
{
    switch (cursor_u16(c)) {
    case 0:
        return !c->ran_short;
    case 1:
        return cursor_skip(c, 4);
    case 2:
        return cursor_skip(c, 16);
    case 16387:
        cursor_skip(c, 4);
        return cursor_skip(c, cursor_u16(c)) && !c->ran_short;
    case 16389:
        return cursor_skip(c, 6);
    default:
        return false;
    }
}

/* RFC 9301 section 5.2: who asks, where it is, what for. */
static enum answer judge_request(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 2);
    uint8_t locators = (cursor_u8(&c) & 0x1f) + 1, records = cursor_u8(&c);
    cursor_skip(&c, 8);
    if (records == 0 || records > 8 || !pass_address(&c))
        return NO;
    for (; locators > 0; locators--) {
        if (cursor_peek_u16(&c, 0) == 0 || !pass_address(&c))
            return NO;
    }
    for (; records > 0; records--) {
        uint8_t reserved = cursor_u8(&c), mask = cursor_u8(&c);
        if (c.ran_short || reserved != 0 || mask > 128 || cursor_peek_u16(&c, 0) == 0 ||
            !pass_address(&c))
            return NO;
    }
    return yes(in, "map request", &c);
}

/* draft-ermagan-lisp-nat-traversal section 4.1: authentication, time to live, zero, a prefix; then
 * no family in a request, a list in a reply. */
static enum answer judge_information(struct inspection *in, struct cursor c)
{
    bool is_reply = cursor_u8(&c) & 0x08;
    cursor_skip(&c, 3 + 8);
    uint16_t key = cursor_u16(&c) & 0xff, length = cursor_u16(&c);
    if (c.ran_short || key > LAST_KEY || (length != 0 && !is_authentication(length)))
        return NO;
    cursor_skip(&c, length);
    cursor_skip(&c, 4);
    uint8_t reserved = cursor_u8(&c), mask = cursor_u8(&c);
    if (c.ran_short || reserved != 0 || mask > 128 || !pass_address(&c))
        return NO;
    uint16_t family = cursor_peek_u16(&c, 0);
    if (family != (is_reply ? 16387 : 0) || !pass_address(&c) || !cursor_at_end(&c))
        return NO;
    return yes(in, is_reply ? "information reply" : "information request", &c);
}

/* Section 5.4: time to live, locators, a prefix; each locator with its weights. */
static enum answer judge_reply(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 3);
    uint8_t records = cursor_u8(&c);
    cursor_skip(&c, 8);
    if (records == 0 || records > 32)
        return NO;
    for (; records > 0; records--) {
        cursor_skip(&c, 4);
        uint8_t locators = cursor_u8(&c), mask = cursor_u8(&c);
        cursor_skip(&c, 4);
        if (c.ran_short || locators > 32 || mask > 128 || !is_family(cursor_peek_u16(&c, 0)) ||
            !pass_address(&c))
            return NO;
        for (; locators > 0; locators--) {
            if (!cursor_skip(&c, 6) || !is_family(cursor_peek_u16(&c, 0)) || !pass_address(&c))
                return NO;
        }
    }
    return cursor_at_end(&c) ? yes(in, "map reply", &c) : NO;
}

/* RFC 9300 section 5.3: the echo and nonce bits go together, nonce and versions exclude each
 * other. */
static enum answer judge_data(struct inspection *in, struct cursor c)
{
    uint8_t flags = cursor_u8(&c);
    bool is_sound = flags != 0 && !(flags & KEY) && (!(flags & ECHO) || flags & NONCE) &&
                    !(flags & NONCE && flags & VERSIONS) &&
                    flags & (NONCE | LOCATORS | VERSIONS | INSTANCE);
    cursor_skip(&c, 7);
    if (c.ran_short || !is_sound)
        return NO;
    bool is_cut_off = is_cut(in, &c);
    if (inner_ipv4(c, is_cut_off) && (is_cut_off || cursor_peek_u16(&c, 2) == cursor_left(&c)))
        return yes(in, "data, IPv4 inside", &c);
    return inner_ipv6(c, is_cut_off) ? likely(in, "data, IPv6 inside", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct cursor inside = c;
    uint32_t first = cursor_u32(&inside);
    if ((first & 0xf0ffffff) == 0x80000000 && inner_ip(inside, is_cut(in, &c)))
        return yes(in, "encapsulated control", &inside);
    if (first >> 28 >= 3 && first >> 28 <= 5) {
        enum answer answer = judge_register(in, c);
        if (answer != NO)
            return answer;
    }
    if (first >> 28 == 1 && judge_request(in, c) == YES)
        return YES;
    if (first >> 28 == 2 && judge_reply(in, c) == YES)
        return YES;
    if ((first & 0xf7ffffff) == 0x70000000)
        return judge_information(in, c);
    return judge_data(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x80\0\0\0", "\xf0\xff\xff\xff"),
    {.size = 15,
     .bytes = "\x30\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
     .mask = "\xf0\0\0\0\0\0\0\0\0\0\0\0\xf8\xf8\xff"},
    {.size = 15,
     .bytes = "\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
     .mask = "\xf0\0\0\0\0\0\0\0\0\0\0\0\xf8\xf8\xff"},
    {.size = 15,
     .bytes = "\x50\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
     .mask = "\xf0\0\0\0\0\0\0\0\0\0\0\0\xf8\xf8\xff"},
    {.size = 4, .bytes = "\x70\0\0\0", .mask = "\xf7\xff\xff\xff", .min_size = 26},
    {.size = 13,
     .bytes = "\x10\0\0\0\0\0\0\0\0\0\0\0\0",
     .mask = "\xf0\0\0\xf0\0\0\0\0\0\0\0\0\xbf",
     .min_size = 24},
    {.size = 4, .bytes = "\x20\0\0\0", .mask = "\xf1\xff\xff\xe0", .min_size = 28},
    {.offset = 8,
     .size = 2,
     .bytes = "\x45\0",
     .mask = "\xff\0",
     .min_size = 28,
     .length = {2, 10, false, 8}},
    {.offset = 8,
     .size = 1,
     .bytes = "\x60",
     .mask = "\xf0",
     .min_size = 48,
     .length = {2, 12, false, 48}},
};

const struct cdpi_protocol cdpi_protocol_lisp = {
    .name = "LISP",
    .reference = "RFC 9300 section 5, RFC 9301 section 5",
    .transports = OVER_UDP,
    .category = CATEGORY_TUNNEL,
    .is_one_sided = true,
    .udp_ports = PORTS(4341, 4342),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
