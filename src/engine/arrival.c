/* SPDX-License-Identifier: MIT */
/* A payload's bytes into the head of its flow, and when the head has enough of them. */
#include "engine/inspection.h"

struct head *engine_take_head(struct cdpi *engine, const struct flow_place *place, uint64_t hash)
{
    struct head *head;
    while (!(head = head_take(&engine->heads))) {
        if (!engine_force_oldest(engine))
            return NULL;
    }
    head->hash = hash;
    head->is_v6 = place->table->is_v6;
    head->first_time = engine->now;
    place_hot(place)->head = head->number;
    return head;
}

bool engine_put(struct cdpi *engine, struct head *head, unsigned direction, uint32_t offset,
                const uint8_t *bytes, uint32_t size)
{
    while (!head_put(&engine->heads, head, direction, offset, bytes, size)) {
        if (head_oldest(&engine->heads) == head->number || !engine_force_oldest(engine))
            return false;
    }
    return true;
}

static void mark(struct cdpi *engine, struct head *head, enum side side, const struct packet *p,
                 uint32_t offset)
{
    if (head->payload_packets < UINT8_MAX)
        head->payload_packets++;
    if (head->mark_count == HEAD_MARKS)
        return;
    uint32_t room = offset < HEAD_LIMIT ? HEAD_LIMIT - offset : 0;
    uint32_t held = p->payload_size < room ? p->payload_size : room;
    uint64_t after = engine->now - head->first_time;
    head->marks[head->mark_count++] = (struct datagram){
        .side = (uint8_t)side,
        .cut = held < p->payload_wire,
        .wire_size = (uint16_t)(p->payload_wire < UINT16_MAX ? p->payload_wire : UINT16_MAX),
        .offset = (uint16_t)(offset < HEAD_LIMIT ? offset : HEAD_LIMIT),
        .size = (uint16_t)held,
        .time = after < UINT32_MAX ? (uint32_t)after : UINT32_MAX};
}

uint32_t packet_first_sequence(const struct packet *p)
{
    return p->sequence + (p->tcp_flags & TCP_SYN ? 1 : 0);
}

void engine_anchor(const struct hot *hot, const struct cold *cold, const struct packet *p,
                   struct head_side *side)
{
    enum side who = direction_side(hot, p->direction);
    bool syn = hot->bits & (who == CLIENT ? FLOW_SYN_SEEN : FLOW_SYNACK_SEEN);
    side->base = syn ? cold->isn[who] + 1 : packet_first_sequence(p);
    side->from_syn = syn;
    side->has_base = true;
}

struct arrival engine_arrive(struct cdpi *engine, const struct flow_place *place, struct head *head,
                             const struct packet *p)
{
    const struct hot *hot = place_hot(place);
    struct head_side *side = &head->side[p->direction];
    struct arrival a = {.offset = side->size, .bytes = p->payload, .size = p->payload_size};
    if (hot->ip_protocol == IP_TCP) {
        if (!side->has_base)
            engine_anchor(hot, place_cold(place), p, side);
        int32_t offset = (int32_t)(packet_first_sequence(p) - side->base);
        uint32_t behind = offset < 0 ? 0 - (uint32_t)offset : 0;
        if (behind > a.size)
            behind = a.size;
        a.offset = offset < 0 ? 0 : (uint32_t)offset;
        a.bytes += behind;
        a.size -= behind;
    }
    mark(engine, head, direction_side(hot, p->direction), p, a.offset);
    side->passed += p->payload_wire;
    return a;
}

static void store_segment(struct cdpi *engine, struct head *head, const struct packet *p,
                          const struct arrival *a)
{
    struct head_side *side = &head->side[p->direction];
    engine_put(engine, head, p->direction, a->offset, a->bytes, a->size);
    if ((side->size && side->island_count == 0) || side->waited == UINT8_MAX)
        return;
    if (++side->waited < GAP_PATIENCE || side->size)
        return;
    engine->stats.gaps_skipped++;
    if (!head_skip_gap(head, p->direction)) {
        side->base =
            packet_first_sequence(p); /* all before was lost, and this is too far to wait */
        side->from_syn = false;
        side->is_missing = true;
        engine_put(engine, head, p->direction, 0, p->payload, p->payload_size);
    }
}

static void store_message(struct cdpi *engine, struct head *head, const struct packet *p,
                          const struct arrival *a)
{
    const struct head_side *side = &head->side[p->direction];
    engine_put(engine, head, p->direction, a->offset, a->bytes, a->size);
    struct datagram *last = head->mark_count ? &head->marks[head->mark_count - 1] : NULL;
    if (last && side->size - a->offset < last->size) {
        last->size = (uint16_t)(side->size - a->offset); /* no memory for it */
        last->cut = true;
    }
}

void engine_store_arrival(struct cdpi *engine, struct head *head, const struct packet *p,
                          const struct arrival *a)
{
    if (p->key.ip_protocol == IP_TCP)
        store_segment(engine, head, p, a);
    else
        store_message(engine, head, p, a);
}

void engine_forget_side(struct head *head, enum side side, unsigned direction)
{
    struct head_side *s = &head->side[direction];
    struct classification *c = head_classification(head);
    s->size = 0;
    s->island_count = 0;
    s->has_base = false;
    c->spoke &= (uint8_t) ~(1u << side);
    c->proposed_at[side] = 0;
}

bool head_may_begin_later(const struct packet *p, struct head *head)
{
    return p->key.ip_protocol == IP_TCP && head_classification(head)->room == NO_ROOM &&
           !head->side[p->direction].from_syn;
}

void engine_try_later(const struct flow_place *place, const struct packet *p, struct head *head)
{
    if (head_may_begin_later(p, head))
        engine_forget_side(head, direction_side(place_hot(place), p->direction), p->direction);
}

static bool side_is_finished(const struct head *head, unsigned direction, bool exhausted)
{
    const struct head_side *s = &head->side[direction];
    bool other_spoke = head->side[!direction].passed > 0;
    if (s->passed == 0 || head_side_is_full(s))
        return true;
    if (s->size && s->island_count && s->waited >= LONG_PATIENCE)
        return true; /* what is missing will not come */
    if (!exhausted || (s->size == 0 && s->waited < GAP_PATIENCE))
        return false; /* its beginning is still awaited */
    if (!s->from_syn && !s->is_missing && head->mark_count < HEAD_MARKS)
        return false;                                  /* mid-stream: later segments are tried */
    return other_spoke || s->passed >= 2 * HEAD_LIMIT; /* what came twice counts twice */
}

/* One side was joined in the middle of something long: the other may yet begin a message. */
static bool waits_for_other(const struct head *head)
{
    for (unsigned direction = 0; direction < 2; direction++) {
        const struct head_side *s = &head->side[direction];
        if (head->side[!direction].passed == 0)
            return !s->from_syn && s->passed < ONE_SIDE_LIMIT;
    }
    return false;
}

bool head_budget_is_spent(const struct head *head, bool is_udp, bool exhausted)
{
    if (is_udp)
        return head->mark_count >= UDP_DATAGRAMS;
    if (waits_for_other(head))
        return false;
    return side_is_finished(head, 0, exhausted) && side_is_finished(head, 1, exhausted);
}
