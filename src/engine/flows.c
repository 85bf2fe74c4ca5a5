/* SPDX-License-Identifier: MIT */
/* Flows as callers see them. */
#include "engine/engine.h"

static uint64_t mix(uint64_t a, uint64_t b)
{
    return hash_fold(a ^ 0xA0761D6478BD642Fu, b ^ 0xE7037ED1A0B428DBu);
}

static uint64_t key_mark(const struct flow_key *key)
{
    static const uint64_t no_secret[2] = {0x8EBC6AF09C88C6E3u, 0x589965CC75374CC3u};
    uint64_t rest = hash_rest(key->domain, key->port[0], key->port[1], key->ip_protocol);
    uint64_t mixed = key->is_v6 ? hash_v6(key->address.v6[0], key->address.v6[1], no_secret)
                                : (uint64_t)key->address.v4[0] << 32 | key->address.v4[1];
    return hash_finish(mixed, rest, no_secret);
}

/* Of the key and the start, with no secret in it: the same on every run. */
uint64_t cdpi_flow_id(const struct cdpi_flow *flow)
{
    const struct flow_place *p = &flow->place;
    struct flow_key key = table_key(p->table, p->segment, p->slot);
    uint64_t start = place_cold(p)->start;
    if (key.domain) /* its number depends on what came before */
        start ^= tunnel_mark(&flow->engine->tunnels, key.domain);
    key.domain = 0;
    uint64_t id = mix(key_mark(&key), start);
    return id >> 11 ? id >> 11 : 1;
}

void cdpi_flow_info(const struct cdpi_flow *flow, struct cdpi_flow_info *info)
{
    const struct flow_place *p = &flow->place;
    const struct hot *hot = place_hot(p);
    const struct cold *cold = place_cold(p);
    struct flow_key key = table_key(p->table, p->segment, p->slot);
    *info = (struct cdpi_flow_info){.id = cdpi_flow_id(flow),
                                    .ip_version = key.is_v6 ? 6 : 4,
                                    .ip_protocol = key.ip_protocol,
                                    .vlan = cold->vlan,
                                    .tunnel = key.domain,
                                    .tunnel_kind = "",
                                    .start = cold->start * 1000,
                                    .end = cold_end(cold) * 1000,
                                    .end_reason = (enum cdpi_end_reason)cold->end_reason};
    const struct tunnel_identity *tunnel = tunnel_identity(&flow->engine->tunnels, key.domain);
    if (tunnel && tunnel->kind == TUNNEL_NONE) /* a VLAN in it */
        tunnel = tunnel_identity(&flow->engine->tunnels, tunnel->parent);
    if (tunnel) {
        info->tunnel_kind = tunnel_kind_name(tunnel->kind);
        info->tunnel_id = tunnel->id;
    }
    for (unsigned side = 0; side < 2; side++) {
        unsigned direction = side == CLIENT ? client_direction(hot) : !client_direction(hot);
        info->port[side] = key.port[direction];
        info->packets[side] = cold_packets(cold, direction);
        info->bytes[side] = cold_bytes(cold, direction);
        if (key.is_v6)
            memcpy(info->address[side], key.address.v6[direction], 16);
        else
            memcpy(info->address[side], &key.address.v4[direction], 4);
    }
}

uint64_t cdpi_flow_user(const struct cdpi_flow *flow)
{
    return place_cold(&flow->place)->user;
}

void cdpi_flow_set_user(struct cdpi_flow *flow, uint64_t user)
{
    place_cold(&flow->place)->user = user;
}

size_t cdpi_flow_head(const struct cdpi_flow *flow, enum cdpi_side side, const uint8_t **data)
{
    const struct hot *hot = place_hot(&flow->place);
    if (hot->head == NO_HEAD || hot->bits & FLOW_HAS_NOTE)
        return 0;
    const struct head *head = head_at(&flow->engine->heads, hot->head);
    unsigned direction = side == CDPI_CLIENT ? client_direction(hot) : !client_direction(hot);
    *data = head_bytes(head, direction);
    return head->side[direction].size;
}

enum cdpi_status cdpi_each_flow(struct cdpi *engine,
                                bool (*visit)(void *context, struct cdpi_flow *flow), void *context)
{
    if (!engine || !visit)
        return CDPI_BAD_ARGUMENT;
    bool was = engine->in_callback, go_on = true;
    engine->in_callback = true;
    for (unsigned t = 0; t < 2 && go_on; t++) {
        for (uint32_t segment = 0; segment < SEGMENTS && go_on; segment++) {
            const struct segment *s = &engine->tables[t].segments[segment];
            for (uint32_t slot = 0; go_on && (slot = segment_next(s, slot)) < s->capacity; slot++) {
                struct cdpi_flow flow = {engine, place_at(&engine->tables[t], segment, slot)};
                go_on = visit(context, &flow);
            }
        }
    }
    engine->in_callback = was;
    return CDPI_OK;
}

struct cdpi_stats cdpi_stats(const struct cdpi *engine)
{
    struct cdpi_stats stats = engine->stats;
    stats.flows_active = engine->tables[0].used + engine->tables[1].used;
    stats.datagrams_reassembled = engine->fragments.reassembled;
    stats.datagrams_incomplete = engine->fragments.incomplete;
    stats.fragments_overlapping = engine->fragments.overlapping;
    stats.memory_now = engine->memory.used;
    stats.memory_peak = engine->memory.peak;
    return stats;
}
