/* SPDX-License-Identifier: MIT */
#include "classify/classify.h"

#include <stdio.h>

#include "classify/signatures.h"

enum { MAX_PROPOSED = 24, MAX_CHILDREN = 12, PORTS_TOTAL = 65536 };

/* What the catalog's words come to, resolved once. */
struct room {
    const struct cdpi_protocol *protocol;
    room_index parent; /* of `refines`, or NO_ROOM */
    uint8_t child_count;
    room_index children[MAX_CHILDREN];
    room_index told_apart_by_port; /* the room that is this one on told_port, or NO_ROOM */
    uint16_t told_port;
};

struct classifier {
    size_t size_of_all;
    struct signature_table *table;
    bool reversed;
    uint16_t room_count;
    uint16_t unsigned_count[3]; /* rooms to ask about every first payload: TCP, UDP, SCTP */
    uint16_t *unsigned_rooms[3];
    room_index *port_room[2]; /* TCP, UDP: who claims a port */
    struct room rooms[];
};

/* ---- building ----------------------------------------------------------------------------------
 */

static unsigned transport_slot(uint8_t transport)
{
    return transport == OVER_TCP ? 0 : transport == OVER_UDP ? 1 : 2;
}

static void resolve(struct classifier *c, room_index i)
{
    struct room *room = &c->rooms[i];
    room->protocol = catalog_rooms[i].protocol;
    const struct cdpi_protocol *p = room->protocol;
    if (p->refines) {
        room->parent = catalog_find_room(p->refines);
        if (room->parent != NO_ROOM) {
            struct room *parent = &c->rooms[room->parent];
            if (parent->child_count < MAX_CHILDREN)
                parent->children[parent->child_count++] = i;
        }
    }
    if (p->told_by.parent) {
        room_index parent = catalog_find_room(p->told_by.parent);
        if (parent != NO_ROOM) {
            /* Two children of one parent (mDNS, LLMNR) chain: the parent's first, that one's next.
             */
            while (c->rooms[parent].told_apart_by_port != NO_ROOM)
                parent = c->rooms[parent].told_apart_by_port;
            c->rooms[parent].told_apart_by_port = i;
            c->rooms[parent].told_port = p->told_by.port;
        }
    }
    for (unsigned slot = 0; slot < 3; slot++) {
        if (p->is_unsigned && p->validate && p->transports & 1u << slot)
            c->unsigned_rooms[slot][c->unsigned_count[slot]++] = i;
    }
}

static void claim_ports(struct classifier *c, unsigned slot, room_index i, const uint16_t *ports)
{
    for (; ports && *ports; ports++) {
        if (c->port_room[slot][*ports] == NO_ROOM)
            c->port_room[slot][*ports] = i;
    }
}

struct classifier *classifier_build(struct memory *memory, bool reversed)
{
    size_t n = catalog_room_count;
    size_t rooms_size = sizeof(struct classifier) + n * sizeof(struct room);
    size_t lists_size = 3 * n * sizeof(uint16_t);
    size_t ports_size = 2 * PORTS_TOTAL * sizeof(room_index);
    size_t size = rooms_size + lists_size + ports_size;
    struct classifier *c = memory_get(memory, size, 64);
    if (!c)
        return NULL;
    c->size_of_all = size;
    c->reversed = reversed;
    c->room_count = (uint16_t)n;
    uint16_t *lists = (uint16_t *)(void *)((uint8_t *)c + rooms_size);
    for (unsigned slot = 0; slot < 3; slot++)
        c->unsigned_rooms[slot] = lists + slot * n;
    for (unsigned slot = 0; slot < 2; slot++) {
        c->port_room[slot] = lists + 3 * n + slot * PORTS_TOTAL;
        memset(c->port_room[slot], 0xff, PORTS_TOTAL * sizeof(room_index));
    }
    for (room_index i = 0; i < n; i++) {
        c->rooms[i].parent = NO_ROOM;
        c->rooms[i].told_apart_by_port = NO_ROOM;
    }
    for (room_index i = 0; i < n; i++) {
        resolve(c, i);
        claim_ports(c, 0, i, catalog_rooms[i].protocol->tcp_ports);
        claim_ports(c, 1, i, catalog_rooms[i].protocol->udp_ports);
    }
    c->table = signature_table_build(memory);
    if (!c->table) {
        memory_put(memory, c, size);
        return NULL;
    }
    return c;
}

