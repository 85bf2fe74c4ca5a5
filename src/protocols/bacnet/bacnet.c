/* SPDX-License-Identifier: MIT */
/*
 * BACnet/IP. ANSI/ASHRAE 135 annex J: each datagram is
 *
 *     81 function(1) length(2)
 *
 * of the whole; functions that carry a message go on with an NPDU (clause 6.2): version 01, control
 * with two reserved bits.
 */
#include "protocols/protocol.h"

enum { RESULT = 0, REGISTER = 5, FORWARDED = 4, SECURE = 12, RESERVED = 0x50 };

static bool carries_npdu(uint8_t function)
{
    return function == FORWARDED || function == 3 || function == 9 || function == 10 ||
           function == 11;
}

/* Clause 6.2 and 20.1: version, control, and the application's PDU type where no addresses stand
 * between. */
static bool is_npdu(struct cursor c)
{
    uint8_t version = cursor_u8(&c), control = cursor_u8(&c);
    if (c.ran_short || version != 1 || control & RESERVED)
        return false;
    bool is_plain = (control & 0xa8) == 0;
    return !is_plain || (cursor_peek(&c, 0) >= 0 && cursor_peek(&c, 0) >> 4 <= 7);
}

static bool size_is_right(uint8_t function, uint16_t length)
{
    switch (function) {
    case RESULT:
    case REGISTER:
        return length == 6;
    case 2: /* read the broadcast table, read and delete foreign devices */
    case 6:
        return length == 4;
    case 8:
        return length == 10;
    case 1:
    case 7:
        return length % 10 == 4;
    default:
        return length >= 6;
    }
}

/* Bytes behind the message: some stacks fill their datagrams up. */
static enum answer judge_padded(struct inspection *in, struct cursor c, uint8_t function,
                                uint16_t length)
{
    bool is_short = length < c.size && carries_npdu(function) && function != FORWARDED;
    return is_short && length >= 8 && is_npdu(c) ? likely(in, "BVLC and NPDU, padded", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_u8(&c) != 0x81)
        return NO;
    uint8_t function = cursor_u8(&c);
    uint16_t length = cursor_u16(&c);
    if (c.ran_short || function > SECURE || !size_is_right(function, length))
        return NO;
    if (!fills_datagram(in, &c, length))
        return judge_padded(in, c, function, length);
    if (!carries_npdu(function))
        return function == RESULT && cursor_u16(&c) <= 0x60 ? yes(in, "result", &c)
                                                            : likely(in, "BVLC message", &c);
    if (function == FORWARDED && !cursor_skip(&c, 6))
        return NO;
    return is_npdu(c) ? yes(in, "BVLC and NPDU", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE_MASKED(0, "\x81\0", "\xff\xf0")};

const struct cdpi_protocol cdpi_protocol_bacnet = {
    .name = "BACnet",
    .reference = "ANSI/ASHRAE 135-2016 annex J.2, clause 6.2",
    .transports = OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .udp_ports = PORTS(47808),
    SIGNATURES(signatures),
    .validate = validate,
};
