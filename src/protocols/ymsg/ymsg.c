/* SPDX-License-Identifier: MIT */
/*
 * Yahoo Messenger, as open clients (libyahoo2) speak it:
 *
 *     "YMSG"  version (2)  vendor (2)  length (2)  service (2)  status (4)  session (4)  data
 *
 * Data is pairs of a number in digits and a text, each followed by 0xc0 0x80.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { VERSIONS = 0x20, VENDORS = 0x200, SERVICES = 0x800, LENGTH_LIMIT = 16384 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "YMSG"))
        return NO;
    cursor_skip(&c, 4);
    uint16_t version = cursor_u16(&c);
    /* Version 9 and before: low byte first. */
    if (version >> 8 && !(version & 0xff))
        version = (uint16_t)(version >> 8);
    uint16_t vendor = cursor_u16(&c), length = cursor_u16(&c), service = cursor_u16(&c);
    cursor_skip(&c, 8);
    if (c.ran_short)
        return short_of(in, &c);
    if (version > VERSIONS || vendor >= VENDORS || length > LENGTH_LIMIT || service >= SERVICES)
        return NO;
    if (length && cursor_at_end(&c))
        return short_of(in, &c);
    if (length && !text_is_digit(cursor_peek(&c, 0)))
        return NO;
    return yes(in, "header", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "YMSG")};

const struct cdpi_protocol cdpi_protocol_ymsg = {
    .name = "YMSG",
    .reference = "open clients of Yahoo Messenger (libyahoo2)",
    .transports = OVER_TCP,
    .category = CATEGORY_CHAT,
    .tcp_ports = PORTS(5050),
    SIGNATURES(signatures),
    .validate = validate,
};
