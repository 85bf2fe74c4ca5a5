/* SPDX-License-Identifier: MIT */
#include "classify/classify.h"

#include <stdio.h>

#include "classify/signatures.h"

enum { MAX_PROPOSED = 24, MAX_CHILDREN = 12, PORTS_TOTAL = 65536, NUMBERS = 2048, NAMES = 2048 };

/* A room that is asked about every first payload, with what of its descriptor spares the asking. */
struct unsigned_room {
    room_index room;
    bool is_text, is_port_bound;
};

/* What the catalog's words come to, resolved once. */
struct room {
    const struct cdpi_protocol *protocol;
    room_index parent; /* of `refines`, or NO_ROOM */
    uint8_t child_count;
    room_index children[MAX_CHILDREN];
    room_index told_apart_by_port; /* the room that is this one on told_port, or NO_ROOM */
    uint16_t told_port;
    room_index validated_by; /* itself, or the one that it is told apart from */
};

struct classifier {
    size_t size_of_all;
    struct signature_table *table;
    bool reversed;
    uint16_t room_count;
    uint16_t unsigned_count[3]; /* TCP, UDP, SCTP */
    struct unsigned_room *unsigned_rooms[3];
    room_index *port_room[2];                  /* TCP, UDP: who claims a port */
    uint64_t known_ports[2][PORTS_TOTAL / 64]; /* bits of those that somebody claims */
    room_index room_of[NUMBERS];               /* by catalog number */
    room_index by_name[NAMES];                 /* from the name's hash on */
    struct room rooms[];
};

/* ---- building ---------------------------------------------------------------------------- */

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
            if (!p->validate)
                room->validated_by = parent;
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
            c->unsigned_rooms[slot][c->unsigned_count[slot]++] =
                (struct unsigned_room){i, p->is_text, p->is_port_bound};
    }
}

static void claim_ports(struct classifier *c, unsigned slot, room_index i, const uint16_t *ports)
{
    for (; ports && *ports; ports++) {
        if (c->port_room[slot][*ports] == NO_ROOM)
            c->port_room[slot][*ports] = i;
        c->known_ports[slot][*ports / 64] |= UINT64_C(1) << *ports % 64;
    }
}

static uint32_t name_place(const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    return (hash ^ hash >> 16) % NAMES;
}

static void file_name(struct classifier *c, room_index i)
{
    uint32_t place = name_place(catalog_rooms[i].protocol->name);
    while (c->by_name[place] != NO_ROOM)
        place = (place + 1) % NAMES;
    c->by_name[place] = i;
}

