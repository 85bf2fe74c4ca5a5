/* SPDX-License-Identifier: MIT */
/*
 * IP and transport headers, through the cursor, layer by layer. What nearly all frames are goes the
 * short way of decode/fast.h.
 */
#include "decode/descent.h"
#include "decode/fast.h"
#include "decode/fragments.h"
#include "decode/tunnel.h"

enum { MAX_EXTENSIONS = 10 };

/* ---- the key ----------------------------------------------------------------------------- */

static inline void order_v4(struct packet *p, uint32_t source, uint32_t target, uint16_t from,
                            uint16_t to)
{
    struct flow_key *k = &p->key;
    bool swap = source > target || (source == target && from > to);
    k->address.v4[swap] = source;
    k->address.v4[!swap] = target;
    k->port[swap] = from;
    k->port[!swap] = to;
    p->direction = swap;
}

static void order_v6(struct packet *p, const uint8_t *source, const uint8_t *target, uint16_t from,
                     uint16_t to)
{
    struct flow_key *k = &p->key;
    uint64_t a[2], b[2];
    memcpy(a, source, 16);
    memcpy(b, target, 16);
    bool swap = a[0] != b[0] ? a[0] > b[0] : a[1] != b[1] ? a[1] > b[1] : from > to;
    k->address.v6[swap][0] = a[0];
    k->address.v6[swap][1] = a[1];
    k->address.v6[!swap][0] = b[0];
    k->address.v6[!swap][1] = b[1];
    k->port[swap] = from;
    k->port[!swap] = to;
    p->direction = swap;
}

/* ---- layers, through the cursor ---------------------------------------------------------- */

static void finish_key(struct descent *d, uint8_t ip_protocol, uint16_t from, uint16_t to)
{
    struct packet *p = d->packet;
    p->key.ip_protocol = ip_protocol;
    p->key.domain = d->domain;
    if (p->key.is_v6) {
        order_v6(p, d->source, d->target, from, to);
    } else {
        uint32_t source, target;
        memcpy(&source, d->source, 4);
        memcpy(&target, d->target, 4);
        order_v4(p, source, target, from, to);
    }
    p->hash = flow_key_hash(&p->key, d->decoder->hash_key);
}

static void set_payload(struct packet *p, const struct cursor *c, uint32_t wire)
{
    p->payload = c->data + c->at;
    p->payload_wire = wire;
    p->payload_size = cursor_left(c) < wire ? cursor_left(c) : wire;
}

/* `wire` is what the IP header promises from here on. */
static enum decode_result decode_tcp(struct descent *d, struct cursor c, uint32_t wire)
{
    struct packet *p = d->packet;
    uint16_t from = cursor_u16(&c), to = cursor_u16(&c);
    p->sequence = cursor_u32(&c);
    cursor_skip(&c, 4);
    uint32_t header = (uint32_t)(cursor_u8(&c) >> 4) * 4;
    p->tcp_flags = cursor_u8(&c);
    if (c.ran_short || header < 20)
        return DECODE_MALFORMED;
    c.at = 0;
    if (header > wire)
        return DECODE_MALFORMED;
    if (!cursor_skip(&c, header))
        c.at = c.size; /* options cut by the snap length: a packet without payload */
    set_payload(p, &c, wire - header);
    finish_key(d, IP_TCP, from, to);
    return DECODE_FLOW;
}

static enum decode_result decode_udp(struct descent *d, struct cursor c, uint32_t wire)
{
    uint16_t from = cursor_u16(&c), to = cursor_u16(&c), length = cursor_u16(&c);
    cursor_skip(&c, 2);
    if (c.ran_short || wire < 8)
        return DECODE_MALFORMED;
    wire -= 8;
    if (length >= 8 && length - 8u < wire)
        wire = length - 8u;
    set_payload(d->packet, &c, wire);
    finish_key(d, IP_UDP, from, to);
    return DECODE_FLOW;
}

/* RFC 9260: the first DATA (or I-DATA) chunk's user data is the payload. */
static enum decode_result decode_sctp(struct descent *d, struct cursor c, uint32_t wire)
{
    struct packet *p = d->packet;
    uint16_t from = cursor_u16(&c), to = cursor_u16(&c);
    cursor_skip(&c, 8);
    if (c.ran_short || wire < 12)
        return DECODE_MALFORMED;
    p->sctp_ppid = 0;
    set_payload(p, &c, 0);
    while (cursor_left(&c) >= 16) {
        uint8_t type = cursor_u8(&c);
        cursor_skip(&c, 1);
        uint32_t length = cursor_u16(&c);
        if (length < 4)
            break;
        if ((type == 0 && length > 16) || (type == 64 && length > 20)) {
            cursor_skip(&c, type == 64 ? 12 : 8);
            p->sctp_ppid = cursor_u32(&c);
            set_payload(p, &c, length - (type == 64 ? 20 : 16));
            break;
        }
        if (!cursor_skip(&c, ((length + 3) & ~3u) - 4))
            break;
    }
    finish_key(d, IP_SCTP, from, to);
    return DECODE_FLOW;
}