void classifier_free(struct classifier *classifier, struct memory *memory)
{
    if (!classifier)
        return;
    signature_table_free(classifier->table, memory);
    memory_put(memory, classifier, classifier->size_of_all);
}

const struct signature_table *classifier_signatures(const struct classifier *classifier)
{
    return classifier->table;
}

room_index classifier_guess(const struct classifier *classifier, uint8_t transport, uint16_t port)
{
    unsigned slot = transport_slot(transport);
    return slot < 2 ? classifier->port_room[slot][port] : NO_ROOM;
}

bool classifier_knows_port(const struct classifier *classifier, uint8_t transport, uint16_t port)
{
    return classifier_guess(classifier, transport, port) != NO_ROOM;
}

/* ---- asking one room
 * ----------------------------------------------------------------------------- */

/* One call's circumstances. */
struct session {
    const struct classifier *classifier;
    struct classification *state;
    const struct exchange *exchange;
    uint8_t packet;
    struct inspection in; /* what the last validator said */
};

/* A side's bytes as a validator sees them: the stream, or the chosen datagram. */
static struct cursor side_bytes(const struct session *s, enum side side, bool *cut)
{
    const struct exchange *x = s->exchange;
    *cut = false;
    if (x->transport != OVER_UDP)
        return cursor_over(x->head[side], x->size[side]);
    uint8_t chosen = s->state->chosen[side];
    if (chosen == 0 || chosen > x->datagram_count)
        return cursor_over(NULL, 0);
    const struct datagram *d = &x->datagrams[chosen - 1];
    *cut = d->cut;
    return cursor_over(x->head[side] + d->offset, d->size);
}

/* Fills `in` for the sides in `which` (bits), with client and server exchanged where `swapped`. */
static void prepare(struct session *s, unsigned which, bool swapped)
{
    const struct exchange *x = s->exchange;
    struct inspection *in = &s->in;
    bool cut[2];
    struct cursor bytes[2];
    for (unsigned side = 0; side < 2; side++) {
        bytes[side] = side_bytes(s, (enum side)side, &cut[side]);
        if (!(which & 1u << side))
            bytes[side].size = 0;
    }
    unsigned c = swapped ? SERVER : CLIENT, v = swapped ? CLIENT : SERVER;
    *in = (struct inspection){.client = bytes[c],
                              .server = bytes[v],
                              .client_port = x->port[c],
                              .server_port = x->port[v],
                              .transport = x->transport,
                              .is_final = x->is_final,
                              .is_midstream = x->is_midstream,
                              .client_is_cut = cut[c],
                              .server_is_cut = cut[v],
                              .first_speaker = swapped ? !x->first_speaker : x->first_speaker,
                              .datagrams = x->datagrams,
                              .datagram_count = x->datagram_count,
                              .heads = {x->head[c], x->head[v]},
                              .head_sizes = {x->size[c], x->size[v]},
                              .rule = ""};
    in->client.side = CLIENT;
    in->server.side = SERVER;
}

static enum answer ask(struct session *s, room_index room, unsigned which, bool swapped)
{
    const struct cdpi_protocol *p = s->classifier->rooms[room].protocol;
    if (!p->validate)
        return NO;
    prepare(s, which, swapped);
    enum answer answer = p->validate(&s->in);
    if (answer == MORE && s->exchange->is_final)
        return NO;
    return answer;
}

static unsigned sides_with_bytes(const struct session *s)
{
    return (s->exchange->size[CLIENT] ? 1u : 0) | (s->exchange->size[SERVER] ? 2u : 0);
}

/* ---- choosing among answers
 * ----------------------------------------------------------------------- */

/* The best answer so far of one round of asking. */
struct best {
    room_index room;
    enum answer answer;
    bool swapped;
    unsigned which;
    struct inspection said;
};

static bool descends_from(const struct classifier *c, room_index child, room_index ancestor)
{
    for (int depth = 0; child != NO_ROOM && depth < 8; depth++) {
        child = c->rooms[child].parent;
        if (child == ancestor)
            return true;
    }
    return false;
}