struct classifier *classifier_build(struct memory *memory, bool reversed)
{
    size_t n = catalog_room_count;
    size_t rooms_size = sizeof(struct classifier) + n * sizeof(struct room);
    size_t lists_size = 3 * n * sizeof(struct unsigned_room);
    size_t ports_size = 2 * PORTS_TOTAL * sizeof(room_index);
    size_t size = rooms_size + lists_size + ports_size;
    struct classifier *c = memory_get(memory, size, 64);
    if (!c)
        return NULL;
    c->size_of_all = size;
    c->reversed = reversed;
    c->room_count = (uint16_t)n;
    uint8_t *lists = (uint8_t *)c + rooms_size;
    for (unsigned slot = 0; slot < 3; slot++)
        c->unsigned_rooms[slot] = (struct unsigned_room *)(void *)lists + slot * n;
    for (unsigned slot = 0; slot < 2; slot++) {
        c->port_room[slot] = (room_index *)(void *)(lists + lists_size) + slot * PORTS_TOTAL;
        memset(c->port_room[slot], 0xff, PORTS_TOTAL * sizeof(room_index));
    }
    memset(c->room_of, 0xff, sizeof c->room_of);
    memset(c->by_name, 0xff, sizeof c->by_name);
    for (room_index i = 0; i < n; i++) {
        if (catalog_rooms[i].number < NUMBERS)
            c->room_of[catalog_rooms[i].number] = i;
        c->rooms[i].parent = NO_ROOM;
        c->rooms[i].validated_by = i;
        c->rooms[i].told_apart_by_port = NO_ROOM;
    }
    for (room_index i = 0; i < n; i++) {
        resolve(c, i);
        file_name(c, i);
        claim_ports(c, 0, i, catalog_rooms[i].protocol->tcp_ports);
        claim_ports(c, 1, i, catalog_rooms[i].protocol->udp_ports);
    }
    c->table = signature_table_build(memory, catalog_rooms, catalog_room_count);
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

bool classifier_knows_port(const struct classifier *classifier, uint8_t transport, uint16_t port)
{
    unsigned slot = transport_slot(transport);
    return slot < 2 && classifier->known_ports[slot][port / 64] >> port % 64 & 1;
}

room_index classifier_guess(const struct classifier *classifier, uint8_t transport, uint16_t port)
{
    return classifier_knows_port(classifier, transport, port)
               ? classifier->port_room[transport_slot(transport)][port]
               : NO_ROOM;
}

room_index classifier_room(const struct classifier *classifier, uint16_t number)
{
    return number < NUMBERS ? classifier->room_of[number] : NO_ROOM;
}

uint16_t classifier_number(const struct classifier *c, const char *name)
{
    room_index room;
    for (uint32_t at = name_place(name); (room = c->by_name[at]) != NO_ROOM;
         at = (at + 1) % NAMES) {
        if (strcmp(c->rooms[room].protocol->name, name) == 0)
            return catalog_rooms[room].number;
    }
    return catalog_number(name); /* an IP protocol, or in other letters */
}

bool classifier_could_be(const struct classifier *classifier, room_index room, uint8_t transport,
                         const uint8_t *data, uint32_t size, uint32_t wire)
{
    return signature_table_fits(classifier->table, room, transport, data, size,
                                transport == OVER_UDP ? wire : 0);
}

/* ---- asking one room --------------------------------------------------------------------- */

/* An answer's evidence. */
struct said {
    const char *rule, *application;
    uint16_t offset, size;
    uint8_t side;
    bool keeps_application; /* one side was not asked again */
};

/* The best answer so far of one round of asking. */
struct best {
    room_index room;
    uint8_t answer;
    bool swapped;
    uint8_t which;
    struct said said;
};

/* One call's circumstances. */
struct session {
    const struct classifier *classifier;
    struct classification *state;
    const struct exchange *exchange;
    uint8_t packet;
    enum side side;        /* whose bytes are new */
    unsigned which;        /* bits of the sides that have bytes */
    room_index known_room; /* said YES of one side's bytes, which are there unchanged */
    uint8_t known_side;
    struct best joint;          /* what fits all that was heard */
    struct best alone;          /* what fits the new side, though the other contradicts it */
    struct inspection views[2]; /* what validators see and say: as it is, and sides exchanged */
    uint8_t prepared[2];        /* bits of the sides that a view shows, and VIEW_FILLED */
    struct inspection *in;      /* the view that the last validator had */
};

enum { VIEW_FILLED = 4 };

/* A YES that was said of one side alone holds while that side's bytes are the same. */
static void note_what_is_known(struct session *s)
{
    const struct classification *state = s->state;
    s->known_side = state->heard == 2 ? SERVER : CLIENT;
    bool holds =
        state->room != NO_ROOM && state->answer == YES &&
        (state->heard == 1 || state->heard == 2) &&
        (s->exchange->transport == OVER_UDP || s->exchange->size[s->known_side] == state->yes_size);
    s->known_room = holds ? s->classifier->rooms[state->room].validated_by : NO_ROOM;
}

/* The verdict is in doubt: everything is looked at again. */
static void forget_verdict(struct session *s)
{
    s->state->room = s->known_room = NO_ROOM;
    s->state->is_certain = false;
}

static void begin_session(struct session *s, const struct classifier *classifier,
                          struct classification *state, const struct exchange *exchange,
                          enum side side, uint8_t packet)
{
    s->classifier = classifier;
    s->state = state;
    s->exchange = exchange;
    s->side = side;
    s->packet = packet;
    s->which = (exchange->size[CLIENT] ? 1u : 0) | (exchange->size[SERVER] ? 2u : 0);
    s->joint.room = s->alone.room = NO_ROOM;
    s->joint.answer = s->alone.answer = NO;
    s->prepared[0] = s->prepared[1] = 0;
    note_what_is_known(s);
}

/* The datagram of a side under inspection; NULL for streams, and where there is none. */
static inline const struct datagram *chosen_datagram(const struct session *s, enum side side)
{
    const struct exchange *x = s->exchange;
    uint8_t chosen = s->state->chosen[side];
    if (x->transport != OVER_UDP || chosen == 0 || chosen > x->datagram_count)
        return NULL;
    return &x->datagrams[chosen - 1];
}

/* A side in a view: the stream, or the chosen datagram; empty where it is not shown. */
static inline bool show_side(const struct session *s, enum side side, bool is_shown,
                             enum side shown_as, struct cursor *c)
{
    const struct exchange *x = s->exchange;
    bool is_cut = false;
    c->data = x->head[side];
    c->size = is_shown ? x->size[side] : 0;
    if (x->transport == OVER_UDP && is_shown) {
        const struct datagram *d = chosen_datagram(s, side);
        c->data += d ? d->offset : 0;
        c->size = d ? d->size : 0;
        is_cut = d && d->cut;
    }
    c->at = 0;
    c->side = (uint8_t)shown_as;
    c->ran_short = false;
    return is_cut;
}

/* Fills a view with the sides in `which` (bits), client and server exchanged where `swapped`. */
static void fill_view(const struct session *s, struct inspection *in, unsigned which, bool swapped)
{
    const struct exchange *x = s->exchange;
    enum side c = swapped ? SERVER : CLIENT, v = swapped ? CLIENT : SERVER;
    in->client_is_cut = show_side(s, c, which >> c & 1, CLIENT, &in->client);
    in->server_is_cut = show_side(s, v, which >> v & 1, SERVER, &in->server);
    in->client_port = x->port[c];
    in->server_port = x->port[v];
    in->transport = x->transport;
    in->sctp_ppid = x->sctp_ppid;
    in->is_final = x->is_final;
    in->is_midstream = x->is_midstream;
    in->first_speaker = x->first_speaker ^ swapped;
    in->datagrams = x->datagrams;
    in->datagram_count = x->datagram_count;
    in->heads[CLIENT] = x->head[CLIENT];
    in->heads[SERVER] = x->head[SERVER];
    in->is_exchanged = swapped;
}

static void prepare(struct session *s, room_index room, unsigned which, bool swapped)
{
    struct inspection *in = &s->views[swapped];
    if (s->prepared[swapped] != (which | VIEW_FILLED))
        fill_view(s, in, which, swapped);
    s->prepared[swapped] = (uint8_t)(which | VIEW_FILLED);
    bool is_known = room == s->known_room && which == 3 && s->state->is_swapped == swapped;
    unsigned side = (unsigned)s->known_side ^ swapped;
    in->said_yes = (uint8_t)((is_known ? 1u << side : 0u) & 3u);
    in->rule = "";
    in->application = NULL;
    in->evidence_offset = in->evidence_size = 0;
    in->evidence_side = CLIENT;
    in->wanted[CLIENT] = in->wanted[SERVER] = 0;
    s->in = in;
}

static enum answer ask(struct session *s, room_index room, unsigned which, bool swapped)
{
    const struct cdpi_protocol *p = s->classifier->rooms[room].protocol;
    if (!p->validate)
        return NO;
    prepare(s, room, which, swapped);
    enum answer answer = p->validate(s->in);
    return answer == MORE && s->exchange->is_final ? NO : answer;
}

/* ---- choosing among answers -------------------------------------------------------------- */

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
static bool beats(const struct classifier *c, room_index room, enum answer answer, room_index other,
                  enum answer other_answer)
{
    if (other == NO_ROOM)
        return true;
    if (room == other)
        return answer > other_answer;
    if (descends_from(c, room, other))
        return true;
    if (descends_from(c, other, room))
        return false;
    if (answer != other_answer)
        return answer > other_answer;
    return catalog_rooms[room].number < catalog_rooms[other].number;
}

static struct said what_was_said(const struct inspection *in, bool swapped)
{
    return (struct said){.rule = in->rule,
                         .application = in->application,
                         .offset = (uint16_t)in->evidence_offset,
                         .size = (uint16_t)in->evidence_size,
                         .side = swapped ? !in->evidence_side : in->evidence_side,
                         .keeps_application = in->said_yes != 0};
}

static void consider(const struct session *s, struct best *best, room_index room,
                     enum answer answer, unsigned which, bool swapped, struct said said)
{
    if (best->room == NO_ROOM ||
        beats(s->classifier, room, answer, best->room, (enum answer)best->answer))
        *best = (struct best){room, (uint8_t)answer, swapped, (uint8_t)which, said};
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
                          .wanted = {s->in->wanted[swapped], s->in->wanted[!swapped]},
                          .is_swapped = swapped};
}

