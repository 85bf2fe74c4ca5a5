/* SPDX-License-Identifier: MIT */
/* What own says is told and stored; the end of a flow's inspection. */
#include "engine/inspection.h"

/* ---- verdicts told ----------------------------------------------------------------------- */

static void release_head(struct cdpi *engine, uint32_t number)
{
    struct head *head = head_at(&engine->heads, number);
    packets_release(&engine->kept, &head->packets);
    head_release(&engine->heads, head);
}

void engine_take_verdict(struct cdpi *engine, const struct flow_place *place,
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
    if (!known || !engine->has_own || hot->source != engine->own_index)
        return false;
    room_index room = classifier_room(engine->classifier, hot->verdict);
    return engine_is_carrier(engine, hot) ||
           ((hot->ip_protocol == IP_TCP || hot->ip_protocol == IP_UDP) && room != NO_ROOM &&
            catalog_rooms[room].protocol->follow);
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

void engine_settle_by_own(struct cdpi *engine, const struct flow_place *place)
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
        engine_take_verdict(engine, place, c, said.changed);
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
    engine_take_verdict(engine, place, c, c->room != NO_ROOM);
    return true;
}

bool engine_own_verdict(struct cdpi *engine, const struct flow_place *place,
                        const struct exchange *x, struct classification *c, uint8_t packet)
{
    if (!engine->has_own)
        return false;
    if (!c->is_certain) {
        struct classify_outcome said = classify_end(engine->classifier, c, x, packet);
        engine_take_verdict(engine, place, c, said.changed);
    }
    return c->room != NO_ROOM;
}

void engine_finish(struct cdpi *engine, const struct flow_place *place, struct head *head,
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
    if (engine_own_verdict(engine, place, &x, c, head->payload_packets))
        return true;
    if (!engine->has_own || !start_after_gaps(engine, place, head))
        return false;
    view_head(&x, place_hot(place), head);
    x.is_midstream = true;
    return engine_own_verdict(engine, place, &x, c, head->payload_packets);
}

void engine_end_own(struct cdpi *engine, const struct flow_place *place, struct head *head)
{
    bool known = judge_own(engine, place, head), waits = !known || !engine->own_leads;
    if (!waits && engine->ask_all)
        waits = !catalog_rooms[head_classification(head)->room].protocol->follow;
    if (waits && !engine_has_enough_packets(engine, head))
        head->for_modules = true;
    else
        engine_finish(engine, place, head, known);
}

void engine_decided(struct cdpi *engine, const struct flow_place *place, struct head *head)
{
    if (engine->ask_all)
        engine_end_own(engine, place, head);
    else
        engine_settle_by_own(engine, place);
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
    engine_finish(engine, place, head, judge_own(engine, place, head));
}

struct flow_place engine_head_owner(struct cdpi *engine, const struct head *head)
{
    struct table *table = &engine->tables[head->is_v6];
    uint32_t slot = table_find_owner(table, head->hash, head->number, false);
    return place_at(table, hash_segment(head->hash), slot);
}

/* Where one inspection ended by its age the next will soon: their lines are long out of the caches,
 * and are asked for now; those of the nearest of them down to the records, which only a head tells.
 */
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
