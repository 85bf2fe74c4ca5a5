/* SPDX-License-Identifier: MIT */
/*
 * Flows after their verdict. A room with a follower goes on to see the payload: the flow may change
 * to another protocol (STARTTLS, CONNECT), which is kept beside the verdict, or announce other
 * flows (FTP's data), which are then named by that.
 */
#include <stdio.h>

#include "engine/engine.h"

/* A call on hold is silent for longer than a flow lives, and goes on. */
enum { EXPECTATION_SECONDS = 120, MEDIA_SECONDS = 3600, LOOKS = 6 };

/* ---- announcements ----------------------------------------------------------------------- */

static const struct cdpi_protocol *room_of(const struct cdpi *engine, uint16_t protocol)
{
    room_index room = classifier_room(engine->classifier, protocol);
    return room == NO_ROOM ? NULL : catalog_rooms[room].protocol;
}

static struct flow_key key_of(const struct flow_place *place)
{
    return table_key(place->table, place->segment, place->slot);
}

static uint8_t number_of(uint8_t transport)
{
    return transport == OVER_TCP ? IP_TCP : transport == OVER_GRE ? IP_GRE : IP_UDP;
}

static struct endpoint announced_endpoint(const struct flow_place *place,
                                          const struct announcement *a)
{
    struct flow_key key = key_of(place);
    unsigned client = client_direction(place_hot(place));
    struct endpoint at = endpoint_of(&key, a->at == AT_SERVER ? !client : client);
    if (a->at == AT_ADDRESS) {
        at.is_v6 = a->is_v6;
        at.address[0] = at.address[1] = 0;
        if (a->is_v6) {
            memcpy(at.address, a->address, 16);
        } else {
            uint32_t v4;
            memcpy(&v4, a->address, 4);
            at.address[0] = v4;
        }
    }
    at.port = a->port;
    at.ip_protocol = number_of(a->transport);
    return at;
}

static void take_announcements(struct cdpi *engine, const struct flow_place *place,
                               struct follow *follow)
{
    for (uint32_t i = 0; i < follow->announced_count; i++) {
        uint32_t seconds = follow->announced[i].lasts ? MEDIA_SECONDS : EXPECTATION_SECONDS;
        struct expected e = {
            .at = announced_endpoint(place, &follow->announced[i]),
            .expires = engine->now + seconds * 1000000ull,
            .announced_by = cdpi_flow_id(&(struct cdpi_flow){engine, *place}),
            .protocol = classifier_number(engine->classifier, follow->announced[i].protocol)};
        expected_add(&engine->expected, &e, engine->now);
    }
    follow->announced_count = 0;
}

/* Where the announced protocol has signatures for the transport, the first payload must carry
 * one. */
static bool fits_first_payload(const struct cdpi *engine, uint16_t protocol, const struct packet *p)
{
    uint8_t transport = p->key.ip_protocol == IP_TCP ? OVER_TCP : OVER_UDP;
    room_index room = classifier_room(engine->classifier, protocol);
    const struct cdpi_protocol *r = room == NO_ROOM ? NULL : catalog_rooms[room].protocol;
    if (!r || r->signature_count == 0 || !(r->transports & transport))
        return true;
    return p->payload_size > 0 && classifier_could_be(engine->classifier, room, transport,
                                                      p->payload, p->payload_size, p->payload_wire);
}

/* What was expected at one of the key's endpoints when the flow began. */
static const struct expected *find_expected(const struct cdpi *engine, const struct flow_key *key,
                                            uint64_t when)
{
    const struct expected *e = NULL;
    for (unsigned i = 0; i < 2 && !e; i++) {
        if (!expected_knows_port(&engine->expected, key->port[i]))
            continue;
        struct endpoint at = endpoint_of(key, i);
        e = expected_find(&engine->expected, &at, when);
    }
    return e;
}

/* A flow that has been followed for long gives up its note. */
static bool give_up_oldest(struct cdpi *engine)
{
    struct note *old = note_oldest(&engine->notes);
    if (!old)
        return false;
    struct table *table = &engine->tables[old->is_v6];
    uint32_t slot = table_find_owner(table, old->hash, old->number, true);
    if (slot == NO_SLOT)
        return false;
    struct flow_place owner = place_at(table, hash_segment(old->hash), slot);
    hot_set_state(place_hot(&owner), FLOW_SETTLED);
    engine_release_note(engine, place_hot(&owner));
    return true;
}

static struct note *take_note(struct cdpi *engine, const struct flow_place *place)
{
    struct note *note = note_take(&engine->notes);
    if (!note && give_up_oldest(engine))
        note = note_take(&engine->notes);
    if (!note)
        return NULL;
    struct flow_key key = key_of(place);
    note->hash = flow_key_hash(&key, engine->decoder.hash_key);
    note->is_v6 = place->table->is_v6;
    return note;
}

