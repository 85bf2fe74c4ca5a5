/* SPDX-License-Identifier: MIT */
/*
 * The inspection of a flow: payload is put in order in its head, the classifiers look at it, and
 * the budget ends it.
 *
 * TCP's budget is bytes: a side is finished when its 4 KiB are full, or when nothing that is known
 * could still match it and either the other side has spoken too or 4 KiB of it have passed by.
 * UDP's is eight datagrams. Both end 30 s of packet time after the first payload, or with the flow.
 */
#include "engine/engine.h"

struct classification *head_classification(struct head *head)
{
    return (struct classification *)(void *)head->extra;
}

static uint8_t transport_bit(uint8_t ip_protocol)
{
    return ip_protocol == IP_TCP ? OVER_TCP : ip_protocol == IP_UDP ? OVER_UDP : OVER_SCTP;
}

/* A classifier's view of a flow, with room for its datagrams. */
struct view {
    struct exchange exchange;
    struct datagram datagrams[HEAD_MARKS];
};

static void begin_view(struct view *v, const struct hot *hot)
{
    unsigned client = client_direction(hot);
    v->exchange = (struct exchange){
        .head = {(const uint8_t *)"", (const uint8_t *)""},
        .port = {hot->port[client], hot->port[!client]},
        .transport = transport_bit(hot->ip_protocol),
        .is_midstream =
            hot->ip_protocol == IP_TCP && !(hot->bits & (FLOW_SYN_SEEN | FLOW_SYNACK_SEEN)),
        .sides_are_certain = hot->bits & FLOW_SIDES_CERTAIN,
        .datagrams = v->datagrams,
    };
}

static struct datagram as_datagram(const struct hot *hot, const struct head_mark *mark)
{
    return (struct datagram){.side = (uint8_t)direction_side(hot, mark->direction),
                             .cut = mark->cut,
                             .wire_size = mark->wire_size,
                             .offset = mark->offset,
                             .size = mark->size,
                             .time = mark->time};
}

static void view_head(struct view *v, const struct hot *hot, const struct head *head)
{
    begin_view(v, hot);
    for (unsigned direction = 0; direction < 2; direction++) {
        enum side side = direction_side(hot, direction);
        v->exchange.head[side] = head_bytes(head, direction);
        v->exchange.size[side] = head->side[direction].size;
        v->exchange.is_full[side] = head_side_is_full(&head->side[direction]);
    }
    if (v->exchange.transport == OVER_UDP) {
        for (unsigned i = 0; i < head->mark_count; i++)
            v->datagrams[i] = as_datagram(hot, &head->marks[i]);
        v->exchange.datagram_count = head->mark_count;
    }
    v->exchange.sctp_ppid = head->sctp_ppid;
    v->exchange.first_speaker =
        head->mark_count ? (uint8_t)direction_side(hot, head->marks[0].direction) : CLIENT;
}

/* ---- verdicts told ----------------------------------------------------------------------- */

static void release_head(struct cdpi *engine, uint32_t number)
{
    struct head *head = head_at(&engine->heads, number);
    packets_release(&engine->kept, &head->packets);
    head_release(&engine->heads, head);
}

/* Stores what the classifiers say now and tells whoever listens. */
static void take_verdict(struct cdpi *engine, const struct flow_place *place,
                         const struct classification *c, bool changed)
{
    struct hot *hot = place_hot(place);
    bool had = hot->verdict != 0;
    if (!engine->own_leads)
        return; /* another module is asked first, at the end */
    if (!changed && !had && c->room == NO_ROOM && !(hot->bits & FLOW_APART))
        return; /* nothing known before, nothing now */
    engine_store(engine, place, c);
    hot_set_state(hot, c->room == NO_ROOM ? FLOW_INSPECTING : FLOW_PARTIAL);
    if (changed)
        engine_tell(engine, had ? CDPI_EVENT_CHANGED : CDPI_EVENT_CLASSIFIED, place);
}

