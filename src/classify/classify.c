/* SPDX-License-Identifier: MIT */
/* The rules by which answers become a verdict; see classify.h. */
#include "classify/session.h"

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

/* The room whose validator stands behind a verdict: of one that is told by its port, the
 * parent's. */
static room_index validated_by(const struct session *s, room_index room)
{
    return s->classifier->rooms[room].validated_by;
}

/* Whether a child of the verdict still waits for bytes that could make it the better name. */
static bool child_waits(const struct session *s, room_index room)
{
    for (unsigned i = 0; i < s->state->live_count; i++) {
        if (room_descends_from(s->classifier, s->state->live[i].room, room))
            return true;
    }
    return false;
}

/* Where the side that told was not asked again, and the other only agreed, what it said stands. */
static void note_evidence(struct session *s, const struct reply *best)
{
    struct classification *state = s->state;
    if (*best->rule || !best->keeps_application) {
        state->rule = best->rule;
        state->evidence_side = best->side;
        state->evidence_offset = best->offset;
        state->evidence_size = best->size;
        state->evidence_packet = s->packet;
    }
    if (best->application)
        state->application = classifier_number(s->classifier, best->application);
    else if (!best->keeps_application)
        state->application = 0;
}

/* Takes an answer as the verdict. Returns whether that is another one than before. */
static bool take(struct session *s, const struct reply *best)
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

/* Nothing is known yet: the new bytes are looked at, with whatever waits. */
static bool look_afresh(struct session *s)
{
    const struct exchange *x = s->exchange;
    uint32_t reach = signature_table_reach(s->classifier->table, x->transport);
    bool is_first = s->state->proposed_at[s->side] == 0;
    session_ask_live(s);
    if (x->transport == OVER_UDP || s->state->proposed_at[s->side] < reach)
        session_ask_proposed(s);
    if (x->transport == OVER_UDP || is_first)
        session_ask_the_rest(s);
    else if (s->joint.room != NO_ROOM)
        session_ask_children(s, s->joint.room);
    if (s->joint.room != NO_ROOM)
        return take(s, &s->joint);
    return s->which == 3 && take_apart(s);
}

/* Rule 3: the other side speaks; does the verdict hold? */
static bool put_to_the_test(struct session *s)
{
    struct classification *state = s->state;
    room_index room = validated_by(s, state->room);
    enum answer answer = session_ask_jointly(s, room, state->is_swapped);
    if (answer != NO) {
        state->heard = 3;
        if (s->joint.room != NO_ROOM)
            session_ask_children(s, s->joint.room);
        return s->joint.room != NO_ROOM && take(s, &s->joint);
    }
    struct classification before = *state;
    session_forget_verdict(s);
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
    session_ask_live(s);
    if (s->joint.room != NO_ROOM && !state->are_sides_apart &&
        (s->joint.room == room || room_beats(s->classifier, s->joint.room, s->joint.answer, room,
                                             (enum answer)state->answer)))
        return take(s, &s->joint);
    if (!was_live || find_live(state, room) || state->are_sides_apart)
        return false;
    struct classification before = *state;
    session_forget_verdict(s); /* its own validator takes it back */
    look_afresh(s);
    if (state->room == NO_ROOM && s->side == CLIENT && s->which == 3 &&
        session_ask(s, room, 1u << SERVER, before.is_swapped) >= LIKELY) {
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
    /* UDP: the newest datagram is looked at, but one that gave a good verdict stays the other
     * side's partner. */
    bool keeps = state->is_certain || (state->room != NO_ROOM && state->answer == YES && !is_first);
    if (exchange->transport == OVER_UDP && !keeps)
        state->chosen[side] = (uint8_t)exchange->datagram_count;
    state->spoke |= (uint8_t)bit;
    session_begin(&s, classifier, state, exchange, side, packet);
    if (state->is_certain)
        return outcome(&s, false);
    if (state->room == NO_ROOM)
        changed = look_afresh(&s);
    else if (!(state->heard & bit))
        changed = put_to_the_test(&s);
    else
        changed = grow_with_verdict(&s);
    return outcome(&s, changed);
}

/* A room's YES of the client alone, where the server's bytes say nothing. */
static bool take_clients_word(struct session *s, room_index room)
{
    for (unsigned swapped = 0; swapped < 2; swapped++) {
        if (session_ask(s, room, 1u << CLIENT, swapped) != YES)
            continue;
        struct reply best = session_reply(s, room, LIKELY, 1u << CLIENT, swapped);
        bool changed = take(s, &best);
        s->state->are_sides_apart = true;
        s->state->heard = 3;
        return changed;
    }
    return false;
}

/* What the server says is nothing that is known, or its first line is lost in part: then the word
 * of the client is the best there is. Who has waited for the server in vain is asked for it. */
static bool take_any_clients_word(struct session *s, const struct live *waited, unsigned count)
{
    room_index claimed = s->state->claim[CLIENT];
    if (claimed != NO_ROOM)
        return take_clients_word(s, validated_by(s, claimed));
    for (unsigned i = 0; i < count; i++) {
        if (waited[i].wanted[SERVER] && take_clients_word(s, waited[i].room))
            return true;
    }
    return false;
}

/* The other side was heard, and what it was waited for did not come: both are looked at anew. Where
 * that brings nothing, one side's word stands against the other. */
static bool take_back(struct session *s)
{
    struct classification *state = s->state;
    struct classification before = *state;
    session_forget_verdict(s);
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
    struct live waited[MAX_LIVE];
    unsigned waited_count = state->live_count;
    memory_copy(waited, state->live, waited_count * sizeof waited[0]);
    final.is_final = true;
    session_begin(&s, classifier, state, &final, state->spoke & 2 ? SERVER : CLIENT, packet);
    if (!state->is_certain && s.which && !state->are_sides_apart) {
        room_index room = state->room == NO_ROOM ? NO_ROOM : validated_by(&s, state->room);
        bool has_waited = room != NO_ROOM && find_live(state, room) && state->heard == 3;
        session_ask_live(&s);
        if (s.joint.room != NO_ROOM)
            session_ask_children(&s, s.joint.room);
        else if (has_waited)
            changed = take_back(&s);
        else if (room != NO_ROOM)
            session_ask_children(&s, room);
        if (s.joint.room != NO_ROOM &&
            (s.joint.room == room || room_beats(classifier, s.joint.room, s.joint.answer, room,
                                                (enum answer)state->answer)))
            changed = take(&s, &s.joint);
    }
    if (state->room == NO_ROOM && s.which == 3)
        changed = take_any_clients_word(&s, waited, waited_count) || changed;
    /* A child that would have waited for more waits no longer. */
    if (state->room != NO_ROOM && state->answer == YES && state->heard == 3 &&
        !state->are_sides_apart)
        state->is_certain = true;
    state->is_settled = true;
    return outcome(&s, changed);
}
