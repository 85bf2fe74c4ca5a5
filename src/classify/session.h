/* SPDX-License-Identifier: MIT */
/* One call's asking: rooms are shown the bytes and answer. Seen by this folder only. */
#ifndef CDPI_CLASSIFY_SESSION_H
#define CDPI_CLASSIFY_SESSION_H

#include "classify/classifier.h"

/* A room's answer, with its evidence. */
struct reply {
    room_index room;
    uint8_t answer;
    bool swapped;
    uint8_t which;
    uint8_t side;
    bool keeps_application; /* one side was not asked again */
    uint16_t offset, size;
    const char *rule, *application;
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
    struct cursor shown[2];     /* by side: the stream, or the datagram under inspection */
    bool is_cut[2];             /* the capture lost that datagram's tail */
    uint32_t wire;              /* the new datagram's size before; 0 for streams */
    struct reply joint;         /* the best so far of what fits all that was heard */
    struct reply alone;         /* of what fits the new side, though the other contradicts it */
    struct inspection views[2]; /* what validators see and say: as it is, and sides exchanged */
    uint8_t prepared[2];        /* bits of the sides that a view shows, and VIEW_FILLED */
    struct inspection *in;      /* the view that the last validator had */
};

/* ---- session.c: one room is asked -------------------------------------------------------- */

void session_begin(struct session *s, const struct classifier *classifier,
                   struct classification *state, const struct exchange *exchange, enum side side,
                   uint8_t packet);

/* The verdict is in doubt: everything is looked at again. */
void session_forget_verdict(struct session *s);

/* Asks a room about the sides in `which` (bits), client and server exchanged where `swapped`. */
enum answer session_ask(struct session *s, room_index room, unsigned which, bool swapped);

/* What the room that was asked last has said. */
static inline struct reply session_reply(const struct session *s, room_index room,
                                         enum answer answer, unsigned which, bool swapped)
{
    const struct inspection *in = s->in;
    return (struct reply){.room = room,
                          .answer = (uint8_t)answer,
                          .swapped = swapped,
                          .which = (uint8_t)which,
                          .side = swapped ? !in->evidence_side : in->evidence_side,
                          .keeps_application = in->said_yes != 0,
                          .offset = (uint16_t)in->evidence_offset,
                          .size = (uint16_t)in->evidence_size,
                          .rule = in->rule,
                          .application = in->application};
}

/* ---- candidates.c: who is asked, and whose answer is the best ---------------------------- */

/* Rule 2. */
bool room_beats(const struct classifier *c, room_index room, enum answer answer, room_index other,
                enum answer other_answer);
bool room_descends_from(const struct classifier *c, room_index child, room_index ancestor);

struct live *find_live(struct classification *state, room_index room);

/* Asks a room about all that was heard, jointly. */
enum answer session_ask_jointly(struct session *s, room_index room, bool swapped);

/* Asks those that wait and whose wants are met. */
void session_ask_live(struct session *s);

void session_ask_children(struct session *s, room_index room);

/* Rule 1: those whom the new bytes propose; those without signatures, where that did not settle
 * it, and the children of what fits. */
void session_ask_proposed(struct session *s);
void session_ask_the_rest(struct session *s);

#endif
