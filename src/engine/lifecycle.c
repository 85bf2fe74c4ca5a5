/* SPDX-License-Identifier: MIT */
/* A flow's life: found or begun, counted, closed, ended. */
#include "engine/engine.h"

/* ---- beginning --------------------------------------------------------------------------- */

static bool is_known_port(const struct cdpi *engine, uint8_t ip_protocol, uint16_t port)
{
    if (port < 1024)
        return true;
    if (ip_protocol != IP_TCP && ip_protocol != IP_UDP)
        return false;
    return engine->classifier &&
           classifier_knows_port(engine->classifier, ip_protocol == IP_TCP ? OVER_TCP : OVER_UDP,
                                 port);
}

/* Who is the client: the SYN's sender, the SYN/ACK's receiver; else the side opposite to the one
 * well-known port; else who spoke first. Returns the client's direction of the key. */
static unsigned find_client(const struct cdpi *engine, const struct packet *p, bool *certain)
{
    const struct flow_key *key = &p->key;
    *certain = false;
    if (key->ip_protocol == IP_TCP && p->tcp_flags & TCP_SYN) {
        *certain = true;
        return p->tcp_flags & TCP_ACK ? !p->direction : p->direction;
    }
    if (key->ip_protocol == IP_TCP || key->ip_protocol == IP_UDP || key->ip_protocol == IP_SCTP) {
        bool low = is_known_port(engine, key->ip_protocol, key->port[0]);
        bool high = is_known_port(engine, key->ip_protocol, key->port[1]);
        if (low != high)
            return low ? 1 : 0; /* direction 1 is sent by the high endpoint */
    }
    return p->direction;
}

/* Makes room in the flow's segment, by eviction if it must be. */
static void make_room(struct cdpi *engine, struct table *table, uint64_t hash)
{
    while (!table_make_room(table, hash)) {
        uint32_t segment = hash_segment(hash);
        struct flow_place victim =
            place_at(table, segment, table_choose_victim(table, segment, engine->now_ms));
        engine->stats.flows_evicted++;
        engine_end_flow(engine, &victim, CDPI_ENDED_EVICTED);
    }
}

/* What an IP protocol's number names by itself needs no inspection. */
static void name_by_number(struct hot *hot)
{
    if (hot->ip_protocol == IP_TCP || hot->ip_protocol == IP_UDP || hot->ip_protocol == IP_SCTP)
        return;
    const struct catalog_ip_protocol *named = catalog_find_ip_protocol(hot->ip_protocol);
    hot_set_state(hot, named ? FLOW_SETTLED : FLOW_GIVEN_UP);
    if (named) {
        hot->verdict = named->number;
        hot->bits |= FLOW_CERTAIN;
    }
}

/* `place` has the table, the segment and the slot where it goes, unless room must be made; or
 * NO_SLOT. */
static inline void begin_flow(struct cdpi *engine, const struct packet *p, struct flow_place *place)
{
    bool certain;
    if (!table_has_room(place->table, p->hash)) {
        make_room(engine, place->table, p->hash);
        place->slot = NO_SLOT;
    }
    table_insert(place, &p->key, p->hash);
    struct hot *hot = place_hot(place);
    struct cold *cold = place_cold(place);
    unsigned client = find_client(engine, p, &certain);
    hot->bits = (uint16_t)((client ? FLOW_CLIENT_IS_HIGH : 0) | (certain ? FLOW_SIDES_CERTAIN : 0) |
                           FLOW_ONE_PACKET);
    cold->start = engine->now;
    cold->vlan = p->vlan;
    engine->stats.flows++;
    if (p->key.ip_protocol != IP_TCP && p->key.ip_protocol != IP_UDP)
        name_by_number(hot);
}

/* ---- TCP's marks ------------------------------------------------------------------------- */