int decode_icmp_counterpart(bool is_v6, uint8_t type)
{
    static const uint8_t pairs4[][2] = {{8, 0}, {13, 14}, {15, 16}, {17, 18}, {10, 9}};
    static const uint8_t pairs6[][2] = {{128, 129}, {133, 134}, {135, 136},
                                        {130, 131}, {139, 140}, {144, 145}};
    const uint8_t(*pairs)[2] = is_v6 ? pairs6 : pairs4;
    size_t n = is_v6 ? sizeof pairs6 / 2 : sizeof pairs4 / 2;
    for (size_t i = 0; i < n; i++) {
        if (pairs[i][0] == type)
            return pairs[i][1];
        if (pairs[i][1] == type)
            return pairs[i][0];
    }
    return -1;
}

static enum decode_result decode_icmp(struct descent *d, struct cursor c, uint32_t wire,
                                      uint8_t ip_protocol)
{
    uint8_t type = cursor_u8(&c), code = cursor_u8(&c);
    if (c.ran_short)
        return DECODE_MALFORMED;
    int counterpart = decode_icmp_counterpart(ip_protocol == IP_ICMPV6, type);
    set_payload(d->packet, &c, wire > 2 ? wire - 2 : 0);
    finish_key(d, ip_protocol, type, counterpart >= 0 ? (uint16_t)counterpart : code);
    return DECODE_FLOW;
}

static enum decode_result decode_transport(struct descent *d, struct cursor c, uint32_t wire,
                                           uint8_t ip_protocol)
{
    if (cursor_left(&c) > wire)
        c.size = c.at + wire; /* the link layer's padding */
    c = cursor_over(c.data + c.at, cursor_left(&c));
    switch (ip_protocol) {
    case IP_TCP:
        return decode_tcp(d, c, wire);
    case IP_UDP:
        return decode_udp(d, c, wire);
    case IP_SCTP:
        return decode_sctp(d, c, wire);
    case IP_ICMP:
    case IP_ICMPV6:
        return decode_icmp(d, c, wire, ip_protocol);
    default:
        set_payload(d->packet, &c, wire);
        finish_key(d, ip_protocol, 0, 0);
        return DECODE_FLOW;
    }
}

/* With `--vlan strict`, a VLAN in a tunnel keeps the tunnel's flows apart once more. */
uint32_t descent_with_vlan(const struct descent *d, uint32_t tunnel)
{
    struct tunnel_identity vlan = {.id = d->domain, .parent = tunnel};
    return d->domain ? tunnel_domain(d->decoder->tunnels, &vlan) : tunnel;
}

uint32_t descent_domain(const struct descent *d)
{
    return d->tunnel ? descent_with_vlan(d, tunnel_domain(d->decoder->tunnels, d->tunnel))
                     : d->domain;
}

/* A fragment: `f` has its id, offset and length. DECODE_FLOW with *is_alone: it is the first, and
 * is decoded as it is. */
static enum decode_result decode_fragment(struct descent *d, const struct cursor *c,
                                          struct fragment *f, bool *is_alone)
{
    struct packet *p = d->packet;
    struct whole whole;
    *is_alone = f->offset == 0;
    if (!d->decoder->fragments || d->is_whole)
        return f->offset ? DECODE_FRAGMENT : DECODE_FLOW;
    size_t size = p->key.is_v6 ? 16 : 4;
    memcpy(&f->key.address[0], d->source, size);
    memcpy(&f->key.address[2], d->target, size);
    f->key.domain = descent_domain(d);
    f->key.is_v6 = p->key.is_v6;
    f->data = c->data + c->at;
    f->size = cursor_left(c) < f->wire ? cursor_left(c) : f->wire;
    f->frame_length = p->frame_length;
    f->vlan = p->vlan;
    f->time = p->time;
    switch (fragments_add(d->decoder->fragments, f, &whole)) {
    case FRAGMENT_ALONE:
        return DECODE_FLOW;
    case FRAGMENT_WHOLE:
        *is_alone = false;
        d->is_whole = true;
        p->frame_length = whole.frame_length;
        return decode_ip(d, cursor_over(whole.ip, whole.size));
    default:
        return DECODE_FRAGMENT;
    }
}

