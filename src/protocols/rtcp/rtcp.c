/* SPDX-License-Identifier: MIT */
/*
 * RTCP, RFC 3550 section 6, RFC 4585, RFC 3611: packets of
 *
 *     version 2, padding, count(1) type(1) words(2) source(4) ...
 *
 * that fill the datagram; the first is a sender's or receiver's report, whose size its count tells.
 * A description follows it (section 6.1), but where sizes are reduced (RFC 5506). SRTCP (RFC 3711
 * section 3.4) encrypts all but the first eight bytes, and adds E(1 bit) index(31 bits), which
 * counts from 0, and 10 bytes of authenticity (section 8.2; RFC 4568 section 6.2).
 */
#include "protocols/protocol.h"

enum {
    SENDER_REPORT = 200,
    RECEIVER_REPORT = 201,
    DESCRIPTION = 202,
    BYE = 203,
    TRANSPORT_FEEDBACK = 205,
    PAYLOAD_FEEDBACK = 206,
    LAST_FEEDBACK = 207, /* stand first where sizes are reduced, RFC 5506 */
    LAST_TYPE = 213,
    RTP_LEAST = 12,
    FIRST_BITS = 26, /* version, type and a size that fits */
    NEXT_BITS = 20,
    REPORT_BITS = 20, /* version, type and a size that leaves room */
    INDEX_BITS = 16,
    TRAILER = 14
};

/* What a report's count says of its size; others are free. */
static bool size_fits(uint8_t first, uint8_t type, uint32_t size)
{
    uint32_t reports = first & 31u;
    if (type == SENDER_REPORT)
        return size >= 28 + reports * 24;
    if (type == RECEIVER_REPORT)
        return size >= 8 + reports * 24;
    if (type == TRANSPORT_FEEDBACK || type == PAYLOAD_FEEDBACK)
        return size >= 12 && reports >= 1;
    return type != DESCRIPTION || size >= 4 + reports * 8;
}

/* What is encrypted: the first report's header, and the index near the end. */
static enum answer judge_secure(struct inspection *in, struct cursor c)
{
    uint8_t first = cursor_u8(&c), type = cursor_u8(&c);
    uint32_t size = ((uint32_t)cursor_u16(&c) + 1) * 4;
    bool is_report = first >> 6 == 2 && (type == SENDER_REPORT || type == RECEIVER_REPORT);
    if (c.ran_short || is_cut(in, &c) || !is_report || !size_fits(first, type, size) ||
        c.size < size + TRAILER || c.size % 4 != TRAILER % 4)
        return NO;
    cursor_seek(&c, c.size - TRAILER);
    if (cursor_u16(&c) != 0x8000)
        return NO;
    cursor_skip(&c, TRAILER - 2);
    return answer_by_bits(in, REPORT_BITS + INDEX_BITS, "encrypted report, its index", &c);
}

static enum answer judge_plain(struct inspection *in, struct cursor c)
{
    unsigned bits = 0;
    while (cursor_left(&c) > 0) {
        uint8_t first = cursor_u8(&c), type = cursor_u8(&c);
        uint32_t size = ((uint32_t)cursor_u16(&c) + 1) * 4;
        if (c.ran_short)
            return is_cut(in, &c) ? answer_by_bits(in, bits, "compound", &c) : NO;
        bool is_known = first >> 6 == 2 && type >= SENDER_REPORT && type <= LAST_TYPE;
        bool opens = bits > 0 || type <= LAST_FEEDBACK;
        if (!is_known || !opens || size < 8 || !size_fits(first, type, size))
            return NO;
        if (!cursor_skip(&c, size - 4)) {
            cursor_skip(&c, cursor_left(&c));
            if (!is_cut(in, &c))
                return NO;
        }
        bits += bits ? NEXT_BITS : FIRST_BITS;
    }
    return answer_by_bits(in, bits, bits > FIRST_BITS ? "compound" : "report", &c);
}

/* Media in the same flow (RFC 5761): that is what the flow is called after. */
static bool has_media(const struct inspection *in)
{
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor d = inspection_datagram(in, i);
        int type = cursor_peek(&d, 1);
        if (d.size >= RTP_LEAST && cursor_peek(&d, 0) >> 6 == 2 && (type < 192 || type > 223))
            return true;
    }
    return false;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    enum answer plain = judge_plain(in, c);
    return plain == NO ? judge_secure(in, c) : plain;
}

static enum answer validate(struct inspection *in)
{
    if (has_media(in))
        return NO;
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 3, .bytes = "\x80\xc8\0", .mask = "\xc0\xf8\xff", .min_size = 8},
};

const struct cdpi_protocol cdpi_protocol_rtcp = {
    .name = "RTCP",
    .reference = "RFC 3550 section 6, RFC 4585, RFC 3611, RFC 5506",
    .transports = OVER_UDP,
    .category = CATEGORY_STREAMING,
    .is_one_sided = true,
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