/* A SYN that does not belong to this flow's beginning: its ports are used again. */
static bool starts_another(const struct hot *hot, const struct cold *cold, const struct packet *p)
{
    if (hot->ip_protocol != IP_TCP || (p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
        return false;
    if (direction_side(hot, p->direction) == SERVER)
        return hot->bits & (FLOW_PAYLOAD | FLOW_CLOSED); /* else both open at once, RFC 9293 3.5 */
    if (hot->bits & FLOW_SYN_SEEN)
        return cold->isn[CLIENT] != p->sequence;
    return !(hot->bits & FLOW_SYNACK_SEEN) || hot->bits & (FLOW_PAYLOAD | FLOW_CLOSED);
}

static void note_tcp_flags(struct hot *hot, struct cold *cold, const struct packet *p)
{
    enum side side = direction_side(hot, p->direction);
    if (p->tcp_flags & TCP_SYN) {
        uint16_t seen = side == CLIENT ? FLOW_SYN_SEEN : FLOW_SYNACK_SEEN;
        if (!(hot->bits & seen))
            cold->isn[side] = p->sequence;
        hot->bits |= (uint16_t)(seen | FLOW_SIDES_CERTAIN);
    }
    if (p->tcp_flags & TCP_FIN)
        hot->bits |= p->direction ? FLOW_FIN_HIGH : FLOW_FIN_LOW;
    if (p->tcp_flags & TCP_RST ||
        (hot->bits & (FLOW_FIN_LOW | FLOW_FIN_HIGH)) == (FLOW_FIN_LOW | FLOW_FIN_HIGH))
        hot->bits |= FLOW_CLOSED;
}

/* ---- the end ----------------------------------------------------------------------------- */

static enum cdpi_end_reason why_over(const struct cdpi *engine, const struct hot *hot,
                                     const struct cold *cold)
{
    uint32_t idle = engine->now_ms - hot->last;
    if (hot->bits & FLOW_CLOSED)
        return idle > LINGER_MS ? CDPI_ENDED_CLOSED : CDPI_NOT_ENDED;
    if (!engine->idle_never && idle > engine->idle_ms)
        return CDPI_ENDED_IDLE;
    if (engine->active_us && engine->now - cold->start > engine->active_us)
        return CDPI_ENDED_ACTIVE;
    return CDPI_NOT_ENDED;
}

static void count_verdict(struct cdpi *engine, const struct hot *hot)
{
    if (!(hot->bits & FLOW_PAYLOAD) && !hot->verdict)
        engine->stats.flows_without_payload++;
    else if (!hot->verdict)
        engine->stats.verdicts_none++;
    else if (hot->bits & FLOW_CERTAIN)
        engine->stats.verdicts_certain++;
    else
        engine->stats.verdicts_likely++;
}

static void tell_end(struct cdpi *engine, const struct flow_place *place,
                     enum cdpi_end_reason reason)
{
    if (!(engine->events & 1u << CDPI_EVENT_ENDED))
        return; /* the cold record stays untouched */
    if (place_hot(place)->bits & FLOW_CLOSED && reason != CDPI_ENDED_EVICTED &&
        reason != CDPI_ENDED_REUSED)
        reason = CDPI_ENDED_CLOSED;
    place_cold(place)->end_reason = (uint8_t)((unsigned)reason & 7u) & 7u;
    engine_tell(engine, CDPI_EVENT_ENDED, place);
}

/* Judged, counted, told; the record is still there. */
static void finish_flow(struct cdpi *engine, const struct flow_place *place,
                        enum cdpi_end_reason reason)
{
    struct hot *hot = place_hot(place);
    if (hot->bits & FLOW_PAYLOAD && is_undecided(hot))
        engine_conclude(engine, place);
    count_verdict(engine, hot);
    tell_end(engine, place, reason);
    if (hot->bits & FLOW_HAS_NOTE)
        engine_release_note(engine, hot);
}

void engine_end_flow(struct cdpi *engine, const struct flow_place *place,
                     enum cdpi_end_reason reason)
{
    finish_flow(engine, place, reason);
    table_remove(place->table, place->segment, place->slot);
}

/* Ends those in a segment that are over. */
static void sweep_segment(struct cdpi *engine, struct table *table, uint32_t segment)
{
    const struct segment *s = &table->segments[segment];
    /* Removing moves later records back into the slot just looked at, so that is looked at again;
     * those that wrap around from the end are seen on the next pass. */
    for (uint32_t slot = segment_next(s, 0); slot < s->capacity;) {
        struct flow_place place = place_at(table, segment, slot);
        enum cdpi_end_reason reason = why_over(engine, place.hot, place.cold);
        if (reason != CDPI_NOT_ENDED)
            engine_end_flow(engine, &place, reason);
        slot = segment_next(s, reason == CDPI_NOT_ENDED ? slot + 1 : slot);
    }
}

/* Ends all in a segment, which is emptied at once. */
static void end_segment(struct cdpi *engine, struct table *table, uint32_t segment,
                        enum cdpi_end_reason reason)
{
    const struct segment *s = &table->segments[segment];
    if (s->used == 0)
        return;
    for (uint32_t slot = 0; (slot = segment_next(s, slot)) < s->capacity; slot++) {
        struct flow_place place = place_at(table, segment, slot);
        enum cdpi_end_reason over = why_over(engine, place.hot, place.cold);
        finish_flow(engine, &place, over == CDPI_NOT_ENDED ? reason : over); /* not yet swept */
    }
    table_empty(table, segment);
}

void engine_sweep(struct cdpi *engine)
{
    engine_conclude_old(engine);
    if (engine->next_sweep == 0 && engine->now)
        engine->next_sweep = engine->now + engine->sweep_step;
    if (engine->next_sweep == 0)
        return;
    for (unsigned i = 0; i < SEGMENTS && engine->now >= engine->next_sweep; i++) {
        sweep_segment(engine, &engine->tables[0], engine->sweep_segment);
        sweep_segment(engine, &engine->tables[1], engine->sweep_segment);
        engine->sweep_segment = (engine->sweep_segment + 1) % SEGMENTS;
        engine->next_sweep += engine->sweep_step;
    }
    if (engine->now >= engine->next_sweep)
        engine->next_sweep = engine->now + engine->sweep_step;
}

void engine_end_all(struct cdpi *engine, enum cdpi_end_reason reason)
{
    engine_conclude_followed(engine);
    for (unsigned t = 0; t < 2; t++) {
        for (uint32_t segment = 0; segment < SEGMENTS; segment++)
            end_segment(engine, &engine->tables[t], segment, reason);
    }
}

/* ---- one packet -------------------------------------------------------------------------- */

/* Whether the flow found is over, or this packet begins another on its ports. */
static enum cdpi_end_reason is_over(const struct cdpi *engine, const struct flow_place *place,
                                    const struct hot *hot, const struct packet *p)
{
    enum cdpi_end_reason over = why_over(engine, hot, place_cold(place));
    if (over == CDPI_NOT_ENDED && p->tcp_flags & TCP_SYN &&
        starts_another(hot, place_cold(place), p))
        over = CDPI_ENDED_REUSED;
    return over;
}

/* Where a packet's flow is; without a hot part, where it would go, or NO_SLOT. `found`: NULL where
 * that does not hold any more. */
static inline void locate(struct cdpi *engine, const struct packet *p, const struct found *found,
                          struct flow_place *place)
{
    place->table = &engine->tables[p->key.is_v6];
    place->segment = hash_segment(p->hash);
    if (found) {
        place->slot = (uint32_t)(found->cold - found->segment->cold);
        place->hot = found->hot;
        place->cold = found->cold;
        return;
    }
    place->hot = NULL;
    place->slot = table_find(place->table, &p->key, p->hash);
    if (place->slot != NO_SLOT)
        *place = place_at(place->table, place->segment, place->slot);
}

/* The flow found is ended where it is over. Returns whether it goes on. */
static inline bool goes_on(struct cdpi *engine, const struct packet *p, struct flow_place *place)
{
    if (is_fresh(engine, place->hot) && !(p->tcp_flags & TCP_SYN))
        return true;
    enum cdpi_end_reason over = is_over(engine, place, place->hot, p);
    if (over == CDPI_NOT_ENDED)
        return true;
    engine_end_flow(engine, place, over);
    place->slot = NO_SLOT;
    return false;
}

/* Some devices pad short frames and count the padding into the IP length: an acknowledgement then
 * seems to carry a few zeros, where the stream's next bytes belong. */
static bool is_padding(const struct packet *p)
{
    static const uint8_t zeros[6];
    return p->key.ip_protocol == IP_TCP && p->payload_size <= sizeof zeros &&
           !(p->tcp_flags & TCP_PSH) && memcmp(p->payload, zeros, p->payload_size) == 0;
}

/* Not at rest, and not followed by its room. */
static inline bool may_carry(const struct hot *hot)
{
    return wants_payload(hot) && !(hot->bits & FLOW_HAS_NOTE);
}

bool engine_process(struct cdpi *engine, const struct packet *p, const struct found *found)
{
    struct flow_place place;
    locate(engine, p, found, &place);
    bool is_new = !place.hot || !goes_on(engine, p, &place);
    if (is_new)
        begin_flow(engine, p, &place);
    struct hot *hot = place_hot(&place);
    struct cold *cold = place_cold(&place);
    cold_count(cold, p->direction, p->frame_length, engine->now);
    hot->last = engine->now_ms;
    if (p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST))
        note_tcp_flags(hot, cold, p);
    if (is_new) {
        if (engine->events & 1u << CDPI_EVENT_NEW)
            engine_tell(engine, CDPI_EVENT_NEW, &place);
        if (engine->expected.places)
            engine_meet_expectation(engine, &place, p);
    } else
        hot->bits &= (uint16_t)~FLOW_ONE_PACKET;
    if (p->payload_wire && wants_payload(hot) && !is_padding(p)) {
        engine_inspect(engine, &place, p);
        if (engine_is_carrier(engine, hot) && may_carry(hot))
            engine_carry(engine, &place, p);
    } else if (engine_wants_bare(engine, hot))
        engine_keep_bare(engine, hot, p, is_new);
    return is_new;
}
