/* SPDX-License-Identifier: MIT */
/*
 * What stands before IP: link layers by their LINKTYPE numbers (tcpdump.org/linktypes.html), VLAN
 * and other tags, MPLS, PPP, LLC and SNAP.
 */
#include "decode/descent.h"

enum {
    TYPE_IPV4 = 0x0800,
    TYPE_IPV6 = 0x86dd,
    TYPE_VLAN = 0x8100,
    TYPE_QINQ = 0x88a8,
    TYPE_QINQ_OLD = 0x9100,
    TYPE_QINQ_OLDER = 0x9200,
    TYPE_MPLS = 0x8847,
    TYPE_MPLS_MULTICAST = 0x8848,
    TYPE_PPPOE_SESSION = 0x8864,
    TYPE_PROVIDER_BRIDGE = 0x88e7,
    TYPE_VN_TAG = 0x8926,
    TYPE_SERVICE_CHAIN = 0x894f,
    LEAST_TYPE = 0x0600 /* below it, the field is IEEE 802.3's length */
};
enum { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057, PPP_MPLS = 0x0281 };

/* ---- under the link layer ---------------------------------------------------------------- */

static bool is_tag(uint16_t type)
{
    return type == TYPE_VLAN || type == TYPE_QINQ || type == TYPE_QINQ_OLD ||
           type == TYPE_QINQ_OLDER;
}

/* Two addresses and a type that is at home in Ethernet, and what it says behind it. */
static bool has_ethernet(struct cursor c)
{
    cursor_skip(&c, 12);
    for (int i = 0; i < MAX_TAGS && is_tag(cursor_peek_u16(&c, 0)); i++)
        cursor_skip(&c, 4);
    uint16_t type = cursor_u16(&c);
    int version = cursor_peek(&c, 0) >> 4;
    return (type == TYPE_IPV4 && version == 4) || (type == TYPE_IPV6 && version == 6) ||
           type == TYPE_MPLS || (type == TYPE_PPPOE_SESSION && version == 1);
}

/* IP, or a pseudo-wire's Ethernet with or without its control word (RFC 4448 section 4.6), whose
 * first four bits are zero. An address may begin with any of these (RFC 4928 section 3). */
static enum decode_result decode_under_label(struct descent *d, struct cursor c)
{
    int version = cursor_peek(&c, 0) >> 4;
    bool is_ip = version == 4 ? decode_ipv4_header_holds(c) : version == 6;
    if (is_ip && !(version == 6 && has_ethernet(c)))
        return decode_ip(d, c);
    if (has_ethernet(c))
        return decode_ethernet(d, c);
    if (version == 4)
        return decode_ip(d, c);
    if (version == 0)
        cursor_skip(&c, 4);
    return decode_ethernet(d, c);
}

static enum decode_result decode_mpls(struct descent *d, struct cursor c)
{
    for (int i = 0; i < MAX_TAGS; i++) {
        uint32_t label = cursor_u32(&c);
        if (c.ran_short)
            return DECODE_MALFORMED;
        if (label >> 8 & 1) /* bottom of the stack, RFC 3032 */
            return decode_under_label(d, c);
    }
    return DECODE_MALFORMED;
}

enum decode_result decode_ppp(struct descent *d, struct cursor c)
{
    if (cursor_peek(&c, 0) == 0xff && cursor_peek(&c, 1) == 0x03)
        cursor_skip(&c, 2); /* RFC 1662: address and control */
    uint16_t protocol = cursor_u8(&c);
    if (!(protocol & 1)) /* RFC 1661: one byte if compressed */
        protocol = (uint16_t)(protocol << 8 | cursor_u8(&c));
    if (c.ran_short)
        return DECODE_MALFORMED;
    if (protocol == PPP_MPLS)
        return decode_mpls(d, c);
    return protocol == PPP_IPV4 || protocol == PPP_IPV6 ? decode_ip(d, c) : DECODE_OTHER;
}

/* RFC 8300 section 2.2: flags and length in words(2) type(1) next(1) path(4), then context. */
static enum decode_result decode_service_chain(struct descent *d, struct cursor c)
{
    uint32_t size = (cursor_u16(&c) & 0x3fu) * 4;
    cursor_skip(&c, 1);
    uint8_t next = cursor_u8(&c);
    if (size < 8 || !cursor_skip(&c, size - 4))
        return DECODE_MALFORMED;
    if (next == 3)
        return decode_ethernet(d, c);
    return next == 5 ? decode_mpls(d, c) : decode_ip(d, c);
}

