/* SPDX-License-Identifier: MIT */
/*
 * HSRP. RFC 2281 section 5.1:
 *
 *     version(1) = 0 opcode(1) state(1) hello(1) hold(1) priority(1) group(1) reserved(1)
 *       secret(8) address(4)
 *
 * version 2 (Cisco's documentation of hello packets) is a list of type(1) length(1): 01 28 02
 * opcode state family ... first; advertisements (opcode 3) hold type(2) 1 and a length.
 */
#include "protocols/protocol.h"

enum { V1 = 20, DIGEST = 30, LAST_OPCODE = 2, ADVERTISE = 3, GROUP_STATE = 40, LAST_GROUP = 4095 };

/* Initial 0, learn 1, listen 2, speak 4, standby 8, active 16. */
static bool is_state(uint8_t state)
{
    return state <= 16 && (state & (state - 1)) == 0;
}

/* The secret is text, padded with zeros. */
static bool is_secret(struct cursor c)
{
    bool ended = false;
    while (!cursor_at_end(&c)) {
        uint8_t byte = cursor_u8(&c);
        if (byte == 0 ? false : ended || byte < ' ' || byte > '~')
            return false;
        ended |= byte == 0;
    }
    return true;
}

static enum answer judge_v1(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 1);
    uint8_t opcode = cursor_u8(&c), state = cursor_u8(&c), hello = cursor_u8(&c);
    uint8_t hold = cursor_u8(&c);
    cursor_skip(&c, 2);
    uint8_t reserved = cursor_u8(&c);
    struct cursor secret = cursor_take(&c, 8);
    uint32_t address = cursor_u32(&c);
    if (opcode > LAST_OPCODE || !is_state(state) || hello == 0 || hold < hello || reserved != 0)
        return NO;
    if (c.ran_short) /* cut where its sizes, alone or with MD5's, are known */
        return fills_datagram(in, &c, V1) || fills_datagram(in, &c, V1 + DIGEST)
                   ? likely(in, "hello, cut", &c)
                   : NO;
    if (address == 0 || !is_secret(secret))
        return NO;
    /* Authentication by MD5 (04 1c) follows, the secret is empty then. Or the packet ends here. */
    if (cursor_starts_with(&c, "\x04\x1c"))
        return fills_datagram(in, &c, V1 + DIGEST) ? yes(in, "hello", &c) : NO;
    return cursor_at_end(&c) && cursor_peek(&secret, 0) != 0 ? yes(in, "hello", &c) : NO;
}

static enum answer judge_advertisement(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 2);
    uint16_t type = cursor_u16(&c), length = cursor_u16(&c);
    uint8_t state = cursor_u8(&c);
    if (c.ran_short || type != 1 || length < 8 || length + 6u != c.size || state > 3)
        return NO;
    return yes(in, "advertisement", &c);
}

/* TLVs that fill the datagram, the first of them the group's state. */
static enum answer judge_v2(struct inspection *in, struct cursor c)
{
    struct cursor first = c;
    cursor_skip(&first, 2);
    uint8_t version = cursor_u8(&first), opcode = cursor_u8(&first), state = cursor_u8(&first);
    uint8_t family = cursor_u8(&first);
    uint16_t group = cursor_u16(&first);
    if (first.ran_short || group > LAST_GROUP || version != 2 || opcode > LAST_OPCODE ||
        state > 6 || (family != 4 && family != 6))
        return NO;
    while (!cursor_at_end(&c)) {
        uint8_t type = cursor_u8(&c), length = cursor_u8(&c);
        if (type == 0 || type > 5)
            return NO;
        if (!cursor_skip(&c, length))
            return !is_cut(in, &c)                      ? NO
                   : cursor_left(&first) >= GROUP_STATE ? yes(in, "group state", &first)
                                                        : likely(in, "group state", &first);
    }
    return yes(in, "group state", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_starts_with(&c, "\x01\x28"))
        return judge_v2(in, c);
    if (cursor_peek(&c, 0) != 0)
        return NO;
    return cursor_peek(&c, 1) == ADVERTISE ? judge_advertisement(in, c) : judge_v1(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 8,
     .bytes = "\0\0\0\0\0\0\0\0",
     .mask = "\xff\xfc\xe0\0\0\0\0\xff",
     .min_size = V1,
     .max_size = 50},
    {.size = 4, .bytes = "\0\x03\0\x01", .min_size = 14, .length = {2, 4, false, 6}},
    {.size = 3, .bytes = "\x01\x28\x02", .min_size = GROUP_STATE + 2},
};

const struct cdpi_protocol cdpi_protocol_hsrp = {
    .name = "HSRP",
    .reference = "RFC 2281 section 5.1; Cisco, HSRP version 2",
    .transports = OVER_UDP,
    .category = CATEGORY_ROUTING,
    .is_one_sided = true,
    .udp_ports = PORTS(1985, 2029),
    SIGNATURES(signatures),
    .validate = validate,
};