/* Who announced the flow is kept beside it. */
static bool note_announcer(struct cdpi *engine, const struct flow_place *place,
                           uint64_t announced_by)
{
    struct hot *hot = place_hot(place);
    struct note *note = take_note(engine, place);
    if (!note)
        return false;
    snprintf(note->rule, sizeof note->rule, "announced by flow %llu",
             (unsigned long long)announced_by);
    hot->head = note->number;
    hot->bits |= FLOW_HAS_NOTE;
    return true;
}

void engine_meet_expectation(struct cdpi *engine, const struct flow_place *place,
                             const struct packet *p)
{
    struct hot *hot = place_hot(place);
    const struct expected *e = find_expected(engine, &p->key, engine->now);
    if (!e || (hot->verdict && hot->verdict != e->protocol) ||
        !fits_first_payload(engine, e->protocol, p) ||
        !note_announcer(engine, place, e->announced_by))
        return;
    if (hot->verdict)
        return; /* its number named it */
    hot->verdict = e->protocol;
    hot->source = engine->own_index;
    hot_set_state(hot, FLOW_SETTLED);
    engine_tell(engine, CDPI_EVENT_CLASSIFIED, place);
    engine_tell(engine, CDPI_EVENT_FINAL, place);
}

/* A stream that was seen from its beginning would have shown what the announced protocol begins
 * with, if anything tells it. */
static bool contradicts(const struct cdpi *engine, const struct hot *hot, uint16_t protocol)
{
    room_index room = classifier_room(engine->classifier, protocol);
    return room == NO_ROOM || (catalog_rooms[room].protocol->signature_count &&
                               hot->bits & (FLOW_SYN_SEEN | FLOW_SYNACK_SEEN));
}

const struct expected *engine_was_expected(const struct cdpi *engine,
                                           const struct flow_place *place)
{
    const struct hot *hot = place_hot(place);
    if (!engine->expected.places || !engine->has_own || hot->ip_protocol != IP_TCP)
        return NULL;
    struct flow_key key = key_of(place);
    const struct expected *e = find_expected(engine, &key, place_cold(place)->start);
    return e && !contradicts(engine, hot, e->protocol) ? e : NULL;
}

void engine_name_expected(struct cdpi *engine, const struct flow_place *place,
                          const struct expected *e)
{
    struct hot *hot = place_hot(place);
    hot->verdict = e->protocol;
    hot->application = 0;
    hot->source = engine->own_index;
    hot->bits &= (uint16_t) ~(FLOW_CERTAIN | FLOW_APART);
    note_announcer(engine, place, e->announced_by);
}

/* ---- following --------------------------------------------------------------------------- */

static struct note *note_of(const struct cdpi *engine, const struct hot *hot)
{
    return hot->bits & FLOW_HAS_NOTE ? note_at(&engine->notes, hot->head) : NULL;
}

const struct note *engine_note(const struct cdpi *engine, const struct hot *hot)
{
    return note_of(engine, hot);
}

void engine_release_note(struct cdpi *engine, struct hot *hot)
{
    struct note *note = note_of(engine, hot);
    if (!note)
        return;
    hot->bits &= (uint16_t)~FLOW_HAS_NOTE;
    hot->head = NO_HEAD;
    note_release(&engine->notes, note);
}

/* Nothing more is to come: the note stays only for what it says. */
static void stop_following(struct cdpi *engine, struct hot *hot, const struct note *note)
{
    hot_set_state(hot, FLOW_SETTLED);
    if (!note->then)
        engine_release_note(engine, hot);
}

static void now_speaks(struct cdpi *engine, const struct flow_place *place, struct note *note,
                       uint16_t protocol)
{
    note->then = protocol;
    note->looks_inside = false;
    stop_following(engine, place_hot(place), note);
    engine_tell(engine, CDPI_EVENT_CHANGED, place);
}

/* What a payload by itself is, where nobody has said what follows. */
static void look_inside(struct cdpi *engine, const struct flow_place *place, struct note *note,
                        struct cursor payload)
{
    enum side side = (enum side)payload.side;
    uint32_t size = cursor_left(&payload);
    if (size == 0)
        return;
    struct classification c;
    classification_init(&c);
    struct exchange x = {.head = {(const uint8_t *)"", (const uint8_t *)""},
                         .port = {note->follow.client_port, note->follow.server_port},
                         .transport = note->follow.transport,
                         .sides_are_certain = true,
                         .first_speaker = (uint8_t)side};
    x.head[side] = payload.data + payload.at;
    x.size[side] = size < HEAD_LIMIT ? size : HEAD_LIMIT;
    classify_more(engine->classifier, &c, &x, side, 1);
    if (c.room != NO_ROOM)
        now_speaks(engine, place, note, catalog_rooms[c.room].number);
    else if (++note->looks >= LOOKS)
        stop_following(engine, place_hot(place), note);
}

