/* SPDX-License-Identifier: MIT */
/*
 * MPLS echo, also called LSP ping (RFC 8029 section 3):
 *
 *     version(2) = 1  flags(2)  kind(1) reply mode(1) return code(1) subcode(1)  handle(4)
 *     number(4)  sent(8)  received(8)  then type(2) length(2) value, padded to 4
 */
#include "protocols/protocol.h"

enum { HEADER = 32, GLOBAL_FLAGS = 0x0007, REQUEST = 1, REPLY = 2, LAST_MODE = 5, ENTRIES = 32 };
enum { LAST_TYPE = 99, VENDOR_TYPES = 31744, MOST_CODE = 40 };

/* What follows the header. Padding may be lost at the very end. */
static bool entries_fit(struct cursor c)
{
    for (int i = 0; i < ENTRIES && !cursor_at_end(&c); i++) {
        uint16_t type = cursor_u16(&c), size = cursor_u16(&c);
        uint32_t padded = (size + 3u) & ~3u;
        if (!cursor_skip(&c, size) || type == 0 ||
            ((type & 0x7fff) > LAST_TYPE && (type & 0x7fff) < VENDOR_TYPES))
            return false;
        if (!cursor_at_end(&c))
            cursor_skip(&c, padded - size);
        if (c.ran_short)
            return false;
    }
    return cursor_at_end(&c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint16_t version = cursor_u16(&c), flags = cursor_u16(&c);
    uint8_t kind = cursor_u8(&c), mode = cursor_u8(&c), code = cursor_u8(&c);
    cursor_skip(&c, 9);
    uint64_t sent = cursor_u64(&c), received = cursor_u64(&c);
    if (c.ran_short || version != 1 || flags & ~GLOBAL_FLAGS || (kind != REQUEST && kind != REPLY))
        return NO;
    if (mode == 0 || mode > LAST_MODE || code > MOST_CODE || sent == 0)
        return NO;
    if (kind == REQUEST && (code != 0 || received != 0))
        return NO;
    if (cursor_at_end(&c) ? kind == REQUEST : !entries_fit(c) && !is_cut(in, &c))
        return NO;
    return yes(in, kind == REQUEST ? "request" : "reply", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 7,
     .bytes = "\0\x01\0\0\0\0\0",
     .mask = "\xff\xff\xff\xf8\xfc\xf8\xc0",
     .min_size = HEADER},
};

const struct cdpi_protocol cdpi_protocol_mpls_echo = {
    .name = "MPLS-Echo",
    .reference = "RFC 8029 section 3",
    .transports = OVER_UDP,
    .category = CATEGORY_ROUTING,
    .udp_ports = PORTS(3503),
    SIGNATURES(signatures),
    .validate = validate,
};
