/* SPDX-License-Identifier: MIT */
/* A payload packet's way. */
#include "engine/inspection.h"

/* The next bytes of a side that had none. */
static bool is_beginning(const struct head_side *side, const struct arrival *a)
{
    return side->size == 0 && a->offset == 0 && side->island_count == 0;
}

/* Whether a flow's first payload is the beginning of its side. */
static bool begins_side(const struct flow_place *place, const struct packet *p)
{
    struct head_side start = {0};
    if (p->key.ip_protocol != IP_TCP)
        return true;
    engine_anchor(place_hot(place), place_cold(place), p, &start);
    return start.base == packet_first_sequence(p);
}

/* Whether own's certain verdict is the end of it, and nobody asks for the bytes. */
static bool needs_no_bytes(const struct cdpi *engine, const struct classification *c)
{
    return engine->own_leads && !engine->ask_all && !(engine->events & 1u << CDPI_EVENT_FINAL) &&
           !catalog_rooms[c->room].protocol->follow;
}

/* Whether packets are of use: a flow that own has a name for is asked of no other. */
static bool modules_may_be_asked(const struct cdpi *engine, bool has_name)
{
    return engine->wants_packets && (!has_name || !engine->own_leads || engine->ask_all);
}

static struct head *begin_head(struct cdpi *engine, const struct flow_place *place,
                               const struct packet *p, const struct classification *c)
{
    struct head *head = engine_take_head(engine, place, p->hash);
    if (!head)
        return NULL;
    classification_copy(head_classification(head), c);
    head->sctp_ppid = p->key.ip_protocol == IP_SCTP ? p->sctp_ppid : 0;
    struct arrival a = engine_arrive(engine, place, head, p);
    engine_store_arrival(engine, head, p, &a);
    if (engine->wants_packets && c->room == NO_ROOM)
        engine_keep_early(engine, place, head);
    if (modules_may_be_asked(engine, c->room != NO_ROOM))
        engine_keep_packet(engine, head, p);
    return head;
}

/* The first payload is looked at where it lies; only a flow that it does not settle takes a
 * head. */
static void inspect_first(struct cdpi *engine, const struct flow_place *place,
                          const struct packet *p)
{
    struct hot *hot = place_hot(place);
    enum side side = direction_side(hot, p->direction);
    struct classification c;
    struct exchange x;
    struct classify_outcome said = {0};
    hot->bits |= FLOW_PAYLOAD;
    hot_set_state(hot, FLOW_INSPECTING);
    classification_init(&c);
    begin_view(&x, hot);
    bool in_order = begins_side(place, p);
    struct datagram datagram = {.side = (uint8_t)side,
                                .cut = p->payload_size < p->payload_wire,
                                .wire_size = (uint16_t)p->payload_wire,
                                .size = (uint16_t)p->payload_size};
    if (in_order && engine->has_own && p->payload_size) {
        view_lying(&x, side, p);
        x.first_speaker = (uint8_t)side;
        x.sctp_ppid = hot->ip_protocol == IP_SCTP ? p->sctp_ppid : 0;
        datagram.size = (uint16_t)x.size[side];
        datagram.cut = x.size[side] < p->payload_wire;
        x.datagrams = &datagram;
        x.datagram_count = x.transport == OVER_UDP;
        said = classify_more(engine->classifier, &c, &x, side, 1);
        if (said.certain && needs_no_bytes(engine, &c)) {
            engine_take_verdict(engine, place, &c, true);
            engine_settle_by_own(engine, place);
            return;
        }
    }
    struct head *head = begin_head(engine, place, p, &c);
    if (!head) { /* no memory at all: judged on this packet */
        engine_finish(engine, place, NULL, engine_own_verdict(engine, place, &x, &c, 1));
        return;
    }
    if (in_order)
        engine_take_verdict(engine, place, head_classification(head), said.changed);
    if (c.is_certain && engine->own_leads)
        engine_decided(engine, place, head);
}

/* What comes after bytes that did not settle it. */
static void go_on(struct cdpi *engine, const struct flow_place *place, const struct packet *p,
                  struct head *head, bool grew, bool exhausted)
{
    bool is_late = engine->now - head->first_time > INSPECTION_US; /* this packet is the last */
    if (is_late) {
        engine_conclude(engine, place);
        return;
    }
    if (head_budget_is_spent(head, p->key.ip_protocol == IP_UDP, exhausted)) {
        engine_end_own(engine, place, head);
        return;
    }
    if (grew && exhausted)
        engine_try_later(place, p, head);
}

/* Own looks at what has come. Returns whether that settled the flow. */
static bool look(struct cdpi *engine, const struct flow_place *place, struct head *head,
                 const struct exchange *x, enum side side, struct classify_outcome *said)
{
    struct classification *c = head_classification(head);
    *said = classify_more(engine->classifier, c, x, side, head->payload_packets);
    engine_take_verdict(engine, place, c,
                        said->changed || (said->certain && place_hot(place)->verdict == 0));
    return said->certain && engine->own_leads;
}

/* A segment of a stream picked up in its middle, that says nothing behind what came before it: it
 * may be the beginning of a message. */
static bool look_alone(struct cdpi *engine, const struct flow_place *place, const struct packet *p,
                       struct head *head, struct classify_outcome *said)
{
    const struct hot *hot = place_hot(place);
    enum side side = direction_side(hot, p->direction);
    struct exchange x;
    engine_forget_side(head, side, p->direction);
    engine_anchor(hot, place_cold(place), p, &head->side[p->direction]);
    engine_put(engine, head, p->direction, 0, p->payload, p->payload_size);
    view_head(&x, hot, head);
    return look(engine, place, head, &x, side, said);
}

static void inspect_more(struct cdpi *engine, const struct flow_place *place,
                         const struct packet *p, struct head *head)
{
    struct hot *hot = place_hot(place);
    if (head->for_modules) {
        engine_keep_packet(engine, head, p);
        bool is_late = engine->now - head->first_time > INSPECTION_US;
        if (is_late || engine_has_enough_packets(engine, head))
            engine_conclude(engine, place);
        return;
    }
    const struct head_side *bytes = &head->side[p->direction];
    enum side side = direction_side(hot, p->direction);
    struct arrival a = engine_arrive(engine, place, head, p);
    struct classify_outcome said = {.exhausted = head_classification(head)->is_exhausted};
    uint32_t had = bytes->size;
    struct exchange x;
    bool is_settled = false, has_looked = engine->has_own && a.size && is_beginning(bytes, &a);
    if (has_looked) {
        view_head(&x, hot, head);
        view_lying(&x, side, p);
        is_settled = look(engine, place, head, &x, side, &said);
        if (is_settled && needs_no_bytes(engine, head_classification(head))) {
            engine_settle_by_own(engine, place);
            return;
        }
    }
    if (modules_may_be_asked(engine, hot->verdict != 0))
        engine_keep_packet(engine, head, p);
    engine_store_arrival(engine, head, p, &a);
    bool grew = bytes->size > had;
    if (grew && engine->has_own && !has_looked) {
        view_head(&x, hot, head);
        is_settled = look(engine, place, head, &x, side, &said);
    }
    bool is_unknown = (said.idle || said.exhausted) && head->mark_count < HEAD_MARKS;
    if (!is_settled && is_unknown && had > 0 && grew && head_may_begin_later(p, head))
        is_settled = look_alone(engine, place, p, head, &said);
    if (is_settled) {
        engine_decided(engine, place, head);
        return;
    }
    go_on(engine, place, p, head, grew, said.exhausted);
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
