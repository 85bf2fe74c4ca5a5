/* SPDX-License-Identifier: MIT */
#include "decode/tunnel.h"

#include "core/cursor.h"
#include "decode/descent.h"

enum {
    TYPE_ETHERNET = 0x6558, /* transparent Ethernet bridging */
    TYPE_ERSPAN_2 = 0x88be,
    TYPE_ERSPAN_3 = 0x22eb,
    TYPE_PPP = 0x880b,
    TEREDO_AUTHENTICATION = 1,
    NO_NEXT_HEADER = 59, /* IPv6; Teredo's bubbles, behind which trailers may stand (RFC 6081) */
    EXTENSIONS = 8
};

/* The rest of the packet, from the cursor on. */
static bool inside(struct tunnel *t, const struct packet *p, const struct cursor *c,
                   enum tunnel_kind kind, enum tunnel_content content, uint64_t id)
{
    if (c->ran_short || cursor_left(c) == 0)
        return false;
    t->kind = (uint8_t)kind;
    t->content = (uint8_t)content;
    t->id = id;
    t->data = c->data + c->at;
    t->size = cursor_left(c);
    t->wire = p->payload_wire > c->at ? p->payload_wire - c->at : 0;
    return true;
}

static bool has_ip(const struct cursor *c)
{
    int first = cursor_peek(c, 0);
    return first >> 4 == 4 || first >> 4 == 6;
}

/* RFC 7348 section 5; GPE: draft-ietf-nvo3-vxlan-gpe section 3; with bit 0x80 the reserved octets
 * hold marks and a group (draft-smith-vxlan-group-policy section 2.1). */
static bool open_vxlan(const struct packet *p, struct cursor c, struct tunnel *t)
{
    uint8_t flags = cursor_u8(&c);
    uint16_t reserved = cursor_u16(&c);
    uint8_t next = cursor_u8(&c);
    uint32_t network = cursor_u24(&c);
    uint8_t last = cursor_u8(&c);
    bool is_gpe = flags & 4, has_group = flags == 0x88;
    if (has_group && !(reserved >> 8 & ~0x48u))
        reserved = next = 0;
    if (!(flags & 8) || (flags & 0xf0 && !has_group) || reserved || last || (!is_gpe && next))
        return false;
    if (!is_gpe || next == 3)
        return inside(t, p, &c, TUNNEL_VXLAN, CONTENT_ETHERNET, network);
    return (next == 1 || next == 2) && has_ip(&c) &&
           inside(t, p, &c, TUNNEL_VXLAN, CONTENT_IP, network);
}

/* RFC 8926 section 3.4. */
static bool open_geneve(const struct packet *p, struct cursor c, struct tunnel *t)
{
    uint8_t first = cursor_u8(&c), flags = cursor_u8(&c);
    uint16_t type = cursor_u16(&c);
    uint32_t network = cursor_u24(&c);
    uint8_t reserved = cursor_u8(&c);
    if (first >> 6 || flags & 0x3f || reserved || !cursor_skip(&c, (first & 63u) * 4))
        return false;
    if (type == TYPE_ETHERNET)
        return inside(t, p, &c, TUNNEL_GENEVE, CONTENT_ETHERNET, network);
    return (type == 0x0800 || type == 0x86dd) && has_ip(&c) &&
           inside(t, p, &c, TUNNEL_GENEVE, CONTENT_IP, network);
}

/* 3GPP TS 29.281 section 5: a G-PDU; extension headers are counted in words. */
static bool open_gtp(const struct packet *p, struct cursor c, struct tunnel *t)
{
    uint8_t flags = cursor_u8(&c), type = cursor_u8(&c);
    uint16_t length = cursor_u16(&c);
    uint32_t endpoint = cursor_u32(&c);
    if (flags >> 4 != 3 || type != 0xff || length + 8u > p->payload_wire)
        return false;
    if (flags & 7) {
        cursor_skip(&c, 3);
        uint8_t next = cursor_u8(&c);
        for (unsigned i = 0; i < EXTENSIONS && flags & 4 && next && !c.ran_short; i++) {
            uint32_t words = cursor_u8(&c);
            if (words == 0 || !cursor_skip(&c, words * 4 - 2))
                return false;
            next = cursor_u8(&c);
        }
    }
    return has_ip(&c) && inside(t, p, &c, TUNNEL_GTP, CONTENT_IP, endpoint);
}