static void drop_live(struct classification *state, room_index room)
{
    struct live *live = find_live(state, room);
    if (live)
        *live = state->live[--state->live_count];
}

/* Asks a room about all that was heard, jointly. */
static enum answer ask_jointly(struct session *s, room_index room, bool swapped)
{
    enum answer answer = ask(s, room, s->which, swapped);
    if (answer == NO)
        drop_live(s->state, room);
    else if (answer != YES)
        keep_live(s, room, swapped);
    if (answer >= LIKELY)
        consider(s, &s->joint, room, answer, s->which, swapped, what_was_said(s->in, swapped));
    return answer;
}

/* Asks a room about the new side, the cheaper question; then about both. */
static void ask_room(struct session *s, room_index room)
{
    unsigned bit = 1u << s->side;
    bool swapped = false, may_swap = !s->exchange->sides_are_certain &&
                                     !s->classifier->rooms[room].protocol->is_symmetric;
    if (s->which == bit) {
        if (ask_jointly(s, room, false) == NO && may_swap)
            ask_jointly(s, room, true);
        return;
    }
    enum answer answer = ask(s, room, bit, false);
    if (answer == NO && may_swap) {
        swapped = true;
        answer = ask(s, room, bit, true);
    }
    if (answer == NO) {
        drop_live(s->state, room);
        return;
    }
    struct said said = what_was_said(s->in, swapped);
    if (ask_jointly(s, room, swapped) == NO && answer >= LIKELY)
        consider(s, &s->alone, room, answer, bit, swapped, said);
}