/* Rule 2. */
static bool beats(const struct classifier *c, room_index room, enum answer answer,
                  const struct best *best)
{
    if (best->room == NO_ROOM)
        return true;
    if (room == best->room)
        return answer > best->answer;
    if (descends_from(c, room, best->room))
        return true;
    if (descends_from(c, best->room, room))
        return false;
    if (answer != best->answer)
        return answer > best->answer;
    return catalog_rooms[room].number < catalog_rooms[best->room].number;
}

static void consider(struct session *s, room_index room, enum answer answer, unsigned which,
                     bool swapped, struct best *best)
{
    if (answer < LIKELY || !beats(s->classifier, room, answer, best))
        return;
    *best = (struct best){room, answer, swapped, which, s->in};
}

static struct live *find_live(struct classification *state, room_index room)
{
    for (unsigned i = 0; i < state->live_count; i++) {
        if (state->live[i].room == room)
            return &state->live[i];
    }
    return NULL;
}

static void keep_live(struct session *s, room_index room, bool swapped)
{
    struct live *live = find_live(s->state, room);
    if (!live) {
        if (s->state->live_count == MAX_LIVE)
            return;
        live = &s->state->live[s->state->live_count++];
    }
    /* what the validator calls client is our server when swapped */
    *live = (struct live){.room = room,
                          .wanted = {s->in.wanted[swapped], s->in.wanted[!swapped]},
                          .is_swapped = swapped};
}

static void drop_live(struct classification *state, room_index room)
{
    struct live *live = find_live(state, room);
    if (live)
        *live = state->live[--state->live_count];
}

/* Asks a room about the sides in `which`; keeps it for later if it may still say more. */
static void ask_and_consider(struct session *s, room_index room, unsigned which, struct best *best)
{
    bool swapped = false;
    enum answer answer = ask(s, room, which, false);
    if (answer == NO && !s->exchange->sides_are_certain) {
        swapped = true;
        answer = ask(s, room, which, true);
    }
    if (answer == NO) {
        drop_live(s->state, room);
        return;
    }
    if (answer != YES)
        keep_live(s, room, swapped);
    consider(s, room, answer, which, swapped, best);
}

static void ask_children(struct session *s, room_index room, unsigned which, struct best *best)
{
    const struct room *parent = &s->classifier->rooms[room];
    for (unsigned i = 0; i < parent->child_count; i++)
        ask_and_consider(s, parent->children[i], which, best);
}

/* Rule 1 over the sides in `which`: everything that the bytes on `side` propose, then the unsigned.
 */
static void ask_proposed(struct session *s, enum side side, unsigned which, struct best *best)
{
    bool cut;
    struct cursor bytes = side_bytes(s, side, &cut);
    if (bytes.size == 0)
        return;
    room_index proposed[MAX_PROPOSED];
    const struct classifier *c = s->classifier;
    unsigned n = signature_table_propose(c->table, s->exchange->transport, bytes.data, bytes.size,
                                         proposed, MAX_PROPOSED);
    for (unsigned i = 0; i < n; i++)
        ask_and_consider(s, proposed[c->reversed ? n - 1 - i : i], which, best);
    if (s->exchange->transport != OVER_UDP)
        s->state->proposed_at[side] = (uint16_t)bytes.size;
}

static void ask_unsigned(struct session *s, unsigned which, struct best *best)
{
    const struct classifier *c = s->classifier;
    unsigned slot = transport_slot(s->exchange->transport);
    unsigned n = c->unsigned_count[slot];
    for (unsigned i = 0; i < n; i++)
        ask_and_consider(s, c->unsigned_rooms[slot][c->reversed ? n - 1 - i : i], which, best);
}

static void ask_all_about(struct session *s, unsigned which, struct best *best)
{
    for (unsigned side = 0; side < 2; side++) {
        if (which & 1u << side)
            ask_proposed(s, (enum side)side, which, best);
    }
    if (best->room == NO_ROOM || best->answer != YES)
        ask_unsigned(s, which, best);
    if (best->room != NO_ROOM)
        ask_children(s, best->room, which, best);
}

/* ---- the verdict
 * ------------------------------------------------------------------------------------ */

