/* SPDX-License-Identifier: MIT */
/*
 * DNP3. IEEE 1815-2012 clause 9.2: each link frame is
 *
 *     05 64 length(1) control(1) destination(2) source(2) crc(2)
 *
 * then blocks of up to 16 octets, each with a CRC of its own. Length counts control, addresses and
 * user data.
 */
#include "framing/crc.h"
#include "protocols/protocol.h"

enum { HEADER = 8, LEAST = 5, BLOCK = 16 };

/* A block of `size` octets and its CRC. */
static bool block_holds(struct cursor *c, uint32_t size)
{
    struct cursor block = cursor_take(c, size);
    uint16_t crc = cursor_le16(c);
    return !c->ran_short && crc == crc16_dnp(block);
}

/* Primary functions 0 to 4 and 9, secondary 0, 1, 11, 14, 15; clause 9.2.4.1.3. */
static bool function_is_known(uint8_t control)
{
    unsigned function = control & 0x0f;
    return control & 0x40 ? function <= 4 || function == 9
                          : function <= 1 || function == 11 || function >= 14;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "\x05\x64"))
        return NO;
    struct cursor header = c;
    cursor_skip(&header, 2);
    uint8_t length = cursor_u8(&header), control = cursor_u8(&header);
    if (!header.ran_short && (length < LEAST || !function_is_known(control)))
        return NO;
    if (cursor_left(&c) < HEADER + 2)
        return short_of(in, &c);
    if (!block_holds(&c, HEADER))
        return NO;
    uint32_t data = length - (uint32_t)LEAST;
    uint32_t first = data < BLOCK ? data : BLOCK;
    if (first > 0 && cursor_left(&c) >= first + 2 && !block_holds(&c, first))
        return NO;
    return yes(in, "link frame", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "\x05\x64")};

const struct cdpi_protocol cdpi_protocol_dnp3 = {
    .name = "DNP3",
    .reference = "IEEE 1815-2012 clause 9.2",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(20000),
    .udp_ports = PORTS(20000),
    SIGNATURES(signatures),
    .validate = validate,
};
