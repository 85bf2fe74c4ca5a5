/* SPDX-License-Identifier: MIT */
/*
 * Diameter, RFC 6733 section 3:
 *
 *     version(1) = 1, size(3), flags(1) "RPET" and four zeros, command(3), application(4), two
 *       identifiers(4, 4)
 *
 * and attributes (section 4.1): code(4), flags(1) "VMP" and five zeros, size(3), vendor(4) if V,
 * value, padding.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 20,
    VENDOR_SPECIFIC = 0x80,
    SIZE_LIMIT = 0x100000,
    FIRST_COMMAND = 256,
    LAST_COMMAND = 400,           /* IETF's */
    FIRST_3GPP_COMMAND = 8388608, /* 0x800000: vendors' */
    LAST_3GPP_COMMAND = 8389000
};

static bool is_command(uint32_t command)
{
    return (command >= FIRST_COMMAND && command <= LAST_COMMAND) ||
           (command >= FIRST_3GPP_COMMAND && command <= LAST_3GPP_COMMAND);
}

/* The first attribute. */
static bool attribute(struct cursor *c, uint32_t room)
{
    uint32_t code = cursor_u32(c);
    uint8_t flags = cursor_u8(c);
    uint32_t size = cursor_u24(c);
    uint32_t least = flags & VENDOR_SPECIFIC ? 12 : 8;
    return c->ran_short || (code > 0 && code < 0x100000 && !(flags & 0x1f) && size >= least &&
                            ((size + 3) & ~3u) <= room);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_u8(&c) != 1)
        return NO;
    uint32_t size = cursor_u24(&c);
    uint8_t flags = cursor_u8(&c);
    uint32_t command = cursor_u24(&c);
    cursor_skip(&c, 12);
    if (c.ran_short)
        return short_of(in, &c);
    if (size < HEADER + 8 || size > SIZE_LIMIT || size & 3 || flags & 0x0f || command == 0)
        return NO;
    if (flags & 0x80 && flags & 0x20) /* a request is no error, section 3 */
        return NO;
    if (!attribute(&c, size - HEADER))
        return NO;
    if (c.ran_short)
        return is_command(command) ? likely_at_end(in, "header", &c) : short_of(in, &c);
    return is_command(command) ? yes(in, "message", &c)
                               : likely(in, "message, command of one's own", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x01\0\0\0\0", "\xff\xf0\0\x03\x0f"),
    SIGNATURE_MASKED(0, "\x01\0\0\0\0\0\x01", "\xff\xf0\0\x03\x0f\xff\xfe"),
    SIGNATURE_MASKED(0, "\x01\0\0\0\0\x80\0", "\xff\xf0\0\x03\x0f\xff\xfe"),
};

const struct cdpi_protocol cdpi_protocol_diameter = {
    .name = "Diameter",
    .reference = "RFC 6733 sections 3 and 4.1",
    .transports = OVER_TCP | OVER_SCTP,
    .category = CATEGORY_DIRECTORY,
    .tcp_ports = PORTS(3868),
    SIGNATURES(signatures),
    .validate = validate,
};
