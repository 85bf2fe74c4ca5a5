/* SPDX-License-Identifier: MIT */
/*
 * GTP, the mobile core's tunnels. 3GPP TS 29.281 (user plane v1), 29.060 (control v0, v1), 29.274
 * (v2), 32.295 (prime):
 *
 *     version+flags(1) type(1) length(2) ...
 *
 * the length counts what follows the mandatory header; messages are lists of information elements
 * that fill it, or an IP packet (type 255).
 */
#include "framing/inner.h"
#include "protocols/protocol.h"

enum {
    ECHO_REQUEST = 1,
    ECHO_RESPONSE = 2,
    NOT_SUPPORTED = 3,
    ERROR_INDICATION = 26,
    EXTENSIONS = 141, /* a list whose length has one octet, TS 29.281 section 8.5 */
    END_MARKER = 254,
    USER_DATA = 255,
    LAST_CONTROL = 131,
    HEADER_V0 = 20,
    HEADER_V1 = 8,
    HEADER_V2 = 4,
    HEADER_PRIME = 6
};

/* TS 29.060 section 7.7: elements below 128 have fixed sizes; -1: not defined. */
static int fixed_size(uint8_t type)
{
    static const struct {
        uint8_t type, size;
    } elements[] = {
        {1, 1},  {2, 8},  {3, 6},  {4, 4},  {5, 4},  {8, 1},  {9, 28},  {11, 1},  {12, 3}, {13, 1},
        {14, 1}, {15, 1}, {16, 4}, {17, 4}, {18, 5}, {19, 1}, {20, 1},  {21, 1},  {22, 9}, {23, 1},
        {24, 1}, {25, 2}, {26, 2}, {27, 2}, {28, 2}, {29, 1}, {126, 1}, {127, 4},
    };
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
        if (elements[i].type == type)
            return elements[i].size;
    }
    return -1;
}

/* Elements up to the end, exactly; at least one. */
static bool elements_fill(struct cursor c)
{
    bool any = false;
    while (!cursor_at_end(&c)) {
        uint8_t type = cursor_u8(&c);
        int size = type < 128           ? fixed_size(type)
                   : type == EXTENSIONS ? (int)cursor_u8(&c)
                                        : (int)cursor_u16(&c);
        if (size < 0 || !cursor_skip(&c, (uint32_t)size))
            return false;
        any = true;
    }
    return any;
}

/* TS 29.274 section 8.2.1: type(1) length(2) spare+instance(1). */
static bool elements_v2_fill(struct cursor c, bool cut)
{
    bool any = cut;
    while (!cursor_at_end(&c)) {
        uint8_t type = cursor_u8(&c);
        uint16_t size = cursor_u16(&c);
        cursor_skip(&c, 1);
        if (type == 0 || c.ran_short || !cursor_skip(&c, size))
            return type != 0 && cut;
        any = true;
    }
    return any;
}

/* TS 29.281 section 5.2: each extension header says its size in words, and the next one's type. */
static bool skip_extensions(struct cursor *c, uint8_t flags)
{
    if ((flags & 7) == 0)
        return true;
    cursor_skip(c, 3);
    uint8_t next = cursor_u8(c);
    for (int i = 0; (flags & 4) && next != 0 && i < 8; i++) {
        uint8_t words = cursor_u8(c);
        if (words == 0 || !cursor_skip(c, words * 4u - 2))
            return false;
        next = cursor_u8(c);
    }
    return !c->ran_short;
}

/* TS 29.060 table 1: the messages of the control plane. */
static bool is_control(uint8_t type)
{
    return (type >= 1 && type <= 7) || (type >= 16 && type <= 37) || (type >= 48 && type <= 61) ||
           type == 70 || (type >= 96 && type <= 105) || (type >= 112 && type <= 121) || type == 128;
}

static enum answer judge_v1(struct inspection *in, struct cursor c)
{
    uint8_t flags = cursor_u8(&c), type = cursor_u8(&c);
    uint16_t length = cursor_u16(&c);
    uint32_t tunnel = cursor_u32(&c);
    bool fills = fills_datagram(in, &c, HEADER_V1 + (uint32_t)length);
    bool is_padded = type == USER_DATA && HEADER_V1 + (uint32_t)length < c.size;
    if (c.ran_short || flags & 8 || (!fills && !is_padded) || !skip_extensions(&c, flags))
        return NO;
    if (is_padded) {
        c.size = HEADER_V1 + (uint32_t)length;
        bool is_inside = c.at <= c.size && inner_ip(c, false);
        return is_inside ? likely(in, "user plane, padded", &c) : NO;
    }
    switch (type) {
    case USER_DATA:
        return inner_ip(c, is_cut(in, &c)) ? yes(in, "user plane, IP inside", &c)
                                           : likely(in, "user plane", &c);
    case END_MARKER:
        return cursor_at_end(&c) ? likely(in, "end marker", &c) : NO;
    case NOT_SUPPORTED:
        return cursor_at_end(&c) && length <= 4 ? likely(in, "version not supported", &c) : NO;
    case ECHO_REQUEST:
        return tunnel == 0 && length <= 64 ? yes(in, "echo request", &c) : NO;
    default:
        if (type > LAST_CONTROL)
            return NO;
        if (is_cut(in, &c)) /* the size says it, and numbers that are assigned */
            return is_control(type) ? likely(in, "control message, cut", &c) : NO;
        return elements_fill(c) ? yes(in, "control message, version 1", &c) : NO;
    }
}

