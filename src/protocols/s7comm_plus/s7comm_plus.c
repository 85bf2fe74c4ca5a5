/* SPDX-License-Identifier: MIT */
/*
 * S7comm-plus, Siemens' S7-1200 and -1500, in ISO transport's data PDUs. No public specification;
 * as seen:
 *
 *     0x72(1) version(1) 1 to 3, or 0xfe for a system event, size(2) data, then a trailer 0x72
 *       version 0(2)
 *
 * A message that is cut into several packets has its trailer in the last; a keep-alive (0xff) none.
 */
#include "framing/tpkt.h"
#include "protocols/protocol.h"

enum { MAGIC = 0x72, LAST_VERSION = 3, SYSTEM_EVENT = 0xfe, KEEP_ALIVE = 0xff, HEADER = 4 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct tpkt t;
    if (!tpkt_first_data(&c, &t))
        return NO;
    if (c.ran_short || cursor_left(&c) == 0)
        return wants_more(in, &c);
    if (cursor_u8(&c) != MAGIC)
        return NO;
    uint8_t version = cursor_u8(&c);
    uint16_t size = cursor_u16(&c);
    if (c.ran_short)
        return wants_more(in, &c);
    if ((version < 1 || version > LAST_VERSION) && version < SYSTEM_EVENT)
        return NO;
    uint32_t end = t.body + HEADER + size;
    return end == t.end || end + HEADER == t.end ? yes(in, "header", &c) : NO;
}

/* A side that has asked for a connection only is borne by the other. */
static enum answer validate(struct inspection *in)
{
    return judge_stronger(in, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x03\0\0\0\x02\xf0\x80\x72", "\xff\xff\0\0\xff\xff\x7f\xff"),
    SIGNATURE_MASKED(0, "\x03\0\0\0\0\xe0\0\0", "\xff\xff\xff\0\0\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x03\0\0\0\0\xd0", "\xff\xff\xff\0\0\xff"),
};

const struct cdpi_protocol cdpi_protocol_s7comm_plus = {
    .name = "S7comm-plus",
    .reference = "no public one; Siemens' S7-1200 and -1500",
    .transports = OVER_TCP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(102),
    SIGNATURES(signatures),
    .validate = validate,
    .refines = "TPKT",
};