enum decode_result decode_ethertype(struct descent *d, struct cursor c, uint16_t type)
{
    for (int i = 0; i < MAX_TAGS && is_tag(type); i++) {
        uint16_t tag = cursor_u16(&c) & 0xfff;
        type = cursor_u16(&c);
        if (c.ran_short)
            return DECODE_MALFORMED;
        if (d->packet->vlan == 0)
            d->packet->vlan = tag;
        if (d->decoder->vlan_strict)
            d->domain = d->domain << 12 ^ (0x80000000u | tag);
    }
    switch (type) {
    case TYPE_IPV4:
    case TYPE_IPV6:
        return decode_ip(d, c);
    case TYPE_MPLS:
    case TYPE_MPLS_MULTICAST:
        return decode_mpls(d, c);
    case TYPE_PPPOE_SESSION: /* RFC 2516: version 1, type 1, code 0, session, length */
        return cursor_u16(&c) == 0x1100 && cursor_skip(&c, 4) ? decode_ppp(d, c) : DECODE_MALFORMED;
    case TYPE_PROVIDER_BRIDGE: /* IEEE 802.1ah: a service's number, then the customer's frame */
        return cursor_skip(&c, 4) ? decode_ethernet(d, c) : DECODE_MALFORMED;
    case TYPE_VN_TAG: /* 4 bytes of interfaces */
        cursor_skip(&c, 4);
        type = cursor_u16(&c);
        return c.ran_short                              ? DECODE_MALFORMED
               : type == TYPE_IPV4 || type == TYPE_IPV6 ? decode_ip(d, c)
                                                        : DECODE_OTHER;
    case TYPE_SERVICE_CHAIN:
        return decode_service_chain(d, c);
    default:
        return DECODE_OTHER;
    }
}

/* ---- link layers ------------------------------------------------------------------------- */

/* A type after so many bytes. */
static enum decode_result decode_type_at(struct descent *d, struct cursor c, uint32_t at)
{
    cursor_skip(&c, at);
    uint16_t type = cursor_u16(&c);
    return c.ran_short ? DECODE_MALFORMED : decode_ethertype(d, c, type);
}

enum decode_result decode_ethernet(struct descent *d, struct cursor c)
{
    struct cursor after = c;
    cursor_skip(&after, 12);
    if (cursor_u16(&after) >= LEAST_TYPE || after.ran_short)
        return decode_type_at(d, c, 12);
    return decode_llc(d, after);
}

static enum decode_result decode_cooked(struct descent *d, struct cursor c)
{
    enum { WITH_LLC = 4 };
    struct cursor after = c;
    cursor_skip(&after, 14);
    if (cursor_u16(&after) == WITH_LLC)
        return decode_llc(d, after);
    return decode_type_at(d, c, 14);
}

static enum decode_result decode_cooked2(struct descent *d, struct cursor c)
{
    uint16_t type = cursor_u16(&c);
    return cursor_skip(&c, 18) ? decode_ethertype(d, c, type) : DECODE_MALFORMED;
}

static enum decode_result decode_cisco_hdlc(struct descent *d, struct cursor c)
{
    return decode_type_at(d, c, 2);
}

static enum decode_result decode_1394(struct descent *d, struct cursor c)
{
    return decode_type_at(d, c, 16);
}

static enum decode_result after_bytes(struct descent *d, struct cursor c, uint32_t bytes,
                                      enum decode_result (*next)(struct descent *d,
                                                                 struct cursor c))
{
    return cursor_skip(&c, bytes) ? next(d, c) : DECODE_MALFORMED;
}

/* The address family before IP is the writing host's, in its byte order for null. */
static enum decode_result decode_null(struct descent *d, struct cursor c)
{
    return after_bytes(d, c, 4, decode_ip);
}

static enum decode_result decode_pppoe(struct descent *d, struct cursor c)
{
    return after_bytes(d, c, 6, decode_ppp);
}

static enum decode_result decode_ppp_with_direction(struct descent *d, struct cursor c)
{
    return after_bytes(d, c, 1, decode_ppp);
}

static enum decode_result decode_hdlc_with_direction(struct descent *d, struct cursor c)
{
    return after_bytes(d, c, 1, decode_cisco_hdlc);
}

/* BSD's SLIP: direction and the compressed header that there was, 16 bytes. */
static enum decode_result decode_slip(struct descent *d, struct cursor c)
{
    return after_bytes(d, c, 16, decode_ip);
}

/* OpenBSD's enc: address family, index, flags. */
static enum decode_result decode_enc(struct descent *d, struct cursor c)
{
    return after_bytes(d, c, 12, decode_ip);
}

/* netANALYZER: four bytes before the frame. */
static enum decode_result decode_netanalyzer(struct descent *d, struct cursor c)
{
    return after_bytes(d, c, 4, decode_ethernet);
}

/* Frame control, two addresses, LLC. */
static enum decode_result decode_fddi(struct descent *d, struct cursor c)
{
    return after_bytes(d, c, 13, decode_llc);
}

