/* SPDX-License-Identifier: MIT */
/*
 * ANSI C12.22 (IEEE 1703) for meters. Clause 5.3: an ACSE APDU in BER,
 *
 *     60 length { a1 context, a2 called title, a4 called id, a6 calling title, a7, a8 calling id,
 *       8b, ac, be { 28 ... } }
 *
 * in this order; the user information (be) comes last and holds an EXTERNAL (28) with the encoded
 * PSEM (81).
 */
#include "protocols/protocol.h"

enum { ELEMENTS = 12 };

/* A definite BER length of up to three octets. */
static uint32_t ber_length(struct cursor *c)
{
    uint8_t first = cursor_u8(c);
    if (first < 0x80)
        return first;
    if (first == 0x81)
        return cursor_u8(c);
    return first == 0x82 ? cursor_u16(c) : UINT32_MAX;
}

/* Titles hold an identifier (06, 80), invocation numbers an integer (02). 0: not an element of this
 * APDU. */
static unsigned element_bits(uint8_t tag, int inside)
{
    switch (tag) {
    case 0xa2:
    case 0xa6:
        return inside == 0x06 || inside == 0x80 ? 12 : 0;
    case 0xa4:
    case 0xa8:
        return inside == 0x02 ? 14 : 0;
    case 0xa1:
        return inside == 0x06 ? 12 : 0;
    case 0xbe:
        return inside == 0x28 ? 16 : 0;
    default:
        return tag == 0xa7 || tag == 0x8b || tag == 0xac ? 4 : 0;
    }
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_u8(&c) != 0x60)
        return NO;
    uint32_t length = ber_length(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length == UINT32_MAX || (is_udp(in) && !fills_datagram(in, &c, c.at + length)))
        return NO;
    unsigned bits = 8;
    uint32_t end = c.at + length;
    bool has_calling_number = false;
    for (int i = 0; i < ELEMENTS; i++) {
        uint8_t tag = cursor_u8(&c);
        uint32_t size = ber_length(&c);
        int inside = cursor_peek(&c, 0);
        if (c.ran_short || inside < 0)
            return short_of(in, &c);
        unsigned found = element_bits(tag, inside);
        if (found == 0 || size > length || c.at + size > end)
            return NO;
        bits += found;
        has_calling_number |= tag == 0xa8;
        if (tag == 0xbe)
            return has_calling_number && c.at + size == end
                       ? answer_by_bits(in, bits, "ACSE APDU", &c)
                       : NO;
        if (!cursor_skip(&c, size))
            return short_of(in, &c);
    }
    return NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x60\0\xa0", "\xff\0\xf0"),
    SIGNATURE_MASKED(0, "\x60\x81\0\xa0", "\xff\xff\0\xf0"),
    SIGNATURE_MASKED(0, "\x60\x82\0\0\xa0", "\xff\xff\0\0\xf0"),
};

const struct cdpi_protocol cdpi_protocol_c12_22 = {
    .name = "C12.22",
    .reference = "ANSI C12.22-2012 clause 5.3, RFC 6142",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(1153),
    .udp_ports = PORTS(1153),
    SIGNATURES(signatures),
    .validate = validate,
};