/* RFC 4380 section 5.1.1. */
static bool open_teredo(const struct packet *p, struct cursor c, struct tunnel *t)
{
    if (cursor_peek_u16(&c, 0) == TEREDO_AUTHENTICATION) {
        cursor_skip(&c, 2);
        uint32_t id = cursor_u8(&c), value = cursor_u8(&c);
        cursor_skip(&c, id + value + 9);
    }
    if (cursor_left(&c) > 8 && cursor_peek_u16(&c, 0) == 0)
        cursor_skip(&c, 8);
    uint32_t room = p->payload_wire > c.at ? p->payload_wire - c.at : 0;
    uint32_t length = cursor_peek_u16(&c, 4) + 40u;
    bool fits = length == room || (length < room && cursor_peek(&c, 6) == NO_NEXT_HEADER);
    bool is_ipv6 = cursor_peek(&c, 0) >> 4 == 6 && cursor_left(&c) >= 40 && fits;
    return is_ipv6 && inside(t, p, &c, TUNNEL_TEREDO, CONTENT_IP, 0);
}

/* RFC 2661 section 3.1: data messages. */
static bool open_l2tp(const struct packet *p, struct cursor c, struct tunnel *t)
{
    uint16_t flags = cursor_u16(&c);
    if ((flags & 0xb4ff) != 2)
        return false;
    if (flags & 0x4000 && cursor_u16(&c) != p->payload_wire)
        return false;
    uint32_t ids = cursor_u32(&c);
    if (flags & 0x0800)
        cursor_skip(&c, 4);
    if (flags & 0x0200) {
        uint16_t offset = cursor_u16(&c);
        cursor_skip(&c, offset);
    }
    return inside(t, p, &c, TUNNEL_L2TP, CONTENT_PPP, ids);
}

/* RFC 5415 section 4.3: a header of words; frames of 802.3, or of 802.11 (binding 1, RFC 5416),
 * that are not cut into fragments. Keep-alives carry nothing. */
static bool open_capwap(const struct packet *p, struct cursor c, struct tunnel *t)
{
    uint32_t first = cursor_u32(&c);
    uint32_t words = first >> 19 & 31, binding = first >> 9 & 31;
    bool is_native = first & 0x100, is_fragment = first & 0x80, is_keep_alive = first & 8;
    if (first >> 24 || words < 2 || (is_native && binding != 1) || is_fragment || is_keep_alive ||
        !cursor_skip(&c, words * 4 - 4))
        return false;
    return inside(t, p, &c, TUNNEL_CAPWAP, is_native ? CONTENT_WIRELESS : CONTENT_ETHERNET, 0);
}

/* TaZmen's sniffer protocol: version 1, type, encapsulation(2), tags to the tag 1. */
static bool open_tzsp(const struct packet *p, struct cursor c, struct tunnel *t)
{
    enum { ETHERNET = 1, WIRELESS = 18 };
    uint8_t version = cursor_u8(&c), type = cursor_u8(&c);
    uint16_t encapsulation = cursor_u16(&c);
    bool is_wireless = encapsulation == WIRELESS;
    if (version != 1 || type > 1 || (encapsulation != ETHERNET && !is_wireless))
        return false;
    for (uint8_t tag = cursor_u8(&c); tag != 1 && !c.ran_short; tag = cursor_u8(&c)) {
        if (tag != 0) {
            uint8_t size = cursor_u8(&c);
            cursor_skip(&c, size);
        }
    }
    return inside(t, p, &c, TUNNEL_TZSP, is_wireless ? CONTENT_WIRELESS : CONTENT_ETHERNET, 0);
}

/* draft-foschiano-erspan: version 1 has eight bytes, version 2 twelve and perhaps eight more; type
 * I has none, and no sequence number in GRE. */
static bool open_erspan(const struct packet *p, struct cursor c, struct tunnel *t, uint16_t type,
                        bool has_sequence)
{
    if (!has_sequence)
        return inside(t, p, &c, TUNNEL_ERSPAN, CONTENT_ETHERNET, 0);
    uint32_t first = cursor_u32(&c);
    uint32_t session = first & 0x3ff;
    if (first >> 28 != (type == TYPE_ERSPAN_2 ? 1u : 2u))
        return false;
    if (type == TYPE_ERSPAN_2) {
        cursor_skip(&c, 4);
    } else {
        cursor_skip(&c, 6);
        uint16_t last = cursor_u16(&c);
        if (last & 1)
            cursor_skip(&c, 8);
    }
    return inside(t, p, &c, TUNNEL_ERSPAN, CONTENT_ETHERNET, session);
}

