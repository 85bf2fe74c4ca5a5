/* SPDX-License-Identifier: MIT */
/*
 * HL7 version 2 over MLLP (HL7 "Transport Specification: MLLP" release 1): 0b message 1c 0d. A
 * message begins with the segment MSH, a batch with FHS or BHS (HL7 2.5 section 2.15.9): the next
 * character parts the fields, and stands again behind the four encoding characters.
 */
#include "protocols/protocol.h"

enum { START = 0x0b };

static bool is_mark(uint8_t byte)
{
    return byte > ' ' && byte < 0x7f && !(byte >= '0' && byte <= '9') &&
           !(byte >= 'A' && byte <= 'Z') && !(byte >= 'a' && byte <= 'z');
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_at_end(&c))
        return NO;
    bool is_framed = cursor_peek(&c, 0) == START; /* some leave it out */
    cursor_skip(&c, is_framed ? 1 : 0);
    while (cursor_peek(&c, 0) == '\r' || cursor_peek(&c, 0) == '\n')
        cursor_skip(&c, 1);
    if (!cursor_may_start_with(&c, "MSH") && !cursor_may_start_with(&c, "FHS") &&
        !cursor_may_start_with(&c, "BHS"))
        return NO;
    cursor_skip(&c, 3);
    uint8_t separator = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (!is_mark(separator))
        return NO;
    for (unsigned i = 0; i < 6; i++) { /* four, since 2.7 five; old ones have three */
        uint8_t byte = cursor_u8(&c);
        if (c.ran_short)
            return short_of(in, &c);
        if (byte == separator)
            return i < 3       ? NO
                   : is_framed ? yes(in, "message header", &c)
                               : likely(in, "message header", &c);
        if (!is_mark(byte))
            return NO;
    }
    return NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "\x0bMSH"),
    SIGNATURE(0, "MSH|^~\\&|"),
    SIGNATURE(0, "\x0b\nMSH"),
    SIGNATURE(0, "\x0b\r\nMSH"),
    SIGNATURE(0, "\x0b"
                 "FHS"),
    SIGNATURE(0, "\x0b"
                 "BHS"),
};

const struct cdpi_protocol cdpi_protocol_hl7 = {
    .name = "HL7",
    .reference = "HL7 Transport Specification MLLP release 1; HL7 2.5 section 2.15.9",
    .transports = OVER_TCP,
    .category = CATEGORY_MEDICAL,
    .tcp_ports = PORTS(2575),
    SIGNATURES(signatures),
    .validate = validate,
};
