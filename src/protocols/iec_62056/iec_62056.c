/* SPDX-License-Identifier: MIT */
/*
 * DLMS/COSEM over TCP and UDP. IEC 62056-47: a wrapper,
 *
 *     0001 source(2) destination(2) length(2)
 *
 * around APDUs of IEC 62056-53: association requests and responses (60, 61) hold the COSEM
 * name 2.16.756.5.8.
 */
#include "protocols/protocol.h"

enum { HEADER = 8, ASSOCIATE = 0x60, ASSOCIATED = 0x61, MOST = 4096 };

/* xDLMS services: get, set, action, their responses, their ciphered forms, exceptions,
 * notifications. */
static bool is_service(uint8_t tag)
{
    return tag == 0x0f || tag == 0x0e || tag == 0x62 || tag == 0x63 || tag == 0xc0 || tag == 0xc1 ||
           tag == 0xc2 || tag == 0xc3 || tag == 0xc4 || tag == 0xc5 || tag == 0xc7 ||
           (tag >= 0xc8 && tag <= 0xcf) || (tag >= 0xd0 && tag <= 0xd8) ||
           (tag >= 0xdb && tag <= 0xe2) || tag == 0x01 || tag == 0x05 || tag == 0x06 ||
           tag == 0x08 || tag == 0x0c || tag == 0x0d;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint16_t version = cursor_u16(&c), source = cursor_u16(&c), destination = cursor_u16(&c);
    uint16_t length = cursor_u16(&c);
    uint8_t tag = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (version != 1 || length < 2 || length > MOST || source == 0 || destination == 0)
        return NO;
    if (is_udp(in) && !fills_datagram(in, &c, HEADER + (uint32_t)length))
        return NO;
    if (tag == ASSOCIATE || tag == ASSOCIATED) {
        if (cursor_find_text(&c, "\x60\x85\x74\x05\x08", 24) >= 0)
            return yes(in, "association", &c);
        return cursor_left(&c) < 24 ? short_of(in, &c) : NO;
    }
    if (!is_service(tag) || c.size > HEADER + (uint32_t)length)
        return NO;
    return c.size < HEADER + (uint32_t)length ? short_of(in, &c) : likely(in, "wrapper", &c);
}

/* The ports of the wrapper turned round. */
static bool answers(const struct inspection *in)
{
    return cursor_peek_u16(&in->client, 2) == cursor_peek_u16(&in->server, 4) &&
           cursor_peek_u16(&in->client, 4) == cursor_peek_u16(&in->server, 2);
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    if (answer < LIKELY || !both_spoke(in))
        return answer;
    if (!answers(in))
        return NO;
    return answer_at(in, YES, "wrapped both ways", SERVER, 0, HEADER + 1);
}

static const struct signature signatures[] = {
    {.size = 2, .bytes = "\0\x01", .min_size = 10, .length = {2, 6, false, HEADER}},
};

const struct cdpi_protocol cdpi_protocol_iec_62056 = {
    .name = "IEC-62056",
    .reference = "IEC 62056-47 clause 5, IEC 62056-53",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(4059),
    .udp_ports = PORTS(4059),
    SIGNATURES(signatures),
    .validate = validate,
};