static void hand_on(struct cdpi *engine, const struct flow_place *place, struct note *note,
                    struct cursor payload)
{
    struct hot *hot = place_hot(place);
    if (note->looks_inside) {
        look_inside(engine, place, note, payload);
        return;
    }
    const struct cdpi_protocol *room = room_of(engine, hot->verdict);
    enum follow_answer answer = room->follow(&note->follow, &payload);
    take_announcements(engine, place, &note->follow);
    if (answer == FOLLOW_DONE)
        stop_following(engine, hot, note);
    if (answer != FOLLOW_SPEAKS)
        return;
    if (note->follow.speaks) {
        now_speaks(engine, place, note, classifier_number(engine->classifier, note->follow.speaks));
        return;
    }
    note->looks_inside = true;
    look_inside(engine, place, note, payload);
}

/* A side's bytes in the head, from `from` up to `to`. */
static void hand_on_bytes(struct cdpi *engine, const struct flow_place *place, struct note *note,
                          const struct head *head, uint8_t side, uint32_t from, uint32_t to)
{
    struct hot *hot = place_hot(place);
    if (from >= to || hot_state(hot) != FLOW_FOLLOWED)
        return;
    struct cursor c =
        cursor_over(head_bytes(head, side_direction(hot, (enum side)side)) + from, to - from);
    c.side = side;
    hand_on(engine, place, note, c);
}

/* Streams go by turns: what one side said until the other spoke, then that, at last what is left
 * of both. */
static void hand_on_turns(struct cdpi *engine, const struct flow_place *place, struct note *note,
                          const struct head *head)
{
    uint32_t done[2] = {0, 0}, size[2];
    for (unsigned side = 0; side < 2; side++)
        size[side] = head->side[side_direction(place_hot(place), (enum side)side)].size;
    for (unsigned i = 0; i + 1 < head->mark_count; i++) {
        const struct datagram *mark = &head->marks[i];
        uint32_t end = (uint32_t)mark->offset + mark->size;
        if (mark[1].side == mark->side)
            continue;
        if (end > size[mark->side])
            end = size[mark->side];
        hand_on_bytes(engine, place, note, head, mark->side, done[mark->side], end);
        if (end > done[mark->side])
            done[mark->side] = end;
    }
    for (unsigned side = 0; side < 2; side++)
        hand_on_bytes(engine, place, note, head, (uint8_t)side, done[side], size[side]);
}

/* What came before the verdict. */
static void hand_on_head(struct cdpi *engine, const struct flow_place *place, struct note *note,
                         const struct head *head)
{
    if (place_hot(place)->ip_protocol != IP_UDP) {
        hand_on_turns(engine, place, note, head);
        return;
    }
    for (unsigned i = 0; i < head->mark_count; i++) {
        const struct datagram *mark = &head->marks[i];
        hand_on_bytes(engine, place, note, head, mark->side, mark->offset,
                      (uint32_t)mark->offset + mark->size);
    }
}

bool engine_begin_following(struct cdpi *engine, const struct flow_place *place,
                            const struct head *head)
{
    struct hot *hot = place_hot(place);
    if (engine_is_carrier(engine, hot)) {
        hot_set_state(hot, FLOW_FOLLOWED);
        return true;
    }
    const struct cdpi_protocol *room = room_of(engine, hot->verdict);
    struct note *note = room && room->follow ? take_note(engine, place) : NULL;
    if (!note)
        return false;
    unsigned client = client_direction(hot);
    note->follow.transport = hot->ip_protocol == IP_TCP ? OVER_TCP : OVER_UDP;
    note->follow.client_port = hot->port[client];
    note->follow.server_port = hot->port[!client];
    hot->head = note->number;
    hot->bits |= FLOW_HAS_NOTE;
    hot_set_state(hot, FLOW_FOLLOWED);
    if (head)
        hand_on_head(engine, place, note, head);
    return true;
}

void engine_follow(struct cdpi *engine, const struct flow_place *place, const struct packet *p)
{
    struct hot *hot = place_hot(place);
    struct note *note = note_of(engine, hot);
    struct cursor payload = cursor_over(p->payload, p->payload_size);
    payload.side = (uint8_t)direction_side(hot, p->direction);
    if (note && payload.size > 0)
        hand_on(engine, place, note, payload);
}
