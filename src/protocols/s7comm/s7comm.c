/* SPDX-License-Identifier: MIT */
/*
 * S7comm, Siemens' S7-300 and -400, in ISO transport's data PDUs. No public specification; as
 * libnodave and snap7 write it:
 *
 *     0x32(1) kind(1) 1, 2, 3 or 7, 0(2) reference(2) parameters' size(2) data's size(2)
 *       [error(2)] ...
 *
 * The sizes fill the packet. Answers (2 and 3) have the error.
 */
#include "framing/tpkt.h"
#include "protocols/protocol.h"

enum { MAGIC = 0x32, JOB = 1, ACKNOWLEDGE = 2, ACKNOWLEDGE_DATA = 3, USER_DATA = 7 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct tpkt t;
    if (!tpkt_first_data(&c, &t))
        return NO;
    if (c.ran_short || cursor_left(&c) == 0)
        return wants_more(in, &c);
    if (cursor_u8(&c) != MAGIC)
        return NO;
    uint8_t kind = cursor_u8(&c);
    uint16_t zero = cursor_u16(&c);
    cursor_skip(&c, 2);
    uint32_t size = cursor_u16(&c);
    size += cursor_u16(&c);
    if (c.ran_short)
        return wants_more(in, &c);
    bool is_answer = kind == ACKNOWLEDGE || kind == ACKNOWLEDGE_DATA;
    if (kind != JOB && kind != USER_DATA && !is_answer)
        return NO;
    bool fits = zero == 0 && t.body + 10 + (is_answer ? 2u : 0) + size == t.end;
    return fits ? yes(in, "header", &c) : likely(in, "header, damaged", &c);
}

/* A side that has asked for a connection only is borne by the other. */
static enum answer validate(struct inspection *in)
{
    return judge_stronger(in, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x03\0\0\0\x02\xf0\x80\x32\0", "\xff\xff\0\0\xff\xff\x7f\xff\xf8"),
    SIGNATURE_MASKED(0, "\x03\0\0\0\0\xe0\0\0", "\xff\xff\xff\0\0\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x03\0\0\0\0\xd0", "\xff\xff\xff\0\0\xff"),
};

const struct cdpi_protocol cdpi_protocol_s7comm = {
    .name = "S7comm",
    .reference = "no public one; libnodave and snap7 speak it",
    .transports = OVER_TCP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(102),
    SIGNATURES(signatures),
    .validate = validate,
    .refines = "TPKT",
};