static bool may_be_followed(const struct cdpi *engine, const struct hot *hot, bool known)
{
    return known && engine->has_own && hot->source == engine_own_index(engine) &&
           (hot->ip_protocol == IP_TCP || hot->ip_protocol == IP_UDP);
}

/* The end of the inspection. `first`: the packet, where one without a head was enough. */
static void settle(struct cdpi *engine, const struct flow_place *place, bool known,
                   const struct packet *first)
{
    struct hot *hot = place_hot(place);
    uint32_t number = hot->bits & FLOW_HAS_NOTE ? NO_HEAD : hot->head;
    const struct head *head = number == NO_HEAD ? NULL : head_at(&engine->heads, number);
    hot_set_state(hot, known ? FLOW_SETTLED : FLOW_GIVEN_UP);
    engine_tell(engine, known ? CDPI_EVENT_FINAL : CDPI_EVENT_GAVE_UP, place);
    if (number != NO_HEAD)
        hot->head = NO_HEAD;
    if (may_be_followed(engine, hot, known))
        engine_begin_following(engine, place, head, first);
    if (number != NO_HEAD)
        release_head(engine, number);
}

static void settle_by_own(struct cdpi *engine, const struct flow_place *place,
                          const struct packet *first)
{
    engine->own_asked++;
    engine->own_answered++;
    settle(engine, place, true, first);
}

/* ---- the end of the budget --------------------------------------------------------------- */

/* A side whose first bytes were lost is looked at from where it begins. */
static void skip_gaps(struct cdpi *engine, const struct flow_place *place, struct head *head)
{
    for (unsigned direction = 0; direction < 2; direction++) {
        struct view v;
        if (!head_skip_gap(head, direction) || !engine->classifier)
            continue;
        struct hot *hot = place_hot(place);
        struct classification *c = head_classification(head);
        view_head(&v, hot, head);
        v.exchange.is_midstream = true;
        struct classify_outcome said =
            classify_more(engine->classifier, c, &v.exchange, direction_side(hot, direction),
                          head->payload_packets);
        take_verdict(engine, place, c, said.changed);
    }
}

static bool own_verdict(struct cdpi *engine, const struct flow_place *place,
                        const struct view *view, struct classification *c, uint8_t packet)
{
    if (!engine->has_own)
        return false;
    if (!c->is_certain) {
        struct classify_outcome said = classify_end(engine->classifier, c, &view->exchange, packet);
        take_verdict(engine, place, c, said.changed);
    }
    return c->room != NO_ROOM;
}

/* Own verdict first where own leads; what else there is in the modules' order. */
static void finish(struct cdpi *engine, const struct flow_place *place, struct head *head,
                   bool known)
{
    engine->own_asked += engine->has_own;
    engine->own_answered += known;
    known = known && engine->own_leads;
    if (!known || engine->ask_all)
        known = engine_ask_modules(engine, place, head, known);
    settle(engine, place, known, NULL);
}

/* What own says of all that is there. */
static bool judge_own(struct cdpi *engine, const struct flow_place *place, struct head *head)
{
    struct classification *c = head_classification(head);
    struct view v;
    if (head->for_modules)
        return c->room != NO_ROOM;
    skip_gaps(engine, place, head);
    view_head(&v, place_hot(place), head);
    return own_verdict(engine, place, &v, c, head->payload_packets);
}

/* Own's budget is spent. Modules may want more packets than own did; but with ask_all, what is
 * followed after its verdict is not kept waiting. */
static void end_own(struct cdpi *engine, const struct flow_place *place, struct head *head)
{
    bool known = judge_own(engine, place, head), waits = !known || !engine->own_leads;
    if (!waits && engine->ask_all)
        waits = !catalog_rooms[head_classification(head)->room].protocol->follow;
    if (waits && !engine_has_enough_packets(engine, head))
        head->for_modules = true;
    else
        finish(engine, place, head, known);
}

