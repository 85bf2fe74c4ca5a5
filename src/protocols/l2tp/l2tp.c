/* SPDX-License-Identifier: MIT */
/*
 * L2TP, RFC 2661 section 3.1; version 3 over UDP, RFC 3931 section 4.1.2.1. A control message is
 *
 *     flags and version(2) = c802 or c803, length(2) tunnel(2) session(2) Ns(2) Nr(2)
 *
 * and attributes, of which the first is the message's type: M, length 8, vendor 0, attribute 0.
 * Without attributes it acknowledges. Data messages of a session that is joined late: flags, the
 * length if there is one, and PPP. Data of version 3 (RFC 3931 sections 4.1.2.1 and 4.6):
 *
 *     flags and version(2) = 0003 reserved(2) = 0 session(4) cookie(0, 4, 8) sublayer(0, 4) frame
 *
 * where the two sides agreed upon the sizes elsewhere; Ethernet is told by what is in it.
 */
#include "framing/inner.h"
#include "protocols/protocol.h"

enum {
    CONTROL_HEADER = 12,
    LAST_MESSAGE = 28,
    SEQUENCE_LIMIT = 4096, /* of control messages in one session */
    HAS_LENGTH = 0x4000,
    COOKIE_WORDS = 2,
    SUBLAYER_WORDS = 1,
    DATA_HEADER = 8,
    ETHERNET = 14,
    SLACK = 64 /* a length that is wrong by so much is a sender's fault */
};

static enum answer judge_control(struct inspection *in, struct cursor c, unsigned version)
{
    uint32_t length = cursor_u16(&c);
    cursor_skip(&c, 4);
    uint16_t sent = cursor_u16(&c), received = cursor_u16(&c);
    bool fills = fills_datagram(in, &c, length);
    if (c.ran_short || length < CONTROL_HEADER || length > c.size + SLACK ||
        (!fills && (sent | received) > 0xff) || sent > SEQUENCE_LIMIT || received > SEQUENCE_LIMIT)
        return NO;
    const char *rule = version == 3 ? "control message of version 3" : "control message";
    if (length == CONTROL_HEADER && fills)
        return yes(in, "acknowledgement", &c);
    uint16_t size = cursor_u16(&c);
    uint32_t kind = cursor_u32(&c);
    uint16_t message = cursor_u16(&c);
    bool is_type = (size & 0x3ff) == 8 && kind == 0 && message <= LAST_MESSAGE;
    bool is_hidden_digest = version == 3 && (size & 0x3ff) > 8; /* RFC 3931 section 5.4.1 */
    if (c.ran_short || (!is_type && !(is_hidden_digest && fills)))
        return NO;
    return fills ? yes(in, rule, &c) : likely(in, rule, &c);
}

/* PPP with its address left out (RFC 1661 section 6.6), its protocol in two bytes or one, and
 * IP. */
static bool is_bare_ip(struct cursor c)
{
    if (cursor_peek(&c, 0) == 0)
        cursor_skip(&c, 1);
    uint8_t protocol = cursor_u8(&c), first = cursor_u8(&c);
    return !c.ran_short &&
           ((protocol == 0x21 && first == 0x45) || (protocol == 0x57 && first >> 4 == 6));
}

/* IANA's PPP numbers: IPv4 and IPv6, plain, compressed, in parts; MPLS; control (8021 ...) and link
 * control (c021 ...). */
static bool is_ppp_protocol(uint16_t protocol)
{
    switch (protocol) {
    case 0x0021:
    case 0x002d:
    case 0x002f:
    case 0x003d:
    case 0x0057:
    case 0x00fb:
    case 0x00fd:
    case 0x0281:
        return true;
    default:
        return protocol >> 8 == 0x80 || protocol >> 8 == 0xc0 || protocol >> 8 == 0xc2;
    }
}

/* Section 3.1: length, sequence numbers and offset where their bits say so; then PPP, which begins
 * with ff03 or a protocol of one odd byte or two. */
static enum answer judge_data(struct inspection *in, struct cursor c, uint16_t flags)
{
    bool has_length = flags & HAS_LENGTH;
    if (has_length && !fills_datagram(in, &c, cursor_u16(&c)))
        return NO;
    cursor_skip(&c, 4);
    if (flags & 0x0800)
        cursor_skip(&c, 4);
    if (flags & 0x0200)
        cursor_skip(&c, cursor_u16(&c));
    struct cursor bare = c;
    uint16_t address = cursor_u16(&c), protocol = cursor_u16(&c);
    if (has_length && is_bare_ip(bare))
        return likely(in, "PPP in data", &bare);
    bool is_ppp = address == 0xff03 && is_ppp_protocol(protocol);
    if (c.ran_short || !is_ppp)
        return NO;
    return has_length ? yes(in, "PPP in data", &c) : likely(in, "PPP in data", &c);
}

static enum answer judge_ethernet(struct inspection *in, struct cursor c)
{
    uint16_t reserved = cursor_u16(&c);
    uint32_t session = cursor_u32(&c);
    if (c.ran_short || reserved != 0 || session == 0)
        return NO;
    for (unsigned words = 0; words <= COOKIE_WORDS + SUBLAYER_WORDS; words++) {
        if (inner_ethernet(c, is_cut(in, &c)))
            return yes(in, "Ethernet in data of version 3", &c);
        cursor_skip(&c, 4);
    }
    return NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint16_t flags = cursor_u16(&c);
    if (flags == 3)
        return judge_ethernet(in, c);
    if (flags == 0xc802 || flags == 0xc803)
        return judge_control(in, c, flags & 15);
    if ((flags & 0xb4ff) != 2)
        return NO; /* data of version 2: reserved bits are zero */
    return judge_data(in, c, flags);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 2, .bytes = "\xc8\x02", .min_size = CONTROL_HEADER, .length = {2, 2, false, 0}},
    {.size = 4, .bytes = "\xc8\x02\0\0", .mask = "\xff\xff\xfc\0", .min_size = CONTROL_HEADER + 8},
    {.size = 2, .bytes = "\xc8\x03", .min_size = CONTROL_HEADER, .length = {2, 2, false, 0}},
    {.size = 2, .bytes = "\0\x02", .mask = "\xb4\xff", .min_size = 10},
    {.size = 4, .bytes = "\0\x03\0\0", .min_size = DATA_HEADER + ETHERNET},
};

const struct cdpi_protocol cdpi_protocol_l2tp = {
    .name = "L2TP",
    .reference = "RFC 2661 section 3.1, RFC 3931 sections 4.1.2 and 4.6",
    .transports = OVER_UDP,
    .category = CATEGORY_TUNNEL,
    .udp_ports = PORTS(1701),
    SIGNATURES(signatures),
    .validate = validate,
};
