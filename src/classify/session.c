/* SPDX-License-Identifier: MIT */
/* What a room is shown, and its answer. */
#include "classify/session.h"

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

void session_forget_verdict(struct session *s)
{
    s->state->room = s->known_room = NO_ROOM;
    s->state->is_certain = false;
}

/* The datagram of a side under inspection; NULL where there is none. */
static const struct datagram *chosen_datagram(const struct session *s, enum side side)
{
    uint8_t chosen = s->state->chosen[side];
    return chosen == 0 || chosen > s->exchange->datagram_count
               ? NULL
               : &s->exchange->datagrams[chosen - 1];
}

static void choose_datagrams(struct session *s)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct datagram *d = chosen_datagram(s, (enum side)side);
        s->shown[side].data += d ? d->offset : 0;
        s->shown[side].size = d ? d->size : 0;
        s->is_cut[side] = d && d->cut;
        if (d && side == s->side)
            s->wire = d->wire_size > d->size ? d->wire_size : d->size;
    }
}

void session_begin(struct session *s, const struct classifier *classifier,
                   struct classification *state, const struct exchange *exchange, enum side side,
                   uint8_t packet)
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
    s->shown[CLIENT] = cursor_over(exchange->head[CLIENT], exchange->size[CLIENT]);
    s->shown[SERVER] = cursor_over(exchange->head[SERVER], exchange->size[SERVER]);
    s->is_cut[CLIENT] = s->is_cut[SERVER] = false;
    s->wire = 0;
    if (exchange->transport == OVER_UDP)
        choose_datagrams(s);
    note_what_is_known(s);
}

/* A side in a view; empty where it is not shown. */
static struct cursor show_side(const struct session *s, enum side side, bool is_shown,
                               enum side shown_as)
{
    struct cursor c = s->shown[side];
    c.side = (uint8_t)shown_as;
    if (!is_shown)
        c.size = 0;
    return c;
}

/* Fills a view with the sides in `which` (bits), client and server exchanged where `swapped`. */
static void fill_view(const struct session *s, struct inspection *in, unsigned which, bool swapped)
{
    const struct exchange *x = s->exchange;
    enum side c = swapped ? SERVER : CLIENT, v = swapped ? CLIENT : SERVER;
    in->client = show_side(s, c, which >> c & 1, CLIENT);
    in->server = show_side(s, v, which >> v & 1, SERVER);
    in->client_is_cut = in->client.size && s->is_cut[c];
    in->server_is_cut = in->server.size && s->is_cut[v];
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

enum answer session_ask(struct session *s, room_index room, unsigned which, bool swapped)
{
    const struct cdpi_protocol *p = s->classifier->rooms[room].protocol;
    if (!p->validate)
        return NO;
    prepare(s, room, which, swapped);
    enum answer answer = p->validate(s->in);
    return answer == MORE && s->exchange->is_final ? NO : answer;
}