static void ask_children(struct session *s, room_index room)
{
    const struct room *parent = &s->classifier->rooms[room];
    for (unsigned i = 0; i < parent->child_count; i++)
        ask_room(s, parent->children[i]);
}

/* The size of the datagram under inspection before a capture cut it; 0 for streams. */
static uint32_t datagram_size(const struct session *s, enum side side, uint32_t captured)
{
    const struct datagram *d = chosen_datagram(s, side);
    return !d ? 0 : d->wire_size > captured ? d->wire_size : captured;
}

/* In the catalog's order, which begins with the most common. */
static void sort_rooms(room_index *rooms, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        room_index room = rooms[i];
        unsigned k = i;
        for (; k > 0 && rooms[k - 1] > room; k--)
            rooms[k] = rooms[k - 1];
        rooms[k] = room;
    }
}

/* Who claims the server's port, or the client's, is asked before all others. Ports never decide:
 * this spares the search where the bytes then say YES. Returns who was asked. */
static room_index ask_by_port(struct session *s, struct cursor bytes, uint32_t wire)
{
    const struct classifier *c = s->classifier;
    const struct exchange *x = s->exchange;
    room_index room = classifier_guess(c, x->transport, x->port[SERVER]);
    if (room == NO_ROOM)
        room = classifier_guess(c, x->transport, x->port[CLIENT]);
    if (room == NO_ROOM || !c->rooms[room].protocol->validate ||
        !signature_table_fits(c->table, room, x->transport, bytes.data, bytes.size, wire))
        return NO_ROOM;
    ask_room(s, room);
    return room;
}

