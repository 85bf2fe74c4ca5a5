/* SPDX-License-Identifier: MIT */
/*
 * DoIP. ISO 13400-2 clause 8: each message is
 *
 *     version(1) ~version(1) type(2) length(4) data(length)
 *
 * version 1 to 4, or ff in requests for the vehicle's announcement; most types have fixed lengths.
 */
#include "protocols/protocol.h"

enum { HEADER = 8, DIAGNOSTIC = 0x8001 };

/* ISO 13400-2 table 17 and the tables of each type. */
static bool length_fits(uint16_t type, uint32_t length)
{
    switch (type) {
    case 0x0000: /* negative acknowledge */
        return length == 1;
    case 0x0001:
    case 0x4001:
    case 0x4003:
    case 0x0007:
        return length == 0;
    case 0x0002:
        return length == 6;
    case 0x0003:
        return length == 17;
    case 0x0004:
        return length == 32 || length == 33;
    case 0x0005:
        return length == 7 || length == 11;
    case 0x0006:
        return length == 9 || length == 13;
    case 0x0008:
        return length == 2;
    case 0x4002:
        return length == 3 || length == 7;
    case 0x4004:
        return length == 1;
    case DIAGNOSTIC:
        return length >= 5 && length < 0x100000;
    case 0x8002:
    case 0x8003:
        return length >= 5 && length < 0x1000;
    default:
        return false;
    }
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t version = cursor_u8(&c), inverse = cursor_u8(&c);
    uint16_t type = cursor_u16(&c);
    uint32_t length = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if ((version | inverse) != 0xff || version & inverse || !length_fits(type, length))
        return NO;
    if (is_udp(in) && !fills_datagram(in, &c, HEADER + length))
        return NO;
    return yes(in, "message header", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "\x01\xfe"), SIGNATURE(0, "\x02\xfd"), SIGNATURE(0, "\x03\xfc"),
    SIGNATURE(0, "\x04\xfb"), SIGNATURE(0, "\xff\0\0"),
};

const struct cdpi_protocol cdpi_protocol_doip = {
    .name = "DoIP",
    .reference = "ISO 13400-2:2019 clause 8",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_VEHICLE,
    .tcp_ports = PORTS(13400),
    .udp_ports = PORTS(13400),
    SIGNATURES(signatures),
    .validate = validate,
};
