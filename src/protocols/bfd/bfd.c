/* SPDX-License-Identifier: MIT */
/*
 * BFD. RFC 5880 section 4.1, over UDP (RFC 5881):
 *
 *     version 1+diagnostic(1) state+flags(1) multiplier(1) length(1) mine(4) yours(4) send(4)
 *       receive(4) echo(4)
 *
 * Length is the whole; intervals are microseconds; the multipoint bit is zero; poll and final
 * exclude each other.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 24,
    LAST_DIAGNOSTIC = 9, /* RFC 6428 */
    MINUTE = 60000000,
    AUTHENTICATED = 0x04,
    MULTIPOINT = 0x01,
    POLL = 0x20,
    FINAL = 0x10,
    DOWN = 1,
    LONGEST = 64
};

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t first = cursor_u8(&c), flags = cursor_u8(&c), multiplier = cursor_u8(&c);
    uint8_t length = cursor_u8(&c);
    if (!fills_datagram(in, &c, length) || length < HEADER || length > LONGEST || first >> 5 > 1 ||
        (first & 0x1f) > LAST_DIAGNOSTIC || multiplier == 0 || flags & MULTIPOINT)
        return NO;
    if ((flags & POLL && flags & FINAL) || (length > HEADER) != ((flags & AUTHENTICATED) != 0))
        return NO;
    uint32_t mine = cursor_u32(&c), yours = cursor_u32(&c), sends = cursor_u32(&c);
    uint32_t receives = cursor_u32(&c), echoes = cursor_u32(&c);
    bool is_sound = mine != 0 && (yours != 0 || flags >> 6 <= DOWN) && sends > 0 &&
                    sends <= MINUTE && receives <= MINUTE && echoes <= MINUTE;
    if (first >> 5 == 0) /* of before the RFC */
        return is_sound && sends >= 1000 ? likely(in, "control packet, version 0", &c) : NO;
    return is_sound ? yes(in, "control packet", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 2,
     .bytes = "\x20\0",
     .mask = "\xd0\x01",
     .min_size = HEADER,
     .max_size = LONGEST,
     .length = {1, 3, false, 0}},
};

const struct cdpi_protocol cdpi_protocol_bfd = {
    .name = "BFD",
    .reference = "RFC 5880 section 4.1, RFC 5881, RFC 7130, RFC 7881",
    .transports = OVER_UDP,
    .category = CATEGORY_ROUTING,
    .is_one_sided = true,
    .udp_ports = PORTS(3784, 4784, 6784, 7784),
    SIGNATURES(signatures),
    .validate = validate,
};