void engine_conclude(struct cdpi *engine, const struct flow_place *place)
{
    struct hot *hot = place_hot(place);
    if (!is_undecided(hot))
        return;
    if (hot->head == NO_HEAD || hot->bits & FLOW_HAS_NOTE) {
        settle(engine, place, hot->verdict != 0, NULL);
        return;
    }
    struct head *head = head_at(&engine->heads, hot->head);
    finish(engine, place, head, judge_own(engine, place, head));
}

struct flow_place engine_head_owner(struct cdpi *engine, const struct head *head)
{
    struct table *table = &engine->tables[head->is_v6];
    uint32_t slot = table_find_owner(table, head->hash, head->number);
    return place_at(table, hash_segment(head->hash), slot);
}

void engine_conclude_old(struct cdpi *engine)
{
    while (engine->heads.oldest != HEAD_NONE) {
        const struct head *head = head_at(&engine->heads, engine->heads.oldest);
        if (engine->now - head->first_time <= 2 * (uint64_t)INSPECTION_US)
            return;
        struct flow_place place = engine_head_owner(engine, head);
        engine_conclude(engine, &place);
    }
}

bool engine_force_oldest(struct cdpi *engine)
{
    if (engine->heads.oldest == HEAD_NONE)
        return false;
    const struct head *head = head_at(&engine->heads, engine->heads.oldest);
    struct flow_place place = engine_head_owner(engine, head);
    engine->stats.heads_forced++;
    engine_conclude(engine, &place);
    return true;
}

/* ---- bytes into the head ----------------------------------------------------------------- */

/* A head for the flow; older flows are judged early where there is no room. NULL when even that
 * does not help. */
static struct head *take_head(struct cdpi *engine, const struct flow_place *place, uint64_t hash)
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

/* As head_put, judging older flows where blocks run out. */
static bool put(struct cdpi *engine, struct head *head, unsigned direction, uint32_t offset,
                const uint8_t *bytes, uint32_t size)
{
    while (!head_put(&engine->heads, head, direction, offset, bytes, size)) {
        if (engine->heads.oldest == head->number || !engine_force_oldest(engine))
            return false;
    }
    return true;
}

static void mark(struct cdpi *engine, struct head *head, const struct packet *p, uint32_t offset)
{
    if (head->payload_packets < UINT8_MAX)
        head->payload_packets++;
    if (head->mark_count == HEAD_MARKS)
        return;
    uint32_t room = offset < HEAD_LIMIT ? HEAD_LIMIT - offset : 0;
    uint32_t held = p->payload_size < room ? p->payload_size : room;
    uint64_t after = engine->now - head->first_time;
    head->marks[head->mark_count++] = (struct head_mark){
        .direction = p->direction,
        .cut = held < p->payload_wire,
        .wire_size = (uint16_t)(p->payload_wire < UINT16_MAX ? p->payload_wire : UINT16_MAX),
        .offset = (uint16_t)(offset < HEAD_LIMIT ? offset : HEAD_LIMIT),
        .size = (uint16_t)held,
        .time = after < UINT32_MAX ? (uint32_t)after : UINT32_MAX};
}

/* Where a TCP side's stream begins. */
static void anchor(const struct hot *hot, const struct cold *cold, const struct packet *p,
                   struct head_side *side)
{
    enum side who = direction_side(hot, p->direction);
    bool syn = hot->bits & (who == CLIENT ? FLOW_SYN_SEEN : FLOW_SYNACK_SEEN);
    uint32_t data = p->sequence + (p->tcp_flags & TCP_SYN ? 1 : 0);
    side->base = syn ? cold->isn[who] + 1 : data;
    side->from_syn = syn;
    side->has_base = true;
}

