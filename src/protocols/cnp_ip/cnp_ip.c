/* SPDX-License-Identifier: MIT */
/*
 * LonWorks over IP. ANSI/CEA-852 (EN 14908-4) clause 8, each message:
 *
 *     length(2) version(1) = 1 type(1) extension(1) flags(1) vendor(2) session(4) sequence(4)
 *       time(4)
 *
 * length of the whole.
 */
#include "protocols/protocol.h"

enum { HEADER = 20 };

/* Data, device registration and configuration, channel membership and routing, send lists,
 * statistics. */
static bool is_type(uint8_t type)
{
    return type == 0x01 || (type >= 0x03 && type <= 0x08) || (type >= 0x60 && type <= 0x7f);
}

/* In a stream: the bytes end with the message, or another begins behind it. */
static bool is_message_whole(const struct cursor *c, uint32_t length)
{
    uint32_t ahead = length - c->at;
    return c->size == length || (cursor_left(c) > ahead + 3 && cursor_peek(c, ahead + 2) == 1 &&
                                 is_type((uint8_t)cursor_peek(c, ahead + 3)));
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint16_t length = cursor_u16(&c);
    uint8_t version = cursor_u8(&c), type = cursor_u8(&c), extension = cursor_u8(&c);
    uint8_t flags = cursor_u8(&c);
    uint16_t vendor = cursor_u16(&c);
    cursor_skip(&c, 12);
    if (c.ran_short)
        return short_of(in, &c);
    if (version != 1 || !is_type(type) || flags & 0x1f || vendor != 0 || length < HEADER ||
        HEADER + extension * 4u > length || (is_udp(in) && !fills_datagram(in, &c, length)))
        return NO;
    return is_udp(in) || is_message_whole(&c, length) ? yes(in, "message header", &c)
                                                      : likely(in, "message header", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.offset = 2,
     .size = 6,
     .bytes = "\x01\0\0\0\0\0",
     .mask = "\xff\0\xff\x1f\xff\xff",
     .min_size = HEADER},
};

const struct cdpi_protocol cdpi_protocol_cnp_ip = {
    .name = "CNP-IP",
    .reference = "ANSI/CEA-852-B (EN 14908-4) clause 8",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(1628),
    .udp_ports = PORTS(1628),
    SIGNATURES(signatures),
    .validate = validate,
};
