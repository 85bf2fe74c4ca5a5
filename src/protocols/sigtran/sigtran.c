/* SPDX-License-Identifier: MIT */
/*
 * SIGTRAN's adaptations of telephony's signalling to IP: M2UA, M3UA, SUA, IUA and others share a
 * header, RFC 4666 section 3.1 (RFC 3331, 3868, 4233):
 *
 *     version(1) = 1, zero(1) class(1) type(1) length(4; the whole message)
 *
 * and parameters: tag(2) length(2) value, filled to four bytes. M2PA (RFC 4165) has sequence
 * numbers in their place. Over SCTP, a message is a message; over TCP (rarely) they follow each
 * other.
 */
#include "protocols/protocol.h"

enum { HEADER = 8, LAST_CLASS = 12, LAST_TYPE = 16, LENGTH_LIMIT = 65536, M2PA_CLASS = 11 };

/* Parameters that fill the message, as far as it is there. */
static bool parameters_fit(struct cursor c, uint32_t left)
{
    while (left >= 4) {
        uint16_t tag = cursor_u16(&c);
        uint32_t length = cursor_u16(&c), filled = (length + 3) & ~3u;
        if (c.ran_short)
            return true;
        if (tag == 0 || length < 4 || filled > left + 3)
            return false;
        if (!cursor_skip(&c, filled - 4))
            return true;
        left = filled > left ? 0 : left - filled;
    }
    return left == 0;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t version = cursor_u8(&c), zero = cursor_u8(&c), class = cursor_u8(&c),
            type = cursor_u8(&c);
    uint32_t length = cursor_u32(&c);
    if (c.ran_short)
        return version > 1 ? NO : short_of(in, &c);
    if (version != 1 || zero != 0 || class > LAST_CLASS || type > LAST_TYPE || length < HEADER ||
        length > LENGTH_LIMIT || length % 4)
        return NO;
    if (class == M2PA_CLASS)
        return length >= 16 ? likely(in, "M2PA message", &c) : NO;
    if (length == HEADER) /* ASP up and active may be empty */
        return class >= 3 && class <= 4 ? likely(in, "empty message", &c) : NO;
    return parameters_fit(c, length - HEADER) ? yes(in, "message and parameters", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    return answer == LIKELY && both_spoke(in) ? YES : answer;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x01\0\0\0\0\0\0\0", "\xff\xff\xf0\xe0\xff\xff\0\x03"),
};

const struct cdpi_protocol cdpi_protocol_sigtran = {
    .name = "SIGTRAN",
    .reference = "RFC 4666 section 3, RFC 3331, RFC 3868, RFC 4233, RFC 4165",
    .transports = OVER_SCTP,
    .category = CATEGORY_TELEPHONY,
    SIGNATURES(signatures),
    .validate = validate,
};
