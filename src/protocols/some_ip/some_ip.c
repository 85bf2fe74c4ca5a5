/* SPDX-License-Identifier: MIT */
/*
 * SOME/IP. AUTOSAR PRS_SOMEIPProtocol section 4.1.2: each message is
 *
 *     service(2) method(2) length(4) client(2) session(2) 01 interface(1) type(1) return(1) payload
 *
 * where length counts from the client's number on. Several may share a datagram.
 */
#include "protocols/protocol.h"

enum { HEADER = 16, COUNTED = 8, MESSAGES = 8, LAST_RETURN = 0x5e };

/* Requests, notifications, responses, errors, their acknowledgements, and segments of them (bit
 * 5). */
static bool is_type(uint8_t type)
{
    uint8_t kind = type & 0xdf;
    return kind <= 0x02 || (kind >= 0x40 && kind <= 0x42) || kind == 0x80 || kind == 0x81 ||
           kind == 0xc0 || kind == 0xc1;
}

/* A return code means something in responses and errors only. */
static bool is_return(uint8_t type, uint8_t code)
{
    return type & 0x80 ? code <= LAST_RETURN : code == 0;
}

/* A header alone may stand anywhere in another stream that was joined late. */
enum { BITS_HEADER = 24, BITS_WHOLE = 34 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    unsigned bits = 0;
    for (int i = 0; i < MESSAGES && !cursor_at_end(&c); i++) {
        cursor_skip(&c, 4);
        uint32_t length = cursor_u32(&c);
        cursor_skip(&c, 4);
        uint8_t version = cursor_u8(&c);
        cursor_skip(&c, 1);
        uint8_t type = cursor_u8(&c), code = cursor_u8(&c);
        if (c.ran_short)
            break;
        if (length < COUNTED || length > UINT16_MAX || version != 1 || !is_type(type) ||
            !is_return(type, code))
            return NO;
        cursor_skip(&c, length - COUNTED);
        bits += c.ran_short ? BITS_HEADER : BITS_WHOLE;
        if (c.ran_short)
            break;
    }
    if (is_udp(in)) {
        if (!cursor_at_end(&c) || (c.ran_short && !is_cut(in, &c)))
            return NO;
        bits += 10;
    }
    return answer_by_bits(in, bits, "messages", &c);
}

/* An answer has the request's numbers. */
static bool answers(const struct inspection *in)
{
    return cursor_peek_u32(&in->client, 0) == cursor_peek_u32(&in->server, 0) &&
           cursor_peek_u32(&in->client, 8) == cursor_peek_u32(&in->server, 8);
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    if (answer == LIKELY && both_spoke(in) && answers(in))
        return answer_at(in, YES, "request and response", SERVER, 0, HEADER);
    return answer;
}

static const struct signature signatures[] = {
    {.offset = 4,
     .size = 9,
     .bytes = "\0\0\0\0\0\0\0\0\x01",
     .mask = "\xff\xff\0\0\0\0\0\0\xff",
     .min_size = HEADER},
};

const struct cdpi_protocol cdpi_protocol_some_ip = {
    .name = "SOME/IP",
    .reference = "AUTOSAR FO PRS SOMEIPProtocol R22-11 section 4.1.2",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_VEHICLE,
    .udp_ports = PORTS(30490),
    SIGNATURES(signatures),
    .validate = validate,
};
