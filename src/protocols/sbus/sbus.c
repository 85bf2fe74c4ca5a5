/* SPDX-License-Identifier: MIT */
/*
 * Saia Ether-S-Bus. SBC's manual 26/739, each datagram:
 *
 *     length(4) version(1) type(1) sequence(2) attribute(1) ... check(2)
 *
 * length of the whole, version 0 or 1, type 0, attribute 0 request, 1 response, 2 acknowledge;
 * check a CRC-CCITT from 0 over all before it.
 */
#include "framing/crc.h"
#include "protocols/protocol.h"

enum { LEAST = 11, LAST_ATTRIBUTE = 2 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint32_t length = cursor_u32(&c);
    uint8_t version = cursor_u8(&c), type = cursor_u8(&c);
    cursor_skip(&c, 2);
    uint8_t attribute = cursor_u8(&c);
    if (length != c.size || c.size < LEAST || version > 1 || type != 0 ||
        attribute > LAST_ATTRIBUTE)
        return NO;
    cursor_seek(&c, 0);
    struct cursor message = cursor_take(&c, c.size - 2);
    uint16_t check = cursor_u16(&c);
    return check == crc16_ccitt(message, 0) ? yes(in, "telegram", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 2, .bytes = "\0\0", .min_size = LEAST, .length = {.width = 4}},
};

const struct cdpi_protocol cdpi_protocol_sbus = {
    .name = "SBus",
    .reference = "Saia-Burgess Controls, manual 26/739 (Ether-S-Bus)",
    .transports = OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .udp_ports = PORTS(5050),
    SIGNATURES(signatures),
    .validate = validate,
};
