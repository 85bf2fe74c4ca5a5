/* SPDX-License-Identifier: MIT */
/* What a tunnel carries: a packet of a flow in the tunnel's domain. */
#include "decode/descent.h"
#include "decode/fast.h"
#include "decode/tunnel.h"

static enum decode_result decode_content(struct descent *d, const struct tunnel *t)
{
    struct cursor c = cursor_over(t->data, t->size);
    switch (t->content) {
    case CONTENT_ETHERNET:
        return decode_link(d, c, LINK_ETHERNET);
    case CONTENT_ETHERTYPE:
        return decode_ethertype(d, c, t->ethertype);
    case CONTENT_PPP:
        return decode_ppp(d, c);
    case CONTENT_WIRELESS:
        return decode_wireless(d, c);
    default:
        return decode_ip(d, c);
    }
}

static const uint64_t no_secret[2] = {0x8EBC6AF09C88C6E3u, 0x589965CC75374CC3u};

/* Of the address that the outer packet goes to. */
static uint32_t target_of(const struct packet *outer)
{
    const struct flow_key *key = &outer->key;
    unsigned to = !outer->direction;
    if (!key->is_v6)
        return key->address.v4[to];
    return (uint32_t)hash_v6(key->address.v6[to], key->address.v6[to], no_secret);
}

/* Between the two gateways, whichever of their ports they use: this inner flow. */
static uint32_t domain_met(struct descent *d, const struct packet *outer)
{
    struct flow_key gateways = outer->key, flow = d->packet->key;
    gateways.port[0] = gateways.port[1] = 0;
    flow.domain = d->tunnel->kind;
    uint64_t hash =
        hash_fold(flow_key_hash(&gateways, no_secret), flow_key_hash(&flow, d->decoder->hash_key));
    return descent_with_vlan(
        d, tunnel_domain_met(d->decoder->tunnels, d->tunnel, hash, outer->direction));
}

static enum decode_result decode_opened(const struct decoder *decoder, const struct packet *outer,
                                        const struct tunnel *t, bool is_strict,
                                        struct packet *inner)
{
    struct tunnel_identity identity = {.id = t->id,
                                       .parent = outer->key.domain,
                                       .target = tunnel_is_one_way(t->kind) ? target_of(outer) : 0,
                                       .kind = t->kind};
    struct descent d = {.decoder = decoder, .packet = inner, .tunnel = &identity};
    packet_begin(inner, t->wire);
    inner->time = outer->time;
    inner->vlan = outer->vlan;
    enum decode_result result = decode_content(&d, t);
    if (result != DECODE_FLOW)
        return result;
    if (outer->key.ip_protocol == IP_UDP && !tunnel_holds(t, inner, is_strict))
        return DECODE_OTHER;
    /* Only what carries a flow gets a number. */
    inner->key.domain = tunnel_is_one_way(t->kind) ? domain_met(&d, outer) : descent_domain(&d);
    inner->hash = flow_key_hash(&inner->key, decoder->hash_key);
    return DECODE_FLOW;
}

enum decode_result decode_inner(const struct decoder *decoder, const struct packet *outer,
                                struct packet *inner)
{
    struct tunnel t;
    return tunnel_open(outer, &t) ? decode_opened(decoder, outer, &t, false, inner) : DECODE_OTHER;
}

enum decode_result decode_inner_as(const struct decoder *decoder, const struct packet *outer,
                                   uint8_t kind, struct packet *inner)
{
    struct decoder alone = *decoder;
    struct tunnel t;
    alone.fragments = NULL;
    return tunnel_open_as(outer, (enum tunnel_kind)kind, &t)
               ? decode_opened(&alone, outer, &t, true, inner)
               : DECODE_OTHER;
}