/* Puts a segment where its sequence number says. Returns whether there are new bytes in order. */
static bool put_segment(struct cdpi *engine, const struct flow_place *place, struct head *head,
                        const struct packet *p)
{
    struct head_side *side = &head->side[p->direction];
    if (!side->has_base)
        anchor(place_hot(place), place_cold(place), p, side);
    uint32_t data = p->sequence + (p->tcp_flags & TCP_SYN ? 1 : 0);
    int32_t offset = (int32_t)(data - side->base);
    uint32_t skip = offset < 0 ? 0 - (uint32_t)offset : 0, had = side->size;
    mark(engine, head, p, offset < 0 ? 0 : (uint32_t)offset);
    side->passed += p->payload_wire;
    if (skip < p->payload_size)
        put(engine, head, p->direction, (uint32_t)(offset < 0 ? 0 : offset), p->payload + skip,
            p->payload_size - skip);
    if (side->size == 0 && ++side->waited >= GAP_PATIENCE && !head_skip_gap(head, p->direction)) {
        side->base = data; /* all before was lost, and this is too far ahead to wait */
        side->from_syn = false;
        side->is_missing = true;
        put(engine, head, p->direction, 0, p->payload, p->payload_size);
    }
    return side->size > had;
}

/* SCTP messages and UDP datagrams stand one after the other. */
static bool put_message(struct cdpi *engine, struct head *head, const struct packet *p)
{
    struct head_side *side = &head->side[p->direction];
    uint32_t had = side->size;
    mark(engine, head, p, had);
    put(engine, head, p->direction, had, p->payload, p->payload_size);
    if (head->mark_count && side->size - had < head->marks[head->mark_count - 1].size) {
        head->marks[head->mark_count - 1].size =
            (uint16_t)(side->size - had); /* no memory for it */
        head->marks[head->mark_count - 1].cut = true;
    }
    side->passed += p->payload_wire;
    return side->size > had;
}

/* A stream picked up in its middle, and nothing known begins with what came first: the next segment
 * may be the beginning of a message. */
static void forget_midstream_side(struct head *head, enum side side, unsigned direction)
{
    struct head_side *s = &head->side[direction];
    struct classification *c = head_classification(head);
    s->size = 0;
    s->island_count = 0;
    s->has_base = false;
    c->spoke &= (uint8_t) ~(1u << side);
    c->proposed_at[side] = 0;
}

static bool side_is_finished(const struct head *head, unsigned direction, bool exhausted)
{
    const struct head_side *s = &head->side[direction];
    bool other_spoke = head->side[!direction].passed > 0;
    if (s->passed == 0 || head_side_is_full(s))
        return true;
    if (!exhausted || (s->size == 0 && s->waited < GAP_PATIENCE))
        return false; /* its beginning is still awaited */
    if (!s->from_syn && !s->is_missing && head->mark_count < HEAD_MARKS)
        return false; /* mid-stream: later segments are tried */
    return other_spoke || s->passed >= HEAD_LIMIT;
}

static bool budget_is_spent(const struct head *head, bool is_udp, bool exhausted)
{
    if (is_udp)
        return head->mark_count >= UDP_DATAGRAMS;
    return side_is_finished(head, 0, exhausted) && side_is_finished(head, 1, exhausted);
}

/* ---- one payload packet ------------------------------------------------------------------ */

/* The first payload is looked at where it lies; only a flow that it does not settle takes a head.
 */