/* Rule 1: what the new bytes propose. A YES ends the asking: no two rooms that are not kin say it
 * of the same bytes, the tests hold them to that. */
static void ask_proposed(struct session *s)
{
    struct cursor bytes;
    show_side(s, s->side, true, s->side, &bytes);
    if (bytes.size == 0)
        return;
    room_index proposed[MAX_PROPOSED];
    const struct classifier *c = s->classifier;
    uint32_t wire = datagram_size(s, s->side, bytes.size);
    if (s->exchange->transport != OVER_UDP)
        s->state->proposed_at[s->side] = (uint16_t)bytes.size;
    room_index asked = c->reversed ? NO_ROOM : ask_by_port(s, bytes, wire);
    if (s->joint.answer == YES)
        return;
    unsigned n = signature_table_propose(c->table, s->exchange->transport, bytes.data, bytes.size,
                                         wire, proposed, MAX_PROPOSED);
    sort_rooms(proposed, n);
    for (unsigned i = 0; i < n && s->joint.answer != YES; i++) {
        room_index room = proposed[c->reversed ? n - 1 - i : i];
        if (room != asked)
            ask_room(s, room);
    }
}

/* Whether the new bytes can be the beginning of text. */
static bool begins_as_text(const struct session *s)
{
    struct cursor bytes;
    show_side(s, s->side, true, s->side, &bytes);
    int first = cursor_peek(&bytes, 0);
    return first < 0 || (first >= ' ' && first <= '~') || first == '\t' || first == '\r' ||
           first == '\n';
}

static bool lists_port(const uint16_t *ports, const struct exchange *x)
{
    while (ports && *ports && *ports != x->port[CLIENT] && *ports != x->port[SERVER])
        ports++;
    return ports && *ports;
}

/* Whether what there is can be this protocol's, by its first byte and its ports; else it would say
 * NO. */
static bool may_be_unsigned(const struct session *s, const struct unsigned_room *u, bool is_text)
{
    if (u->is_text && !is_text)
        return false;
    if (!u->is_port_bound)
        return true;
    const struct cdpi_protocol *p = s->classifier->rooms[u->room].protocol;
    return lists_port(s->exchange->transport == OVER_UDP ? p->udp_ports : p->tcp_ports,
                      s->exchange);
}

/* Rule 1: those without signatures. */
static void ask_unsigned(struct session *s)
{
    const struct classifier *c = s->classifier;
    unsigned slot = transport_slot(s->exchange->transport);
    unsigned n = c->unsigned_count[slot];
    bool is_text = begins_as_text(s);
    for (unsigned i = 0; i < n; i++) {
        const struct unsigned_room *u = &c->unsigned_rooms[slot][c->reversed ? n - 1 - i : i];
        if (may_be_unsigned(s, u, is_text))
            ask_room(s, u->room);
        else
            drop_live(s->state, u->room);
    }
}

/* Rule 1: those without signatures, if that did not settle it; then the children of what fits. */
static void ask_the_rest(struct session *s)
{
    if (s->joint.room == NO_ROOM || s->joint.answer != YES)
        ask_unsigned(s);
    if (s->joint.room != NO_ROOM)
        ask_children(s, s->joint.room);
}

/* ---- the verdict ------------------------------------------------------------------------- */

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

/* The room whose validator stands behind a verdict: of one that is told by its port, the parent's.
 */