/* mDNS is DNS on its own port. */
static room_index told_apart(const struct session *s, room_index room)
{
    const struct exchange *x = s->exchange;
    if (x->transport != OVER_UDP)
        return room;
    for (room_index r = room; r != NO_ROOM; r = s->classifier->rooms[r].told_apart_by_port) {
        const struct room *parent = &s->classifier->rooms[r];
        if (parent->told_apart_by_port == NO_ROOM)
            break;
        if (x->port[0] == parent->told_port || x->port[1] == parent->told_port)
            return parent->told_apart_by_port;
    }
    return room;
}

/* Whether a child of the verdict still waits for bytes that could make it the better name. */
static bool child_waits(const struct session *s, room_index room)
{
    for (unsigned i = 0; i < s->state->live_count; i++) {
        if (descends_from(s->classifier, s->state->live[i].room, room))
            return true;
    }
    return false;
}

static void note_evidence(struct session *s, const struct best *best)
{
    struct classification *state = s->state;
    const struct inspection *said = &best->said;
    state->rule = said->rule;
    state->evidence_side = best->swapped ? !said->evidence_side : said->evidence_side;
    state->evidence_offset = (uint16_t)said->evidence_offset;
    state->evidence_size = (uint16_t)said->evidence_size;
    state->evidence_packet = s->packet;
    state->application = said->application ? catalog_number(said->application) : 0;
}

/* Takes the round's best as the verdict. Returns whether that is another one than before. */
static bool take(struct session *s, const struct best *best)
{
    struct classification *state = s->state;
    room_index before = state->room;
    bool both = best->which == 3;
    bool alone_is_enough = s->classifier->rooms[best->room].protocol->is_one_sided;
    state->room = told_apart(s, best->room);
    state->answer = (uint8_t)best->answer;
    state->heard = (uint8_t)best->which;
    state->is_swapped = best->swapped;
    state->are_sides_apart = false;
    state->claim[CLIENT] = best->which & 1 ? state->room : NO_ROOM;
    state->claim[SERVER] = best->which & 2 ? state->room : NO_ROOM;
    note_evidence(s, best);
    if (best->answer == YES && !child_waits(s, best->room))
        state->is_certain = both || alone_is_enough;
    return state->room != before;
}

/* Rule 4: jointly nothing fits; what does each side say alone? */
static void ask_each_alone(struct session *s, struct best *verdict)
{
    struct best alone[2] = {{.room = NO_ROOM}, {.room = NO_ROOM}};
    struct classification *state = s->state;
    for (unsigned side = 0; side < 2; side++) {
        unsigned live =
            state->live_count; /* what waits alone would be asked jointly later: not kept */
        ask_proposed(s, (enum side)side, 1u << side, &alone[side]);
        if (alone[side].room == NO_ROOM || alone[side].answer != YES)
            ask_unsigned(s, 1u << side, &alone[side]);
        state->live_count = (uint8_t)(live < state->live_count ? live : state->live_count);
        state->claim[side] = alone[side].room;
    }
    if (alone[SERVER].room != NO_ROOM)
        *verdict = alone[SERVER];
}

/* Both sides afresh, jointly, then each alone. */
static bool start_over(struct session *s, bool had_verdict)
{
    struct classification *state = s->state;
    struct best best = {.room = NO_ROOM};
    state->room = NO_ROOM;
    state->is_certain = false;
    unsigned which = sides_with_bytes(s);
    ask_all_about(s, which, &best);
    if (best.room != NO_ROOM)
        return take(s, &best) || had_verdict;
    if (which == 3) {
        struct best server = {.room = NO_ROOM};
        room_index claims[2];
        ask_each_alone(s, &server);
        claims[CLIENT] = state->claim[CLIENT];
        claims[SERVER] = state->claim[SERVER];
        if (server.room != NO_ROOM) {
            take(s, &server);
            state->are_sides_apart = true;
            state->is_certain = false;
            state->heard = 3;
            state->claim[CLIENT] = claims[CLIENT];
            state->claim[SERVER] = claims[SERVER];
            return true;
        }
    }
    return had_verdict;
}

/* ---- new bytes
 * ---------------------------------------------------------------------------------------- */

