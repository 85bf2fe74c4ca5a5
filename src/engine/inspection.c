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

/* What of a classifier's view of a flow does not hang on its bytes. */
static void begin_view(struct exchange *x, const struct hot *hot)
{
    unsigned client = client_direction(hot);
    x->head[CLIENT] = x->head[SERVER] = (const uint8_t *)"";
    x->size[CLIENT] = x->size[SERVER] = 0;
    x->port[CLIENT] = hot->port[client];
    x->port[SERVER] = hot->port[!client];
    x->transport = transport_bit(hot->ip_protocol);
    x->sctp_ppid = 0;
    x->first_speaker = CLIENT;
    x->is_final = false;
    x->is_midstream =
        hot->ip_protocol == IP_TCP && !(hot->bits & (FLOW_SYN_SEEN | FLOW_SYNACK_SEEN));
    x->sides_are_certain = hot->bits & FLOW_SIDES_CERTAIN;
    x->is_full[CLIENT] = x->is_full[SERVER] = false;
    x->datagrams = NULL;
    x->datagram_count = 0;
}

static void view_head(struct exchange *x, const struct hot *hot, const struct head *head)
{
    begin_view(x, hot);
    for (unsigned direction = 0; direction < 2; direction++) {
        enum side side = direction_side(hot, direction);
        x->head[side] = head_bytes(head, direction);
        x->size[side] = head->side[direction].size;
        x->is_full[side] = head_side_is_full(&head->side[direction]);
    }
    if (x->transport == OVER_UDP) {
        x->datagrams = head->marks;
        x->datagram_count = head->mark_count;
    }
    x->sctp_ppid = head->sctp_ppid;
    if (head->mark_count)
        x->first_speaker = head->marks[0].side;
}

/* The side's first payload is looked at where it lies. */
static void view_lying(struct exchange *x, enum side side, const struct packet *p)
{
    x->head[side] = p->payload;
    x->size[side] = p->payload_size < HEAD_LIMIT ? p->payload_size : HEAD_LIMIT;
    x->is_full[side] = x->size[side] == HEAD_LIMIT;
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
    return known && engine->has_own && hot->source == engine->own_index &&
           (hot->ip_protocol == IP_TCP || hot->ip_protocol == IP_UDP);
}

/* The end of the inspection. */
static void settle(struct cdpi *engine, const struct flow_place *place, bool known)
{
    struct hot *hot = place_hot(place);
    uint32_t number = hot->bits & FLOW_HAS_NOTE ? NO_HEAD : hot->head;
    const struct head *head = number == NO_HEAD ? NULL : head_at(&engine->heads, number);
    const struct expected *expected =
        known || number == NO_HEAD ? NULL : engine_was_expected(engine, place);
    if (expected)
        engine_name_expected(engine, place, expected); /* a note stands for the head from here */
    hot_set_state(hot, known || expected ? FLOW_SETTLED : FLOW_GIVEN_UP);
    if (expected)
        engine_tell(engine, CDPI_EVENT_CLASSIFIED, place);
    engine_tell(engine, known || expected ? CDPI_EVENT_FINAL : CDPI_EVENT_GAVE_UP, place);
    if (number != NO_HEAD && !(hot->bits & FLOW_HAS_NOTE))
        hot->head = NO_HEAD;
    if (may_be_followed(engine, hot, known))
        engine_begin_following(engine, place, head);
    if (number != NO_HEAD)
        release_head(engine, number);
}

static void settle_by_own(struct cdpi *engine, const struct flow_place *place)
{
    engine->own_asked++;
    engine->own_answered++;
    settle(engine, place, true);
}

/* ---- the end of the budget --------------------------------------------------------------- */

/* A side whose first bytes were lost is looked at from where it begins. */
static void skip_gaps(struct cdpi *engine, const struct flow_place *place, struct head *head)
{
    for (unsigned direction = 0; direction < 2; direction++) {
        struct exchange x;
        if (!head_skip_gap(head, direction) || !engine->classifier)
            continue;
        engine->stats.gaps_skipped++;
        struct hot *hot = place_hot(place);
        struct classification *c = head_classification(head);
        view_head(&x, hot, head);
        x.is_midstream = true;
        struct classify_outcome said = classify_more(
            engine->classifier, c, &x, direction_side(hot, direction), head->payload_packets);
        take_verdict(engine, place, c, said.changed);
    }
}