/* The message behind another one. */
static bool is_v2_to_the_end(struct cursor c)
{
    uint8_t flags = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint16_t length = cursor_u16(&c);
    return flags >> 5 == 2 && !(flags & 0x13) && length >= 8 && length == cursor_left(&c);
}

static enum answer judge_v2(struct inspection *in, struct cursor c)
{
    uint8_t flags = cursor_u8(&c), type = cursor_u8(&c);
    uint16_t length = cursor_u16(&c);
    if (flags & 3 || type == 0)
        return NO;
    bool has_another = flags & 0x10; /* section 5.5.1: a second message follows */
    if (has_another) {
        struct cursor rest = c;
        c = cursor_take(&rest, length);
        if (c.ran_short || !is_v2_to_the_end(rest))
            return NO;
    } else if (!fills_datagram(in, &c, HEADER_V2 + (uint32_t)length))
        return NO;
    cursor_skip(&c, flags & 8 ? 4 : 0);
    uint32_t sequence = cursor_u32(&c); /* and a spare octet */
    bool cut = is_cut(in, &c);
    if (flags == 0x40 && type == NOT_SUPPORTED && c.size == 8) /* has no elements */
        return sequence & 0xff ? NO : likely(in, "version not supported", &c);
    if (c.ran_short || (cut && (has_another || sequence & 0xff)) || !elements_v2_fill(c, cut))
        return NO;
    return cut ? likely(in, "control message, cut", &c) : yes(in, "control message, version 2", &c);
}

/* TS 29.060 section 6 of release 97: three spare octets of ones. */
static enum answer judge_v0(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 2);
    uint16_t length = cursor_u16(&c);
    cursor_skip(&c, 5);
    uint32_t spare = cursor_u24(&c);
    if (c.ran_short || spare != 0xffffff || !fills_datagram(in, &c, HEADER_V0 + (uint32_t)length))
        return NO;
    return yes(in, "version 0", &c);
}

/* TS 32.295 section 6.1: version, PT 0, spare ones. */
static enum answer judge_prime(struct inspection *in, struct cursor c)
{
    uint8_t flags = cursor_u8(&c), type = cursor_u8(&c);
    uint16_t length = cursor_u16(&c);
    bool is_long = flags == 0x0e;
    uint32_t header = is_long ? HEADER_V0 : HEADER_PRIME;
    bool is_type = (type >= 1 && type <= 7) || type == 240 || type == 241;
    if (flags >> 5 > 2 || !is_type || !fills_datagram(in, &c, header + length))
        return NO;
    cursor_skip(&c, header - 4);
    if (c.ran_short)
        return NO;
    return length > 0 && type != 240 && elements_fill(c) ? yes(in, "GTP prime, elements", &c)
                                                         : likely(in, "GTP prime", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    int flags = cursor_peek(&c, 0);
    if (flags < 0)
        return NO;
    if ((flags & 0xf8) == 0x30)
        return judge_v1(in, c);
    if ((flags & 0xe0) == 0x40 && (flags & 0x1f) != 0x0e && (flags & 0x1f) != 0x0f)
        return judge_v2(in, c);
    if ((flags & 0xfe) == 0x1e)
        return judge_v0(in, c);
    return (flags & 0x1e) == 0x0e ? judge_prime(in, c) : NO;
}

/* Both planes, and requests on any of them, may share a pair of ports: one side that fits is enough
 * to be likely. */
static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 1, .bytes = "\x30", .mask = "\xf8", .min_size = 8},
    {.size = 1, .bytes = "\x40", .mask = "\xe3", .min_size = 8, .length = {2, 2, false, 4}},
    {.size = 1, .bytes = "\x50", .mask = "\xf3", .min_size = 24},
    {.size = 1, .bytes = "\x1e", .mask = "\xfe", .min_size = 20, .length = {2, 2, false, 20}},
    {.size = 1, .bytes = "\x0e", .mask = "\x9e", .min_size = 6, .max_size = 0},
};

const struct cdpi_protocol cdpi_protocol_gtp = {
    .name = "GTP",
    .reference = "3GPP TS 29.281, 29.060, 29.274, 32.295",
    .transports = OVER_UDP,
    .category = CATEGORY_TELEPHONY,
    .udp_ports = PORTS(2152, 2123, 3386),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