static bool wants_are_met(const struct session *s, const struct live *live, enum side side)
{
    const struct exchange *x = s->exchange;
    if (x->transport == OVER_UDP || x->is_final)
        return true;
    if (live->wanted[CLIENT] == 0 && live->wanted[SERVER] == 0)
        return true;
    return live->wanted[side] && x->size[side] >= live->wanted[side];
}

/* Asks those that wait and whose wants are met. */
static void ask_live(struct session *s, enum side side, struct best *best)
{
    struct live waiting[MAX_LIVE];
    unsigned n = s->state->live_count;
    memcpy(waiting, s->state->live, n * sizeof waiting[0]);
    unsigned which = sides_with_bytes(s);
    for (unsigned i = 0; i < n; i++) {
        const struct live *live = &waiting[s->classifier->reversed ? n - 1 - i : i];
        if (!wants_are_met(s, live, side))
            continue;
        enum answer answer = ask(s, live->room, which, live->is_swapped);
        if (answer == NO)
            drop_live(s->state, live->room);
        else if (answer != YES)
            keep_live(s, live->room, live->is_swapped);
        consider(s, live->room, answer, which, live->is_swapped, best);
    }
}

/* Rule 3: the other side speaks; does the verdict hold? Returns whether the verdict changed. */
static bool put_to_the_test(struct session *s)
{
    struct classification *state = s->state;
    room_index room = state->room, asked = room;
    const struct cdpi_protocol *p = s->classifier->rooms[room].protocol;
    if (!p->validate && p->told_by.parent)
        asked = catalog_find_room(p->told_by.parent);
    bool swapped = state->is_swapped;
    enum answer answer = ask(s, asked, 3, swapped);
    if (answer == NO)
        return start_over(s, true);
    if (answer == MORE || answer == LIKELY)
        keep_live(s, asked, swapped);
    struct best best = {.room = NO_ROOM};
    if (answer >= LIKELY)
        best = (struct best){asked, answer, swapped, 3, s->in};
    else
        state->heard = 3;
    ask_children(s, asked, 3, &best);
    return best.room != NO_ROOM && take(s, &best);
}

/* The same side has grown while a likely verdict stands. */
static bool grow_with_verdict(struct session *s, enum side side)
{
    struct best best = {.room = NO_ROOM};
    room_index room = s->state->room;
    bool was_live = find_live(s->state, room) != NULL;
    ask_live(s, side, &best);
    if (best.room != NO_ROOM && (best.room == room || best.answer > s->state->answer ||
                                 descends_from(s->classifier, best.room, room) ||
                                 (best.answer == s->state->answer &&
                                  catalog_rooms[best.room].number < catalog_rooms[room].number)))
        return take(s, &best);
    if (was_live && !find_live(s->state, room) && best.room != room)
        return start_over(s, true); /* its own validator took it back */
    return false;
}

static bool grow_without_verdict(struct session *s, enum side side)
{
    struct best best = {.room = NO_ROOM};
    const struct exchange *x = s->exchange;
    uint32_t reach = signature_table_reach(s->classifier->table, x->transport);
    ask_live(s, side, &best);
    if (x->transport == OVER_UDP) {
        ask_all_about(s, sides_with_bytes(s), &best);
    } else if (s->state->proposed_at[side] < reach) {
        ask_proposed(s, side, sides_with_bytes(s), &best);
    }
    if (best.room == NO_ROOM && sides_with_bytes(s) == 3 && x->transport == OVER_UDP)
        return start_over(s, false);
    return best.room != NO_ROOM && take(s, &best);
}

static bool is_exhausted(const struct session *s)
{
    const struct exchange *x = s->exchange;
    if (x->transport == OVER_UDP)
        return false; /* every datagram is looked at on its own */
    if (s->state->live_count)
        return false;
    uint32_t reach = signature_table_reach(s->classifier->table, x->transport);
    for (unsigned side = 0; side < 2; side++) {
        if (x->size[side] && s->state->proposed_at[side] < reach && !x->is_full[side] &&
            s->state->room == NO_ROOM)
            return false;
    }
    return true;
}

static struct classify_outcome outcome(const struct session *s, bool changed)
{
    return (struct classify_outcome){.changed = changed,
                                     .certain = s->state->room != NO_ROOM && s->state->is_certain,
                                     .exhausted = is_exhausted(s)};
}

