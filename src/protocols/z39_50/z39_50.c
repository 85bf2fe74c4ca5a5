/* SPDX-License-Identifier: MIT */
/*
 * Z39.50 (ISO 23950), section 4.1: BER. A session begins with an initialize request, [20], and its
 * response, [21]:
 *
 *     b4 or b5, size, [2] reference OPTIONAL, [3] protocol version BIT STRING, [4] options BIT
 *       STRING, [5] preferred message size INTEGER, [6] exceptional record size INTEGER ...
 */
#include "framing/ber.h"
#include "protocols/protocol.h"

enum {
    REQUEST = 0xb4,
    RESPONSE = 0xb5,
    REFERENCE = 0x82,
    VERSION = 0x83,
    OPTIONS = 0x84,
    PREFERRED = 0x85,
    EXCEPTIONAL = 0x86
};

static bool bits(struct cursor *c, uint8_t tag)
{
    uint32_t size;
    if (!ber_enter(c, tag, &size) || (!c->ran_short && (size < 2 || size > 8)))
        return false;
    uint8_t unused = cursor_u8(c);
    cursor_skip(c, size ? size - 1 : 0);
    return c->ran_short || unused < 8;
}

static enum answer judge_with(struct inspection *in, struct cursor c, uint8_t tag)
{
    uint32_t size, number;
    if (!ber_enter(&c, tag, &size))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    bool good = true;
    if (cursor_peek(&c, 0) == REFERENCE)
        good = ber_skip(&c, REFERENCE);
    good = good && bits(&c, VERSION) && (c.ran_short || bits(&c, OPTIONS)) &&
           (c.ran_short || ber_number(&c, PREFERRED, &number)) &&
           (c.ran_short || ber_number(&c, EXCEPTIONAL, &number));
    if (!good)
        return NO;
    return c.ran_short ? short_of(in, &c) : yes(in, "initialize", &c);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    return judge_with(in, c, REQUEST);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    return judge_with(in, c, RESPONSE);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

/* Lengths of one to three bytes; a reference or the version. */
static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\xb4\0\x82", "\xfe\x80\xfe"),
    SIGNATURE_MASKED(0, "\xb4\x81\0\x82", "\xfe\xff\0\xfe"),
    SIGNATURE_MASKED(0, "\xb4\x82\0\0\x82", "\xfe\xff\0\0\xfe"),
};

const struct cdpi_protocol cdpi_protocol_z39_50 = {
    .name = "Z39.50",
    .reference = "ANSI/NISO Z39.50-2003 section 4.1",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(210),
    SIGNATURES(signatures),
    .validate = validate,
};