/* RFC 2784, RFC 2890; version 1 is PPTP's, RFC 2637 section 4.1. */
static bool open_gre(const struct packet *p, struct cursor c, struct tunnel *t)
{
    uint16_t flags = cursor_u16(&c), type = cursor_u16(&c);
    uint32_t key = 0;
    bool has_sequence = flags & 0x1000;
    if ((flags & 7) == 1) {
        cursor_skip(&c, 2);
        key = cursor_u16(&c);
        cursor_skip(&c, (has_sequence ? 4u : 0) + (flags & 0x80 ? 4u : 0));
        return type == TYPE_PPP && inside(t, p, &c, TUNNEL_PPTP, CONTENT_PPP, key);
    }
    if (flags & 0x4fff) /* version 0 without routing */
        return false;
    if (flags & 0x8000)
        cursor_skip(&c, 4);
    if (flags & 0x2000)
        key = cursor_u32(&c);
    if (has_sequence)
        cursor_skip(&c, 4);
    switch (type) {
    case TYPE_ETHERNET:
        return inside(t, p, &c, TUNNEL_GRE, CONTENT_ETHERNET, key);
    case TYPE_ERSPAN_2:
    case TYPE_ERSPAN_3:
        return open_erspan(p, c, t, type, has_sequence);
    case TYPE_PPP:
        return inside(t, p, &c, TUNNEL_GRE, CONTENT_PPP, key);
    default:
        t->ethertype = type;
        return inside(t, p, &c, TUNNEL_GRE, CONTENT_ETHERTYPE, key);
    }
}

typedef bool open_fn(const struct packet *p, struct cursor c, struct tunnel *t);

static open_fn *opener_of(uint16_t port)
{
    switch (port) {
    case 1701:
        return open_l2tp;
    case 2152:
        return open_gtp;
    case 3544:
        return open_teredo;
    case 4789:
    case 4790:
    case 8472:
        return open_vxlan;
    case 5247:
        return open_capwap;
    case 6081:
        return open_geneve;
    case 37008:
        return open_tzsp;
    default:
        return NULL;
    }
}

bool tunnel_open_as(const struct packet *p, enum tunnel_kind kind, struct tunnel *t)
{
    static open_fn *const openers[TUNNEL_KINDS] = {
        [TUNNEL_VXLAN] = open_vxlan,   [TUNNEL_GENEVE] = open_geneve, [TUNNEL_GTP] = open_gtp,
        [TUNNEL_TEREDO] = open_teredo, [TUNNEL_L2TP] = open_l2tp,     [TUNNEL_CAPWAP] = open_capwap,
        [TUNNEL_TZSP] = open_tzsp};
    *t = (struct tunnel){0};
    return openers[kind] && openers[kind](p, cursor_over(p->payload, p->payload_size), t);
}

bool tunnel_holds(const struct tunnel *t, const struct packet *inner, bool is_strict)
{
    struct cursor c = cursor_over(inner->ip, inner->ip_size);
    if (inner->ip < t->data || inner->ip >= t->data + t->size)
        return true; /* put together from fragments */
    uint32_t before = (uint32_t)(inner->ip - t->data);
    uint32_t room = t->wire > before ? t->wire - before : 0;
    if (inner->key.is_v6)
        return (cursor_peek_u16(&c, 4) || cursor_peek(&c, 6) == NO_NEXT_HEADER) &&
               cursor_peek_u16(&c, 4) + 40u <= room;
    uint32_t header = (uint32_t)(cursor_peek(&c, 0) & 15) * 4;
    bool is_left_out = !is_strict && cursor_peek_u16(&c, 10) == 0;
    return cursor_peek_u16(&c, 2) >= header && (uint32_t)cursor_peek_u16(&c, 2) <= room &&
           (is_left_out || decode_ipv4_header_holds(c));
}

bool tunnel_open(const struct packet *p, struct tunnel *t)
{
    struct cursor c = cursor_over(p->payload, p->payload_size);
    *t = (struct tunnel){0};
    switch (p->key.ip_protocol) {
    case IP_IPIP:
        return inside(t, p, &c, TUNNEL_IPIP, CONTENT_IP, 0);
    case IP_6IN4:
        return inside(t, p, &c, TUNNEL_6IN4, CONTENT_IP, 0);
    case IP_GRE:
        return open_gre(p, c, t);
    case IP_UDP:
        for (unsigned i = 0; i < 2; i++) {
            open_fn *open = opener_of(p->key.port[i]);
            if (open && open(p, c, t))
                return true;
        }
        return false;
    default:
        return false;
    }
}

const char *tunnel_kind_name(uint8_t kind)
{
    static const char *const names[TUNNEL_KINDS] = {"",       "ipip",   "6in4",   "gre", "pptp",
                                                    "erspan", "vxlan",  "geneve", "gtp", "teredo",
                                                    "l2tp",   "capwap", "tzsp"};
    return kind < TUNNEL_KINDS ? names[kind] : "";
}

/* From L2TP to TZSP. */
bool tunnel_has_port(uint16_t port)
{
    switch (port) {
    case 1701:
    case 2152:
    case 3544:
    case 4789:
    case 4790:
    case 5247:
    case 6081:
    case 8472:
    case 37008:
        return true;
    default:
        return false;
    }
}
