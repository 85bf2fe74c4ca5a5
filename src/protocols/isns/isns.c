/* SPDX-License-Identifier: MIT */
/*
 * iSNS, names of iSCSI's storage (RFC 4171 section 5.1):
 *
 *     version(2) = 1  function(2)  length(2)  flags(2)  transaction(2)  sequence(2)
 *     then tag(4) length(4) value, in a reply a status(4) before them
 *
 * A reply has the top bit of its function set. Lengths are multiples of 4; the low ten flags are 0.
 */
#include "protocols/protocol.h"

enum {
    REPLY = 0x8000,
    LAST_FUNCTION = 0x0f,
    RESERVED_FLAGS = 0x03ff,
    FROM_CLIENT = 0x8000,
    FROM_SERVER = 0x4000,
    FIRST = 0x0400,
    LAST_TAG = 0x1100,
    LAST_STATUS = 0x20
};

static enum answer judge_body(struct inspection *in, struct cursor c, bool is_reply,
                              uint16_t length)
{
    uint32_t least = is_reply ? 4 : 8;
    if (length < least)
        return NO;
    if (is_reply) {
        uint32_t status = cursor_u32(&c);
        if (c.ran_short)
            return short_of(in, &c);
        if (status > LAST_STATUS)
            return NO;
        if (length < 12)
            return yes(in, "reply", &c);
    }
    uint32_t tag = cursor_u32(&c), size = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (tag > LAST_TAG || size & 3 || size > length)
        return NO;
    return yes(in, is_reply ? "reply" : "request", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "\0\x01"))
        return NO;
    cursor_skip(&c, 2);
    uint16_t function = cursor_u16(&c), length = cursor_u16(&c), flags = cursor_u16(&c);
    cursor_skip(&c, 4);
    bool is_reply = function & REPLY;
    uint16_t kind = function & 0x7fff, from = flags & (FROM_CLIENT | FROM_SERVER);
    if (c.ran_short)
        return short_of(in, &c);
    if (kind == 0 || kind > LAST_FUNCTION || length & 3 || flags & RESERVED_FLAGS ||
        (from != FROM_CLIENT && from != FROM_SERVER))
        return NO;
    if (is_udp(in) && !fills_datagram(in, &c, c.at + length))
        return NO;
    return flags & FIRST ? judge_body(in, c, is_reply, length) : likely(in, "part", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\x01\0\0\0\0\x80\0", "\xff\xff\x7f\xf0\0\x03\xc3\xff"),
    SIGNATURE_MASKED(0, "\0\x01\0\0\0\0\x40\0", "\xff\xff\x7f\xf0\0\x03\xc3\xff"),
};

const struct cdpi_protocol cdpi_protocol_isns = {
    .name = "iSNS",
    .reference = "RFC 4171 sections 5.1 and 5.3",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_CLUSTER,
    .tcp_ports = PORTS(3205),
    .udp_ports = PORTS(3205),
    SIGNATURES(signatures),
    .validate = validate,
};