/* What stood before a gap says nothing: what came after it is looked at as if the capture began
 * there. False where there is no gap. */
static bool start_after_gaps(struct cdpi *engine, const struct flow_place *place, struct head *head)
{
    const struct hot *hot = place_hot(place);
    unsigned skipped = head_skip_past_gap(head, 0);
    skipped += head_skip_past_gap(head, 1);
    if (!skipped)
        return false;
    engine->stats.gaps_skipped += skipped;
    struct classification *c = head_classification(head);
    classification_init(c);
    for (unsigned direction = 0; direction < 2; direction++) {
        struct exchange x;
        view_head(&x, hot, head);
        x.is_midstream = true;
        if (head->side[direction].size)
            classify_more(engine->classifier, c, &x, direction_side(hot, direction),
                          head->payload_packets);
    }
    take_verdict(engine, place, c, c->room != NO_ROOM);
    return true;
}

static bool own_verdict(struct cdpi *engine, const struct flow_place *place,
                        const struct exchange *x, struct classification *c, uint8_t packet)
{
    if (!engine->has_own)
        return false;
    if (!c->is_certain) {
        struct classify_outcome said = classify_end(engine->classifier, c, x, packet);
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
    settle(engine, place, known);
}

/* What own says of all that is there. */
static bool judge_own(struct cdpi *engine, const struct flow_place *place, struct head *head)
{
    struct classification *c = head_classification(head);
    struct exchange x;
    if (head->for_modules)
        return c->room != NO_ROOM;
    skip_gaps(engine, place, head);
    view_head(&x, place_hot(place), head);
    if (own_verdict(engine, place, &x, c, head->payload_packets))
        return true;
    if (!engine->has_own || !start_after_gaps(engine, place, head))
        return false;
    view_head(&x, place_hot(place), head);
    x.is_midstream = true;
    return own_verdict(engine, place, &x, c, head->payload_packets);
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

/* Own is certain: with ask_all the others are asked too. */
static void decided(struct cdpi *engine, const struct flow_place *place, struct head *head)
{
    if (engine->ask_all)
        end_own(engine, place, head);
    else
        settle_by_own(engine, place);
}

void engine_conclude(struct cdpi *engine, const struct flow_place *place)
{
    struct hot *hot = place_hot(place);
    if (!is_undecided(hot))
        return;
    if (hot->head == NO_HEAD || hot->bits & FLOW_HAS_NOTE) {
        settle(engine, place, hot->verdict != 0);
        return;
    }
    struct head *head = head_at(&engine->heads, hot->head);
    finish(engine, place, head, judge_own(engine, place, head));
}

struct flow_place engine_head_owner(struct cdpi *engine, const struct head *head)
{
    struct table *table = &engine->tables[head->is_v6];
    uint32_t slot = table_find_owner(table, head->hash, head->number, false);
    return place_at(table, hash_segment(head->hash), slot);
}

/* Where one inspection ended by its age the next will soon: their lines are long out of the caches,
 * and are asked for now; those of the nearest of them down to the records, which only a head tells. */
static void ask_for_next(struct cdpi *engine)
{
    enum { FAR = 8, NEAR = 4 };
    uint32_t place = 0, number;
    for (unsigned i = 0;
         i < FAR && (number = head_next_oldest(&engine->heads, &place)) != HEAD_NONE; i++) {
        const struct head *head = head_at(&engine->heads, number);
        if (i >= NEAR) {
            head_prefetch(&engine->heads, head);
            continue;
        }
        struct flow_place owner = engine_head_owner(engine, head);
        __builtin_prefetch(owner.hot, 1);
        __builtin_prefetch(owner.cold, 1);
        head_prefetch_bytes(head);
    }
}

void engine_conclude_old(struct cdpi *engine)
{
    uint32_t oldest;
    bool was_old = false;
    while ((oldest = head_oldest(&engine->heads)) != HEAD_NONE) {
        const struct head *head = head_at(&engine->heads, oldest);
        if (engine->now - head->first_time <= 2 * (uint64_t)INSPECTION_US)
            break;
        struct flow_place place = engine_head_owner(engine, head);
        engine_conclude(engine, &place);
        was_old = true;
    }
    if (was_old)
        ask_for_next(engine);
}

/* Whether what own says of it now would be followed. */
static bool would_be_followed(const struct cdpi *engine, const struct head *head,
                              const struct flow_place *place)
{
    const struct hot *hot = place_hot(place);
    room_index room = classifier_room(engine->classifier, hot->verdict);
    return !head->for_modules && room != NO_ROOM && catalog_rooms[room].protocol->follow;
}

void engine_conclude_followed(struct cdpi *engine)
{
    const struct head_pool *heads = &engine->heads;
    uint32_t place = 0, number;
    while ((number = head_next_oldest(heads, &place)) != HEAD_NONE) {
        const struct head *head = head_at(heads, number);
        struct flow_place owner = engine_head_owner(engine, head);
        uint32_t front = heads->queue_front;
        if (would_be_followed(engine, head, &owner))
            engine_conclude(engine, &owner);
        uint32_t gone = heads->queue_front - front; /* the queue begins behind those who left */
        place -= gone < place ? gone : place;
    }
}

bool engine_force_oldest(struct cdpi *engine)
{
    uint32_t oldest = head_oldest(&engine->heads);
    if (oldest == HEAD_NONE)
        return false;
    const struct head *head = head_at(&engine->heads, oldest);
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

/* The sequence number of a segment's first byte. */
static uint32_t first_sequence(const struct packet *p)
{
    return p->sequence + (p->tcp_flags & TCP_SYN ? 1 : 0);
}

/* Where a TCP side's stream begins. */
static void anchor(const struct hot *hot, const struct cold *cold, const struct packet *p,
                   struct head_side *side)
{
    enum side who = direction_side(hot, p->direction);
    bool syn = hot->bits & (who == CLIENT ? FLOW_SYN_SEEN : FLOW_SYNACK_SEEN);
    side->base = syn ? cold->isn[who] + 1 : first_sequence(p);
    side->from_syn = syn;
    side->has_base = true;
}

/* A payload's place in its side: what of it is not behind the side's beginning. */
struct arrival {
    uint32_t offset;
    const uint8_t *bytes;
    uint32_t size;
};

/* A TCP segment goes where its sequence number says; SCTP messages and UDP datagrams stand one
 * after the other. */
static struct arrival arrive(struct cdpi *engine, const struct flow_place *place, struct head *head,
                             const struct packet *p)
{
    const struct hot *hot = place_hot(place);
    struct head_side *side = &head->side[p->direction];
    struct arrival a = {.offset = side->size, .bytes = p->payload, .size = p->payload_size};
    if (hot->ip_protocol == IP_TCP) {
        if (!side->has_base)
            anchor(hot, place_cold(place), p, side);
        int32_t offset = (int32_t)(first_sequence(p) - side->base);
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

/* The next bytes of a side that had none. */
static bool is_beginning(const struct head_side *side, const struct arrival *a)
{
    return side->size == 0 && a->offset == 0 && side->island_count == 0;
}

static void store_segment(struct cdpi *engine, struct head *head, const struct packet *p,
                          const struct arrival *a)
{
    struct head_side *side = &head->side[p->direction];
    put(engine, head, p->direction, a->offset, a->bytes, a->size);
    if ((side->size && side->island_count == 0) || side->waited == UINT8_MAX)
        return;
    if (++side->waited < GAP_PATIENCE || side->size)
        return;
    engine->stats.gaps_skipped++;
    if (!head_skip_gap(head, p->direction)) {
        side->base = first_sequence(p); /* all before was lost, and this is too far to wait */
        side->from_syn = false;
        side->is_missing = true;
        put(engine, head, p->direction, 0, p->payload, p->payload_size);
    }
}

static void store_message(struct cdpi *engine, struct head *head, const struct packet *p,
                          const struct arrival *a)
{
    const struct head_side *side = &head->side[p->direction];
    put(engine, head, p->direction, a->offset, a->bytes, a->size);
    struct datagram *last = head->mark_count ? &head->marks[head->mark_count - 1] : NULL;
    if (last && side->size - a->offset < last->size) {
        last->size = (uint16_t)(side->size - a->offset); /* no memory for it */
        last->cut = true;
    }
}

static void store(struct cdpi *engine, struct head *head, const struct packet *p,
                  const struct arrival *a)
{
    if (p->key.ip_protocol == IP_TCP)
        store_segment(engine, head, p, a);
    else
        store_message(engine, head, p, a);
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

static bool may_begin_later(const struct packet *p, struct head *head)
{
    return p->key.ip_protocol == IP_TCP && head_classification(head)->room == NO_ROOM &&
           !head->side[p->direction].from_syn;
}

static void try_later_segment(const struct flow_place *place, const struct packet *p,
                              struct head *head)
{
    if (may_begin_later(p, head))
        forget_midstream_side(head, direction_side(place_hot(place), p->direction), p->direction);
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

static bool budget_is_spent(const struct head *head, bool is_udp, bool exhausted)
{
    if (is_udp)
        return head->mark_count >= UDP_DATAGRAMS;
    if (waits_for_other(head))
        return false;
    return side_is_finished(head, 0, exhausted) && side_is_finished(head, 1, exhausted);
}

/* ---- one payload packet ------------------------------------------------------------------ */

/* Whether a flow's first payload is the beginning of its side. */
static bool begins_side(const struct flow_place *place, const struct packet *p)
{
    struct head_side start = {0};
    if (p->key.ip_protocol != IP_TCP)
        return true;
    anchor(place_hot(place), place_cold(place), p, &start);
    return start.base == first_sequence(p);
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
    struct head *head = take_head(engine, place, p->hash);
    if (!head)
        return NULL;
    classification_copy(head_classification(head), c);
    head->sctp_ppid = p->key.ip_protocol == IP_SCTP ? p->sctp_ppid : 0;
    struct arrival a = arrive(engine, place, head, p);
    store(engine, head, p, &a);
    if (engine->wants_packets && c->room == NO_ROOM)
        engine_keep_early(engine, place, head);
    if (modules_may_be_asked(engine, c->room != NO_ROOM))
        engine_keep_packet(engine, head, p);
    return head;
}

/* The first payload is looked at where it lies; only a flow that it does not settle takes a head.
 */
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
            take_verdict(engine, place, &c, true);
            settle_by_own(engine, place);
            return;
        }
    }
    struct head *head = begin_head(engine, place, p, &c);
    if (!head) { /* no memory at all: judged on this packet */
        finish(engine, place, NULL, own_verdict(engine, place, &x, &c, 1));
        return;
    }
    if (in_order)
        take_verdict(engine, place, head_classification(head), said.changed);
    if (c.is_certain && engine->own_leads)
        decided(engine, place, head);
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
    if (budget_is_spent(head, p->key.ip_protocol == IP_UDP, exhausted)) {
        end_own(engine, place, head);
        return;
    }
    if (grew && exhausted)
        try_later_segment(place, p, head);
}

/* Own looks at what has come. Returns whether that settled the flow. */
static bool look(struct cdpi *engine, const struct flow_place *place, struct head *head,
                 const struct exchange *x, enum side side, struct classify_outcome *said)
{
    struct classification *c = head_classification(head);
    *said = classify_more(engine->classifier, c, x, side, head->payload_packets);
    take_verdict(engine, place, c,
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
    forget_midstream_side(head, side, p->direction);
    anchor(hot, place_cold(place), p, &head->side[p->direction]);
    put(engine, head, p->direction, 0, p->payload, p->payload_size);
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
    struct arrival a = arrive(engine, place, head, p);
    struct classify_outcome said = {.exhausted = head_classification(head)->is_exhausted};
    uint32_t had = bytes->size;
    struct exchange x;
    bool is_settled = false, has_looked = engine->has_own && a.size && is_beginning(bytes, &a);
    if (has_looked) {
        view_head(&x, hot, head);
        view_lying(&x, side, p);
        is_settled = look(engine, place, head, &x, side, &said);
        if (is_settled && needs_no_bytes(engine, head_classification(head))) {
            settle_by_own(engine, place);
            return;
        }
    }
    if (modules_may_be_asked(engine, hot->verdict != 0))
        engine_keep_packet(engine, head, p);
    store(engine, head, p, &a);
    bool grew = bytes->size > had;
    if (grew && engine->has_own && !has_looked) {
        view_head(&x, hot, head);
        is_settled = look(engine, place, head, &x, side, &said);
    }
    bool is_unknown = (said.idle || said.exhausted) && head->mark_count < HEAD_MARKS;
    if (!is_settled && is_unknown && had > 0 && grew && may_begin_later(p, head))
        is_settled = look_alone(engine, place, p, head, &said);
    if (is_settled) {
        decided(engine, place, head);
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