/* IEEE 802.5: access, frame control, two addresses, a route where the source's first bit says
 * so. */
static enum decode_result decode_token_ring(struct descent *d, struct cursor c)
{
    int source = cursor_peek(&c, 8);
    cursor_skip(&c, 14);
    uint32_t route = source >= 0 && source & 0x80 ? (uint32_t)cursor_peek(&c, 0) & 0x1fu : 0;
    return after_bytes(d, c, route, decode_llc);
}

/* RFC 2684: before a bridged frame stand two bytes of padding. */
static enum decode_result decode_atm(struct descent *d, struct cursor c)
{
    return decode_llc_padded(d, c, 2);
}

/* SunATM: what it carries in four bits, path(1) circuit(2). */
static enum decode_result decode_sunatm(struct descent *d, struct cursor c)
{
    enum { LAN_EMULATION = 1, WITH_LLC = 2 };
    uint8_t kind = cursor_u8(&c) & 15;
    cursor_skip(&c, 3);
    if (kind == LAN_EMULATION)
        return after_bytes(d, c, 2, decode_ethernet);
    return kind == WITH_LLC ? decode_atm(d, c) : DECODE_OTHER;
}

/* Q.922: an address of two to four bytes, the last with its lowest bit set; RFC 2427's control,
 * padding and identifier, or Cisco's type. */
static enum decode_result decode_frame_relay(struct descent *d, struct cursor c)
{
    for (int i = 0; i < 4 && !(cursor_u8(&c) & 1); i++)
        ;
    if (c.ran_short)
        return DECODE_MALFORMED;
    if (!cursor_accept(&c, "\x03", 1))
        return decode_type_at(d, c, 0);
    if (cursor_peek(&c, 0) == 0)
        cursor_skip(&c, 1);
    return decode_nlpid(d, c);
}

/* OpenBSD's and others' pf: a header that says its size, rounded up to words. */
static enum decode_result decode_pflog(struct descent *d, struct cursor c)
{
    int size = cursor_peek(&c, 0);
    return size < 4 ? DECODE_MALFORMED : after_bytes(d, c, ((uint32_t)size + 3) & ~3u, decode_ip);
}

/* Linux' netfilter: family(1) version 0(1) group(2), then attributes: size(2) type(2) value, in
 * words; little-endian on the machines that write them. The packet is attribute 9. */
static enum decode_result decode_nflog(struct descent *d, struct cursor c)
{
    enum { PAYLOAD = 9, ATTRIBUTES = 64 };
    cursor_skip(&c, 4);
    for (int i = 0; i < ATTRIBUTES; i++) {
        uint16_t size = cursor_le16(&c), type = cursor_le16(&c) & 0x7fff;
        if (c.ran_short || size < 4)
            return DECODE_MALFORMED;
        if (type == PAYLOAD)
            return decode_ip(d, c);
        cursor_skip(&c, (size - 4u + 3u) & ~3u);
    }
    return DECODE_MALFORMED;
}

/* ---- by number --------------------------------------------------------------------------- */

struct link {
    uint32_t type;
    enum decode_result (*decode)(struct descent *d, struct cursor c);
};

static const struct link links[] = {
    {1, decode_ethernet}, /* the first: nearly all are */
    {0, decode_null},
    {6, decode_token_ring},
    {8, decode_slip},
    {9, decode_ppp},
    {10, decode_fddi},
    {11, decode_atm}, /* as BSD's files number it */
    {12, decode_ip},
    {14, decode_ip},
    {50, decode_ppp},
    {51, decode_pppoe},
    {100, decode_atm},
    {101, decode_ip},
    {104, decode_cisco_hdlc},
    {105, decode_wireless},
    {107, decode_frame_relay},
    {108, decode_null},
    {109, decode_enc},
    {113, decode_cooked},
    {117, decode_pflog},
    {119, decode_prism},
    {123, decode_sunatm},
    {127, decode_radiotap},
    {138, decode_1394},
    {163, decode_prism},
    {192, decode_ppi},
    {204, decode_ppp_with_direction},
    {205, decode_hdlc_with_direction},
    {228, decode_ip},
    {229, decode_ip},
    {239, decode_nflog},
    {240, decode_netanalyzer},
    {276, decode_cooked2},
};

static const struct link *find_link(uint32_t type)
{
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        if (links[i].type == type)
            return &links[i];
    }
    return NULL;
}

bool decode_knows_link(uint32_t link_type)
{
    return find_link(link_type) != NULL;
}

enum decode_result decode_link(struct descent *d, struct cursor c, uint32_t link_type)
{
    const struct link *link = find_link(link_type);
    return link ? link->decode(d, c) : DECODE_UNKNOWN_LINK;
}