static enum decode_result decode_ipv4(struct descent *d, struct cursor c)
{
    struct packet *p = d->packet;
    const uint8_t *start = c.data + c.at;
    uint8_t first = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint32_t total = cursor_u16(&c);
    uint16_t id = cursor_u16(&c), fragment = cursor_u16(&c);
    cursor_skip(&c, 1);
    uint8_t ip_protocol = cursor_u8(&c);
    cursor_skip(&c, 2);
    d->source = cursor_bytes(&c, 4);
    d->target = cursor_bytes(&c, 4);
    uint32_t header = (first & 15u) * 4;
    if (c.ran_short || first >> 4 != 4 || header < 20 || !cursor_skip(&c, header - 20))
        return DECODE_MALFORMED;
    uint32_t have = header + cursor_left(&c);
    if (total == 0)
        total = have; /* segmentation offload leaves it 0 */
    if (total < header)
        return DECODE_MALFORMED;
    p->key.is_v6 = false;
    p->ip = start;
    p->ip_size = total < have ? total : have;
    if (fragment & 0x3fff) {
        bool is_alone;
        struct fragment f = {.key = {.id = id, .ip_protocol = ip_protocol},
                             .offset = (fragment & 0x1fffu) * 8,
                             .more = fragment & 0x2000,
                             .wire = total - header};
        enum decode_result result = decode_fragment(d, &c, &f, &is_alone);
        if (result != DECODE_FLOW || !is_alone)
            return result;
    }
    return decode_transport(d, c, total - header, ip_protocol);
}

static bool is_extension(uint8_t next)
{
    /* hop-by-hop, routing, destination options, mobility, HIP, shim6: RFC 8200 and IANA's list */
    return next == 0 || next == 43 || next == 60 || next == 135 || next == 139 || next == 140;
}

static enum decode_result decode_ipv6(struct descent *d, struct cursor c)
{
    struct packet *p = d->packet;
    const uint8_t *start = c.data + c.at;
    uint8_t first = cursor_u8(&c);
    cursor_skip(&c, 3);
    uint32_t length = cursor_u16(&c);
    uint8_t next = cursor_u8(&c);
    cursor_skip(&c, 1);
    d->source = cursor_bytes(&c, 16);
    d->target = cursor_bytes(&c, 16);
    if (c.ran_short || first >> 4 != 6)
        return DECODE_MALFORMED;
    if (length == 0)
        length = cursor_left(&c); /* jumbogram or segmentation offload */
    p->key.is_v6 = true;
    p->ip = start;
    p->ip_size = 40 + (length < cursor_left(&c) ? length : cursor_left(&c));
    for (int i = 0; i < MAX_EXTENSIONS && (is_extension(next) || next == 44); i++) {
        uint8_t current = next;
        uint32_t size = 8;
        next = cursor_u8(&c);
        if (current == 44) { /* fragment header, RFC 8200 section 4.5 */
            cursor_skip(&c, 1);
            uint16_t offset = cursor_u16(&c);
            uint32_t id = cursor_u32(&c);
            if (offset & 0xfff9 && !c.ran_short && length > 8) {
                bool is_alone;
                struct fragment f = {.key = {.id = id, .ip_protocol = next},
                                     .offset = offset & 0xfff8u,
                                     .more = offset & 1,
                                     .wire = length - 8};
                enum decode_result result = decode_fragment(d, &c, &f, &is_alone);
                if (result != DECODE_FLOW || !is_alone)
                    return result;
            }
        } else {
            size = ((uint32_t)cursor_u8(&c) + 1) * 8;
            cursor_skip(&c, size - 2);
        }
        if (c.ran_short || size > length)
            return DECODE_MALFORMED;
        length -= size;
    }
    return decode_transport(d, c, length, next);
}

enum decode_result decode_ip(struct descent *d, struct cursor c)
{
    int first = cursor_peek(&c, 0);
    if (first >> 4 == 4)
        return decode_ipv4(d, c);
    if (first >> 4 == 6)
        return decode_ipv6(d, c);
    return first < 0 ? DECODE_MALFORMED : DECODE_OTHER;
}

enum decode_result decode_frame_slowly(const struct decoder *decoder, const uint8_t *data,
                                       uint32_t captured, uint32_t length, uint32_t link_type,
                                       struct packet *packet)
{
    struct descent d = {.decoder = decoder, .packet = packet};
    packet_begin(packet, length);
    return decode_link(&d, cursor_over(data, captured), link_type);
}

enum decode_result decode_frame(const struct decoder *decoder, const uint8_t *data,
                                uint32_t captured, uint32_t length, uint32_t link_type,
                                struct packet *packet)
{
    if (decode_fast(decoder, data, captured, length, link_type, packet) != FAST_NOT)
        return DECODE_FLOW;
    return decode_frame_slowly(decoder, data, captured, length, link_type, packet);
}

enum decode_result decode_whole(const struct decoder *decoder, const struct whole *whole,
                                struct packet *packet)
{
    struct descent d = {
        .decoder = decoder, .packet = packet, .domain = whole->domain, .is_whole = true};
    packet_begin(packet, whole->frame_length);
    packet->vlan = whole->vlan;
    return decode_ip(&d, cursor_over(whole->ip, whole->size));
}
