/* SPDX-License-Identifier: MIT */
/*
 * BACnet/IP. ANSI/ASHRAE 135 annex J: each datagram is
 *
 *     81 function(1) length(2)
 *
 * of the whole; functions that carry a message go on with an NPDU (clause 6.2): version 01, control
 * with two reserved bits. BACnet/IPv6 (annex U):
 *
 *     82 function(1) length(2) source(3), often destination(3), an address(18), an NPDU
 *
 * where source and destination are virtual addresses: a device's number of 22 bits, or 01 and 22
 * random ones (annex H.7).
 */
#include "protocols/protocol.h"

enum { BY_V4 = 0x81, BY_V6 = 0x82, RESERVED = 0x50, V4_ADDRESS = 6, V6_ADDRESS = 18 };
enum { V4_RESULT = 0, V4_FORWARDED = 4, V4_DISTRIBUTE = 9, V4_BROADCAST = 11, V4_LAST = 12 };
enum { V6_RESULT = 0, V6_UNICAST, V6_BROADCAST, V6_FORWARDED = 8, V6_DISTRIBUTE = 12 };

/* Clause 6.2.2: where a message goes and whence it comes, each a network, and an address there. */
static bool skip_addresses(struct cursor *c, uint8_t control)
{
    if (control & 0x20) {
        cursor_skip(c, 2);
        cursor_skip(c, cursor_u8(c));
    }
    if (control & 0x08) {
        uint16_t network = cursor_u16(c);
        uint8_t size = cursor_u8(c);
        if (!c->ran_short && (network == 0 || network == 0xffff || size == 0))
            return false;
        cursor_skip(c, size);
    }
    if (control & 0x20)
        cursor_skip(c, 1); /* hops */
    return true;
}

/* Clauses 6.2 and 20.1: version, control, addresses, and the application's PDU type or the
 * network's message. */
static bool is_npdu(const struct inspection *in, struct cursor c)
{
    uint8_t version = cursor_u8(&c), control = cursor_u8(&c);
    if (c.ran_short || version != 1 || control & RESERVED || !skip_addresses(&c, control))
        return false;
    uint8_t type = cursor_u8(&c);
    if (c.ran_short)
        return is_cut(in, &c);
    return control & 0x80 || type >> 4 <= 7;
}

/* Annex J.2. */
static bool size_is_right(uint8_t function, uint16_t length)
{
    switch (function) {
    case V4_RESULT:
    case 5: /* registers a foreign device */
        return length == 6;
    case 2: /* read the broadcast table, read and delete foreign devices */
    case 6:
        return length == 4;
    case 8:
        return length == 10;
    case 1: /* tables of ten bytes */
    case 3:
    case 7:
        return length % 10 == 4;
    default:
        return length >= 6;
    }
}

static bool carries_npdu(uint8_t function)
{
    return function == V4_FORWARDED || (function >= V4_DISTRIBUTE && function <= V4_BROADCAST);
}

/* Bytes behind the message: some stacks fill their datagrams up. */
static enum answer judge_padded(struct inspection *in, struct cursor c, uint8_t function,
                                uint16_t length)
{
    bool is_short = length < c.size && carries_npdu(function) && function != V4_FORWARDED;
    return is_short && length >= 8 && is_npdu(in, c) ? likely(in, "BVLC and NPDU, padded", &c) : NO;
}

/* Annexes J.2.1 and U.2.1: the codes are a function's number, then 0. */
static enum answer judge_result(struct inspection *in, struct cursor c)
{
    uint16_t code = cursor_u16(&c);
    return !c.ran_short && code <= 0xc0 && code % 0x10 == 0 ? yes(in, "result", &c) : NO;
}

static enum answer judge_v4(struct inspection *in, struct cursor c)
{
    uint8_t function = cursor_u8(&c);
    uint16_t length = cursor_u16(&c);
    if (c.ran_short || function > V4_LAST || !size_is_right(function, length))
        return NO;
    if (!fills_datagram(in, &c, length))
        return judge_padded(in, c, function, length);
    if (function == V4_RESULT)
        return judge_result(in, c);
    if (!carries_npdu(function))
        return both_spoke(in) ? yes(in, "BVLC message", &c) : likely(in, "BVLC message", &c);
    if (function == V4_FORWARDED && !cursor_skip(&c, V4_ADDRESS))
        return NO;
    return is_npdu(in, c) ? yes(in, "BVLC and NPDU", &c) : NO;
}

/* Annex U.2: what stands before the NPDU, or the whole of what carries none. */
static const struct {
    uint8_t size;
    bool has_destination, has_npdu;
} v6_functions[] = {
    [V6_RESULT] = {9, false, false},
    [V6_UNICAST] = {10, true, true},
    [V6_BROADCAST] = {7, false, true},
    [3] = {10, true, false}, /* who has this virtual address? */
    [4] = {28, true, false}, /* the same, passed on */
    [5] = {10, true, false}, /* the answer */
    [6] = {7, false, false}, /* which is your virtual address? */
    [7] = {10, true, false}, /* the answer */
    [V6_FORWARDED] = {7 + V6_ADDRESS, false, true},
    [9] = {9, false, false},   /* registers a foreign device */
    [10] = {25, false, false}, /* deletes one */
    [V6_DISTRIBUTE] = {7, false, true},
};

static enum answer judge_v6(struct inspection *in, struct cursor c)
{
    uint8_t function = cursor_u8(&c);
    uint16_t length = cursor_u16(&c);
    if (c.ran_short || function > V6_DISTRIBUTE || !fills_datagram(in, &c, length))
        return NO;
    uint8_t size = v6_functions[function].size;
    bool has_npdu = v6_functions[function].has_npdu;
    if (size == 0 || (has_npdu ? length < size + 3 : length != size))
        return NO;
    bool is_virtual = cursor_peek(&c, 0) < 0x80;
    if (v6_functions[function].has_destination)
        is_virtual = is_virtual && cursor_peek(&c, 3) < 0x80;
    if (!is_virtual)
        return NO;
    cursor_skip(&c, function == V6_RESULT ? 3u : size - 4u);
    if (function == V6_RESULT)
        return judge_result(in, c);
    if (has_npdu)
        return is_npdu(in, c) ? yes(in, "BVLC and NPDU of IPv6", &c) : NO;
    return both_spoke(in) ? yes(in, "BVLC message of IPv6", &c)
                          : likely(in, "BVLC message of IPv6", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t type = cursor_u8(&c);
    return type == BY_V4 ? judge_v4(in, c) : type == BY_V6 ? judge_v6(in, c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x81\0", "\xff\xf0"),
    {.size = 2,
     .bytes = "\x82\0",
     .mask = "\xff\xf0",
     .min_size = 7,
     .length = {.width = 2, .offset = 2}},
};

const struct cdpi_protocol cdpi_protocol_bacnet = {
    .name = "BACnet",
    .reference = "ANSI/ASHRAE 135-2016 annexes J.2 and U.2, clause 6.2",
    .transports = OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .udp_ports = PORTS(47808),
    SIGNATURES(signatures),
    .validate = validate,
};
