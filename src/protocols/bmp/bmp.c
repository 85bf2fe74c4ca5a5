/* SPDX-License-Identifier: MIT */
/*
 * BMP, what a BGP router tells a monitoring station. RFC 7854 section 4.1:
 *
 *     version(1) = 3 length(4) of the whole, type(1)
 *
 * initiation (4) and termination (5) go on with TLVs, type(2) length(2); the others (0 to 3, 6)
 * with a peer's header of 42 octets. Only the router speaks.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 6,
    PEER = 42,
    ROUTES = 0,
    STATISTICS = 1,
    PEER_UP = 3,
    INITIATION = 4,
    TERMINATION = 5,
    LAST_TYPE = 6,
    LAST_PEER = 3,
    MOST = 0x11000, /* a BGP message of RFC 8654 within */
    LAST_TLV = 32,
    LAST_STATISTIC = 64,
    STATISTICS_MOST = 256,
    UP = 20,
    MARKER = 16
};

/* RFC 7854 section 4.4: text, up to the end. */
static bool tlvs_fill(struct cursor c)
{
    while (!cursor_at_end(&c)) {
        uint16_t type = cursor_u16(&c), size = cursor_u16(&c);
        if (c.ran_short || type > LAST_TLV || !cursor_skip(&c, size))
            return false;
    }
    return true;
}

/* RFC 7854 sections 4.6, 4.8 and 4.10: what follows a peer's header: a message of BGP's, where a
 * peer came up behind an address and two ports; or statistics, a count of TLVs. */
static bool has_content(struct cursor *c, uint8_t type)
{
    if (type == STATISTICS) {
        uint32_t count = cursor_u32(c);
        uint16_t statistic = cursor_u16(c), size = cursor_u16(c);
        return count > 0 && count <= STATISTICS_MOST && statistic <= LAST_STATISTIC &&
               (size == 4 || size == 8 || size == 11);
    }
    if (type == PEER_UP)
        cursor_skip(c, UP);
    bool is_marker =
        cursor_starts_with(c, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
    cursor_skip(c, MARKER);
    return is_marker;
}

/* RFC 7854 section 4.2: peer type, flags, distinguisher(8), address(16), AS(4), id(4), seconds(4),
 * microseconds(4). */
static enum answer judge_peer(struct inspection *in, struct cursor c, uint8_t type)
{
    uint8_t peer = cursor_u8(&c), flags = cursor_u8(&c);
    cursor_skip(&c, 8);
    uint64_t high = cursor_u64(&c);
    uint32_t middle = cursor_u32(&c);
    cursor_skip(&c, 16);
    uint32_t microseconds = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_ipv4 = !(flags & 0x80);
    if (peer > LAST_PEER || flags & 0x0f || microseconds >= 1000000 ||
        (is_ipv4 && (high != 0 || middle != 0)))
        return NO;
    if (is_ipv4)
        return yes(in, "peer header", &c);
    if (type != ROUTES && type != STATISTICS && type != PEER_UP)
        return likely(in, "peer header", &c);
    bool is_sound = has_content(&c, type);
    if (c.ran_short)
        return likely_at_end(in, "peer header", &c);
    return is_sound ? yes(in, "peer header and message", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t version = cursor_u8(&c);
    uint32_t length = cursor_u32(&c);
    uint8_t type = cursor_u8(&c);
    if (version != 3)
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (type > LAST_TYPE || length < HEADER + 4 || length > MOST)
        return NO;
    if (type != INITIATION && type != TERMINATION)
        return length >= HEADER + PEER ? judge_peer(in, c, type) : NO;
    uint16_t first = cursor_peek_u16(&c, 0), size = cursor_peek_u16(&c, 2);
    struct cursor tlvs = cursor_take(&c, length - HEADER);
    if (c.ran_short) /* cut: the first text must be one of the length's */
        return cursor_left(&c) > 8 && first <= 2 && size > 0 && size + 4u <= length - HEADER
                   ? likely_at_end(in, "initiation", &c)
                   : short_of(in, &c);
    return length >= HEADER + 6 && tlvs_fill(tlvs) ? yes(in, "initiation", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x03\0\0\0\0\0", "\xff\xff\xff\0\0\xf8"),
};

const struct cdpi_protocol cdpi_protocol_bmp = {
    .name = "BMP",
    .reference = "RFC 7854 section 4",
    .transports = OVER_TCP,
    .category = CATEGORY_ROUTING,
    .is_one_sided = true,
    .tcp_ports = PORTS(11019),
    SIGNATURES(signatures),
    .validate = validate,
};