void classification_init(struct classification *c)
{
    *c = (struct classification){.room = NO_ROOM, .claim = {NO_ROOM, NO_ROOM}, .rule = ""};
}

/* UDP: the side's newest datagram is looked at, beside the other side's that gave the verdict or is
 * its newest. */
static void choose_datagram(struct session *s, enum side side)
{
    if (s->exchange->transport == OVER_UDP)
        s->state->chosen[side] = (uint8_t)s->exchange->datagram_count;
}

struct classify_outcome classify_more(const struct classifier *classifier,
                                      struct classification *state, const struct exchange *exchange,
                                      enum side side, uint8_t packet)
{
    struct session s = {
        .classifier = classifier, .state = state, .exchange = exchange, .packet = packet};
    unsigned bit = 1u << side;
    bool is_first = !(state->spoke & bit);
    state->spoke |= (uint8_t)bit;
    bool changed;
    if (state->is_certain)
        return outcome(&s, false);
    bool keeps_datagram = state->room != NO_ROOM && state->answer == YES && !is_first;
    if (!keeps_datagram)
        choose_datagram(&s, side);
    if (state->room != NO_ROOM && !(state->heard & bit))
        changed = put_to_the_test(&s);
    else if (state->room != NO_ROOM)
        changed = grow_with_verdict(&s, side);
    else if (is_first)
        changed = start_over(&s, false);
    else
        changed = grow_without_verdict(&s, side);
    return outcome(&s, changed);
}

struct classify_outcome classify_end(const struct classifier *classifier,
                                     struct classification *state, const struct exchange *exchange,
                                     uint8_t packet)
{
    struct exchange final = *exchange;
    final.is_final = true;
    struct session s = {
        .classifier = classifier, .state = state, .exchange = &final, .packet = packet};
    bool changed = false;
    if (!state->is_certain && (final.size[0] || final.size[1])) {
        struct best best = {.room = NO_ROOM};
        room_index room = state->room;
        ask_live(&s, CLIENT, &best);
        if (best.room != NO_ROOM &&
            (room == NO_ROOM || best.room == room || best.answer > state->answer ||
             descends_from(classifier, best.room, room)))
            changed = take(&s, &best);
        else if (room == NO_ROOM)
            changed = start_over(&s, false);
    }
    if (state->room != NO_ROOM && state->answer == YES && state->heard == 3 &&
        !state->are_sides_apart)
        state->is_certain = true;
    state->is_settled = true;
    return outcome(&s, changed);
}

/* ---- the catalog's own health
 * --------------------------------------------------------------------------- */

static const char *check_room(room_index i, char *text, size_t room)
{
    const struct cdpi_protocol *p = catalog_rooms[i].protocol;
    const char *folder = catalog_rooms[i].folder;
    const char *wrong = NULL;
    if (!p->name || !*p->name)
        wrong = "has no name";
    else if (!p->reference || !*p->reference)
        wrong = "has no reference";
    else if (p->refines && catalog_find_room(p->refines) == NO_ROOM)
        wrong = "refines a protocol that is not in the catalog";
    else if (p->told_by.parent && catalog_find_room(p->told_by.parent) == NO_ROOM)
        wrong = "is told from a protocol that is not in the catalog";
    else if (p->validate && !p->signature_count && !p->is_unsigned && !p->refines)
        wrong = "has neither signatures nor is_unsigned: nothing would ever ask it";
    for (size_t k = 0; !wrong && k < p->signature_count; k++) {
        const struct signature *s = &p->signatures[k];
        if (s->size == 0 || s->size > 16 || s->offset > 1024)
            wrong = "has a signature that is empty, longer than 16 bytes or past 1024";
    }
    for (room_index j = 0; !wrong && j < i; j++) {
        if (catalog_rooms[j].number == catalog_rooms[i].number)
            wrong = "has a number that is used twice";
        else if (catalog_find_room(p->name) != i)
            wrong = "has a name that is used twice";
    }
    if (!wrong)
        return NULL;
    snprintf(text, room, "protocol %s %s", folder, wrong);
    return text;
}

const char *classifier_check(char *text, size_t room)
{
    for (room_index i = 0; i < catalog_room_count; i++) {
        const char *wrong = check_room(i, text, room);
        if (wrong)
            return wrong;
    }
    return NULL;
}