static void inspect_first(struct cdpi *engine, const struct flow_place *place,
                          const struct packet *p)
{
    struct hot *hot = place_hot(place);
    enum side side = direction_side(hot, p->direction);
    struct classification c;
    struct view v;
    hot->bits |= FLOW_PAYLOAD;
    hot_set_state(hot, FLOW_INSPECTING);
    classification_init(&c);
    begin_view(&v, hot);
    uint32_t size = p->payload_size < HEAD_LIMIT ? p->payload_size : HEAD_LIMIT;
    bool in_order = hot->ip_protocol != IP_TCP;
    if (!in_order) {
        struct head_side start = {0};
        anchor(hot, place_cold(place), p, &start);
        in_order = start.base == p->sequence + (p->tcp_flags & TCP_SYN ? 1 : 0);
    }
    bool changed = false;
    if (in_order && engine->has_own && size) {
        v.exchange.head[side] = p->payload;
        v.exchange.size[side] = size;
        v.exchange.first_speaker = (uint8_t)side;
        v.exchange.sctp_ppid = hot->ip_protocol == IP_SCTP ? p->sctp_ppid : 0;
        v.exchange.is_full[side] = size == HEAD_LIMIT;
        v.datagrams[0] = (struct datagram){.side = (uint8_t)side,
                                           .cut = size < p->payload_wire,
                                           .wire_size = (uint16_t)p->payload_wire,
                                           .size = (uint16_t)size};
        v.exchange.datagram_count = v.exchange.transport == OVER_UDP;
        struct classify_outcome said = classify_more(engine->classifier, &c, &v.exchange, side, 1);
        changed = said.changed;
        if (said.certain && engine->own_leads && !engine->ask_all) {
            take_verdict(engine, place, &c, true);
            settle_by_own(engine, place, p);
            return;
        }
    }
    struct head *head = take_head(engine, place, p->hash);
    hot = place_hot(place);
    if (!head) { /* no memory at all: judged on this packet */
        finish(engine, place, NULL, own_verdict(engine, place, &v, &c, 1));
        return;
    }
    *head_classification(head) = c;
    head->sctp_ppid = hot->ip_protocol == IP_SCTP ? p->sctp_ppid : 0;
    if (hot->ip_protocol == IP_TCP)
        put_segment(engine, place, head, p);
    else
        put_message(engine, head, p);
    if (engine->wants_packets)
        engine_keep_packet(engine, head, p);
    if (in_order)
        take_verdict(engine, place, head_classification(head), changed);
    if (c.is_certain && engine->own_leads)
        end_own(engine, place, head); /* with ask_all: the others are asked too */
}

static void inspect_more(struct cdpi *engine, const struct flow_place *place,
                         const struct packet *p, struct head *head)
{
    struct hot *hot = place_hot(place);
    struct classification *c = head_classification(head);
    bool is_tcp = hot->ip_protocol == IP_TCP, is_udp = hot->ip_protocol == IP_UDP;
    bool is_late = engine->now - head->first_time > INSPECTION_US; /* this packet is the last */
    if (engine->wants_packets && (!hot->verdict || !engine->own_leads || engine->ask_all))
        engine_keep_packet(engine, head, p);
    if (head->for_modules) {
        if (is_late || engine_has_enough_packets(engine, head))
            engine_conclude(engine, place);
        return;
    }
    bool grew = is_tcp ? put_segment(engine, place, head, p) : put_message(engine, head, p);
    struct classify_outcome said = {0};
    enum side side = direction_side(hot, p->direction);
    if (engine->has_own && grew) {
        struct view v;
        view_head(&v, hot, head);
        said = classify_more(engine->classifier, c, &v.exchange, side, head->payload_packets);
        if (said.certain && engine->own_leads) {
            take_verdict(engine, place, c, said.changed || hot->verdict == 0);
            if (engine->ask_all)
                end_own(engine, place, head);
            else
                settle_by_own(engine, place, NULL);
            return;
        }
        take_verdict(engine, place, c, said.changed);
    } else if (engine->has_own) {
        said.exhausted = c->is_exhausted;
    }
    if (is_late) {
        engine_conclude(engine, place);
        return;
    }
    if (budget_is_spent(head, is_udp, said.exhausted)) {
        end_own(engine, place, head);
        return;
    }
    if (is_tcp && grew && said.exhausted && c->room == NO_ROOM &&
        !head->side[p->direction].from_syn)
        forget_midstream_side(head, side, p->direction);
}

void engine_inspect(struct cdpi *engine, const struct flow_place *place, const struct packet *p)
{
    struct hot *hot = place_hot(place);
    if (hot_state(hot) == FLOW_FOLLOWED) {
        engine_follow(engine, place, p);
        return;
    }
    engine->stats.inspected++;
    if (hot->head == NO_HEAD)
        inspect_first(engine, place, p);
    else
        inspect_more(engine, place, p, head_at(&engine->heads, hot->head));
}
