/* SPDX-License-Identifier: MIT */
/* Who is asked about new bytes, and whose answer is the best. */
#include "classify/session.h"

enum { MAX_PROPOSED = 24 };

/* ---- choosing among answers -------------------------------------------------------------- */

bool room_descends_from(const struct classifier *c, room_index child, room_index ancestor)
{
    for (int depth = 0; child != NO_ROOM && depth < 8; depth++) {
        child = c->rooms[child].parent;
        if (child == ancestor)
            return true;
    }
    return false;
}

bool room_beats(const struct classifier *c, room_index room, enum answer answer, room_index other,
                enum answer other_answer)
{
    if (other == NO_ROOM)
        return true;
    if (room == other)
        return answer > other_answer;
    if (room_descends_from(c, room, other))
        return true;
    if (room_descends_from(c, other, room))
        return false;
    if (answer != other_answer)
        return answer > other_answer;
    return catalog_rooms[room].number < catalog_rooms[other].number;
}

static void consider(const struct session *s, struct reply *best, const struct reply *one)
{
    if (best->room == NO_ROOM || room_beats(s->classifier, one->room, (enum answer)one->answer,
                                            best->room, (enum answer)best->answer))
        *best = *one;
}

struct live *find_live(struct classification *state, room_index room)
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

enum answer session_ask_jointly(struct session *s, room_index room, bool swapped)
{
    enum answer answer = session_ask(s, room, s->which, swapped);
    if (answer == NO)
        drop_live(s->state, room);
    else if (answer != YES)
        keep_live(s, room, swapped);
    if (answer >= LIKELY) {
        struct reply one = session_reply(s, room, answer, s->which, swapped);
        consider(s, &s->joint, &one);
    }
    return answer;
}

/* Asks a room about the new side, the cheaper question; then about both. */
static void ask_room(struct session *s, room_index room)
{
    unsigned bit = 1u << s->side;
    bool swapped = false, may_swap = !s->exchange->sides_are_certain &&
                                     !s->classifier->rooms[room].protocol->is_symmetric;
    if (s->which == bit) {
        if (session_ask_jointly(s, room, false) == NO && may_swap)
            session_ask_jointly(s, room, true);
        return;
    }
    enum answer answer = session_ask(s, room, bit, false);
    if (answer == NO && may_swap) {
        swapped = true;
        answer = session_ask(s, room, bit, true);
    }
    if (answer == NO) {
        drop_live(s->state, room);
        return;
    }
    struct reply alone = session_reply(s, room, answer, bit, swapped);
    if (session_ask_jointly(s, room, swapped) == NO && answer >= LIKELY)
        consider(s, &s->alone, &alone);
}

static bool wants_are_met(const struct session *s, const struct live *live)
{
    const struct exchange *x = s->exchange;
    if (x->transport == OVER_UDP || x->is_final)
        return true;
    if (live->wanted[CLIENT] == 0 && live->wanted[SERVER] == 0)
        return true;
    return live->wanted[s->side] && x->size[s->side] >= live->wanted[s->side];
}

void session_ask_live(struct session *s)
{
    struct live waiting[MAX_LIVE];
    unsigned n = s->state->live_count;
    if (n == 0)
        return;
    memory_copy(waiting, s->state->live, n * sizeof waiting[0]);
    for (unsigned i = 0; i < n; i++) {
        const struct live *live = &waiting[s->classifier->reversed ? n - 1 - i : i];
        if (wants_are_met(s, live))
            session_ask_jointly(s, live->room, live->is_swapped);
    }
}

void session_ask_children(struct session *s, room_index room)
{
    const struct room *parent = &s->classifier->rooms[room];
    for (unsigned i = 0; i < parent->child_count; i++)
        ask_room(s, parent->children[i]);
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
void session_ask_proposed(struct session *s)
{
    struct cursor bytes = s->shown[s->side];
    if (bytes.size == 0)
        return;
    room_index proposed[MAX_PROPOSED];
    const struct classifier *c = s->classifier;
    uint32_t wire = s->wire;
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
    int first = cursor_peek(&s->shown[s->side], 0);
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
void session_ask_the_rest(struct session *s)
{
    if (s->joint.room == NO_ROOM || s->joint.answer != YES)
        ask_unsigned(s);
    if (s->joint.room != NO_ROOM)
        session_ask_children(s, s->joint.room);
}