static room_index validated_by(const struct session *s, room_index room)
{
    return s->classifier->rooms[room].validated_by;
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

/* Where the side that told was not asked again, and the other only agreed, what it said stands. */
static void note_evidence(struct session *s, const struct best *best)
{
    struct classification *state = s->state;
    const struct said *said = &best->said;
    if (*said->rule || !said->keeps_application) {
        state->rule = said->rule;
        state->evidence_side = said->side;
        state->evidence_offset = said->offset;
        state->evidence_size = said->size;
        state->evidence_packet = s->packet;
    }
    if (said->application)
        state->application = classifier_number(s->classifier, said->application);
    else if (!said->keeps_application)
        state->application = 0;
}

/* Takes an answer as the verdict. Returns whether that is another one than before. */
static bool take(struct session *s, const struct best *best)
{
    struct classification *state = s->state;
    room_index before = state->room;
    bool is_enough = best->which == 3 || s->classifier->rooms[best->room].protocol->is_one_sided;
    state->room = told_apart(s, best->room);
    state->answer = (uint8_t)best->answer;
    state->heard = (uint8_t)best->which;
    state->is_swapped = best->swapped;
    state->are_sides_apart = false;
    if (best->which & 1)
        state->claim[CLIENT] = state->room;
    if (best->which & 2)
        state->claim[SERVER] = state->room;
    state->yes_size = (uint16_t)s->exchange->size[best->which == 2 ? SERVER : CLIENT];
    note_evidence(s, best);
    state->is_certain = best->answer == YES && is_enough && !child_waits(s, best->room);
    return state->room != before;
}

/* Rule 4: nothing fits both sides, but something fits the new one. The server's word is the
 * verdict; the client's only where nobody knows which is which. */
static bool take_apart(struct session *s)
{
    struct classification *state = s->state;
    if (s->alone.room == NO_ROOM)
        return false;
    state->claim[s->side] = s->alone.room;
    if (s->side == CLIENT && s->exchange->sides_are_certain)
        return false;
    room_index other = state->claim[!s->side];
    bool changed = take(s, &s->alone);
    state->claim[!s->side] = other;
    state->are_sides_apart = true;
    state->is_certain = false;
    state->heard = 3;
    return changed;
}

/* ---- new bytes --------------------------------------------------------------------------- */

static bool wants_are_met(const struct session *s, const struct live *live)
{
    const struct exchange *x = s->exchange;
    if (x->transport == OVER_UDP || x->is_final)
        return true;
    if (live->wanted[CLIENT] == 0 && live->wanted[SERVER] == 0)
        return true;
    return live->wanted[s->side] && x->size[s->side] >= live->wanted[s->side];
}

/* Asks those that wait and whose wants are met. */
static void ask_live(struct session *s)
{
    struct live waiting[MAX_LIVE];
    unsigned n = s->state->live_count;
    if (n == 0)
        return;
    memory_copy(waiting, s->state->live, n * sizeof waiting[0]);
    for (unsigned i = 0; i < n; i++) {
        const struct live *live = &waiting[s->classifier->reversed ? n - 1 - i : i];
        if (wants_are_met(s, live))
            ask_jointly(s, live->room, live->is_swapped);
    }
}

/* Nothing is known yet: the new bytes are looked at, with whatever waits. */
static bool look_afresh(struct session *s)
{
    const struct exchange *x = s->exchange;
    uint32_t reach = signature_table_reach(s->classifier->table, x->transport);
    bool is_first = s->state->proposed_at[s->side] == 0;
    ask_live(s);
    if (x->transport == OVER_UDP || s->state->proposed_at[s->side] < reach)
        ask_proposed(s);
    if (x->transport == OVER_UDP || is_first)
        ask_the_rest(s);
    else if (s->joint.room != NO_ROOM)
        ask_children(s, s->joint.room);
    if (s->joint.room != NO_ROOM)
        return take(s, &s->joint);
    return s->which == 3 && take_apart(s);
}

/* Rule 3: the other side speaks; does the verdict hold? */
static bool put_to_the_test(struct session *s)
{
    struct classification *state = s->state;
    room_index room = validated_by(s, state->room);
    enum answer answer = ask_jointly(s, room, state->is_swapped);
    if (answer != NO) {
        state->heard = 3;
        if (s->joint.room != NO_ROOM)
            ask_children(s, s->joint.room);
        return s->joint.room != NO_ROOM && take(s, &s->joint);
    }
    struct classification before = *state;
    forget_verdict(s);
    look_afresh(s);
    if (state->room != NO_ROOM)
        return state->room != before.room;
    if (s->side == SERVER)
        return true;           /* revoked */
    state->room = before.room; /* the server's word stands against the client's */
    state->heard = 3;
    state->are_sides_apart = true;
    return false;
}

/* The same side goes on while a likely verdict stands. */
static bool grow_with_verdict(struct session *s)
{
    struct classification *state = s->state;
    room_index room = validated_by(s, state->room);
    bool was_live = find_live(state, room) != NULL;
    ask_live(s);
    if (s->joint.room != NO_ROOM && !state->are_sides_apart &&
        (s->joint.room == room ||
         beats(s->classifier, s->joint.room, s->joint.answer, room, (enum answer)state->answer)))
        return take(s, &s->joint);
    if (!was_live || find_live(state, room) || state->are_sides_apart)
        return false;
    struct classification before = *state;
    forget_verdict(s); /* its own validator takes it back */
    look_afresh(s);
    if (state->room == NO_ROOM && s->side == CLIENT && s->which == 3 &&
        ask(s, room, 1u << SERVER, before.is_swapped) >= LIKELY) {
        state->room = before.room; /* the server's word stands against the client's */
        state->are_sides_apart = true;
    }
    return state->room != before.room;
}

static bool is_exhausted(const struct session *s)
{
    const struct exchange *x = s->exchange;
    if (x->transport == OVER_UDP)
        return false; /* every datagram is looked at on its own */
    if (s->state->live_count)
        return false;
    if (s->state->room != NO_ROOM)
        return true;
    uint32_t reach = signature_table_reach(s->classifier->table, x->transport);
    for (unsigned side = 0; side < 2; side++) {
        if (x->size[side] && s->state->proposed_at[side] < reach && !x->is_full[side])
            return false;
    }
    return true;
}

/* A room that is asked about everything, and has no more to say of these bytes than that they could
 * be its own. */
static bool is_vague(const struct session *s, const struct live *live)
{
    const struct classifier *c = s->classifier;
    const struct exchange *x = s->exchange;
    return c->rooms[live->room].protocol->is_unsigned &&
           !signature_table_fits(c->table, live->room, x->transport, x->head[s->side],
                                 x->size[s->side], 0);
}

/* Nothing known begins with this side's bytes; who still waits is vague, or waits for the other
 * side: no use for these. */
static bool is_idle(const struct session *s)
{
    if (s->exchange->transport != OVER_TCP || !s->exchange->is_midstream ||
        s->state->room != NO_ROOM)
        return false;
    for (unsigned i = 0; i < s->state->live_count; i++) {
        const struct live *live = &s->state->live[i];
        bool waits_for_other = live->wanted[s->side] == 0 && live->wanted[!s->side] != 0;
        if (!waits_for_other && !is_vague(s, live))
            return false;
    }
    return true;
}

static struct classify_outcome outcome(const struct session *s, bool changed)
{
    s->state->is_exhausted = is_exhausted(s);
    return (struct classify_outcome){.changed = changed,
                                     .certain = s->state->room != NO_ROOM && s->state->is_certain,
                                     .exhausted = s->state->is_exhausted,
                                     .idle = is_idle(s)};
}

void classification_init(struct classification *c)
{
    memset(c, 0, offsetof(struct classification, live)); /* live_count tells what is in there */
    c->room = c->claim[CLIENT] = c->claim[SERVER] = NO_ROOM;
    c->rule = "";
}

void classification_copy(struct classification *to, const struct classification *from)
{
    memcpy(to, from, offsetof(struct classification, live));
    memory_copy(to->live, from->live, from->live_count * sizeof *from->live);
}

struct classify_outcome classify_more(const struct classifier *classifier,
                                      struct classification *state, const struct exchange *exchange,
                                      enum side side, uint8_t packet)
{
    struct session s;
    unsigned bit = 1u << side;
    bool is_first = !(state->spoke & bit);
    bool changed;
    begin_session(&s, classifier, state, exchange, side, packet);
    state->spoke |= (uint8_t)bit;
    if (state->is_certain)
        return outcome(&s, false);
    /* UDP: the newest datagram is looked at, but one that gave a good verdict stays the other
     * side's partner. */
    bool keeps = state->room != NO_ROOM && state->answer == YES && !is_first;
    if (exchange->transport == OVER_UDP && !keeps)
        state->chosen[side] = (uint8_t)exchange->datagram_count;
    if (state->room == NO_ROOM)
        changed = look_afresh(&s);
    else if (!(state->heard & bit))
        changed = put_to_the_test(&s);
    else
        changed = grow_with_verdict(&s);
    return outcome(&s, changed);
}

/* What the server says is nothing that is known: then the client's word is the best there is. */
static bool take_clients_word(struct session *s)
{
    room_index room = validated_by(s, s->state->claim[CLIENT]);
    for (unsigned swapped = 0; swapped < 2; swapped++) {
        if (ask(s, room, 1u << CLIENT, swapped) != YES)
            continue;
        struct best best = {room, LIKELY, swapped, 1u << CLIENT, what_was_said(s->in, swapped)};
        bool changed = take(s, &best);
        s->state->are_sides_apart = true;
        s->state->heard = 3;
        return changed;
    }
    return false;
}

/* The other side was heard, and what it was waited for did not come: both are looked at anew. Where
 * that brings nothing, one side's word stands against the other. */
static bool take_back(struct session *s)
{
    struct classification *state = s->state;
    struct classification before = *state;
    forget_verdict(s);
    state->proposed_at[s->side] = 0;
    look_afresh(s);
    if (state->room == NO_ROOM) {
        state->room = before.room;
        state->are_sides_apart = true;
    }
    return state->room != before.room;
}

struct classify_outcome classify_end(const struct classifier *classifier,
                                     struct classification *state, const struct exchange *exchange,
                                     uint8_t packet)
{
    struct exchange final = *exchange;
    struct session s;
    bool changed = false;
    final.is_final = true;
    begin_session(&s, classifier, state, &final, state->spoke & 2 ? SERVER : CLIENT, packet);
    if (!state->is_certain && s.which && !state->are_sides_apart) {
        room_index room = state->room == NO_ROOM ? NO_ROOM : validated_by(&s, state->room);
        bool has_waited = room != NO_ROOM && find_live(state, room) && state->heard == 3;
        ask_live(&s);
        if (s.joint.room != NO_ROOM)
            ask_children(&s, s.joint.room);
        else if (has_waited)
            changed = take_back(&s);
        else if (room != NO_ROOM)
            ask_children(&s, room);
        if (s.joint.room != NO_ROOM &&
            (s.joint.room == room ||
             beats(classifier, s.joint.room, s.joint.answer, room, (enum answer)state->answer)))
            changed = take(&s, &s.joint);
    }
    if (state->room == NO_ROOM && s.which == 3 && state->claim[CLIENT] != NO_ROOM)
        changed = take_clients_word(&s) || changed;
    /* A child that would have waited for more waits no longer. */
    if (state->room != NO_ROOM && state->answer == YES && state->heard == 3 &&
        !state->are_sides_apart)
        state->is_certain = true;
    state->is_settled = true;
    return outcome(&s, changed);
}

/* ---- the catalog's own health ------------------------------------------------------------ */

static const char *check_room(room_index i, char *text, size_t room)
{
    const struct cdpi_protocol *p = catalog_rooms[i].protocol;
    const char *folder = catalog_rooms[i].folder;
    const char *wrong = NULL;
    if (!p->name || !*p->name)
        wrong = "has no name";
    else if (!p->reference || !*p->reference)
        wrong = "has no reference";
    else if (p->category == CATEGORY_NONE)
        wrong = "has no category";
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
    if (!wrong && catalog_find_room(p->name) != i)
        wrong = "has a name that is used twice";
    if (!wrong && catalog_rooms[i].number >= NUMBERS)
        wrong = "has a number past 2047";
    for (room_index j = 0; !wrong && j < i; j++) {
        if (catalog_rooms[j].number == catalog_rooms[i].number)
            wrong = "has a number that is used twice";
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
