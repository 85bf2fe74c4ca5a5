/* SPDX-License-Identifier: MIT */
/*
 * The inspection of a flow: payload is put in order in its head, the classifiers look at it, and
 * the budget ends it.
 *
 * TCP's budget is bytes: a side is finished when its 4 KiB are full, or when nothing that is known
 * could still match it and either the other side has spoken too or 4 KiB of it have passed by.
 * UDP's is eight datagrams. Both end 30 s of packet time after the first payload, or with the flow.
 *
 * inspection.c has a payload packet's way, arrival.c its bytes' way into the head, conclusion.c
 * what becomes of an answer and the end. This is what they share.
 */
#ifndef CDPI_ENGINE_INSPECTION_H
#define CDPI_ENGINE_INSPECTION_H

#include "engine/engine.h"

/* ---- what a classifier is shown ---------------------------------------------------------- */

static inline uint8_t transport_bit(uint8_t ip_protocol)
{
    return ip_protocol == IP_TCP ? OVER_TCP : ip_protocol == IP_UDP ? OVER_UDP : OVER_SCTP;
}

/* What of a classifier's view of a flow does not hang on its bytes. */
static inline void begin_view(struct exchange *x, const struct hot *hot)
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

static inline void view_head(struct exchange *x, const struct hot *hot, const struct head *head)
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
static inline void view_lying(struct exchange *x, enum side side, const struct packet *p)
{
    x->head[side] = p->payload;
    x->size[side] = p->payload_size < HEAD_LIMIT ? p->payload_size : HEAD_LIMIT;
    x->is_full[side] = x->size[side] == HEAD_LIMIT;
}

/* ---- conclusion.c ------------------------------------------------------------------------ */

/* Stores what the classifiers say now and tells whoever listens. */
void engine_take_verdict(struct cdpi *engine, const struct flow_place *place,
                         const struct classification *c, bool changed);
/* Own is certain, and that is the end of it. */
void engine_settle_by_own(struct cdpi *engine, const struct flow_place *place);
/* Own is certain: with ask_all the others are asked too. */
void engine_decided(struct cdpi *engine, const struct flow_place *place, struct head *head);
/* Own's budget is spent. Modules may want more packets than own did; but with ask_all, what is
 * followed after its verdict is not kept waiting. */
void engine_end_own(struct cdpi *engine, const struct flow_place *place, struct head *head);
/* What own says at the end of what is shown: whether it has a name. */
bool engine_own_verdict(struct cdpi *engine, const struct flow_place *place,
                        const struct exchange *x, struct classification *c, uint8_t packet);
/* Own verdict first where own leads; what else there is in the modules' order. */
void engine_finish(struct cdpi *engine, const struct flow_place *place, struct head *head,
                   bool known);

/* ---- arrival.c --------------------------------------------------------------------------- */

/* A payload's place in its side: what of it is not behind the side's beginning. */
struct arrival {
    uint32_t offset;
    const uint8_t *bytes;
    uint32_t size;
};

/* A head for the flow; older flows are judged early where there is no room. NULL when even that
 * does not help. */
struct head *engine_take_head(struct cdpi *engine, const struct flow_place *place, uint64_t hash);
/* As head_put, judging older flows where blocks run out. */
bool engine_put(struct cdpi *engine, struct head *head, unsigned direction, uint32_t offset,
                const uint8_t *bytes, uint32_t size);
/* Where a TCP side's stream begins. */
void engine_anchor(const struct hot *hot, const struct cold *cold, const struct packet *p,
                   struct head_side *side);
/* A TCP segment goes where its sequence number says; SCTP messages and UDP datagrams stand one
 * after the other. */
struct arrival engine_arrive(struct cdpi *engine, const struct flow_place *place, struct head *head,
                             const struct packet *p);
void engine_store_arrival(struct cdpi *engine, struct head *head, const struct packet *p,
                          const struct arrival *a);
/* The sequence number of a segment's first byte. */
uint32_t packet_first_sequence(const struct packet *p);

/* A stream picked up in its middle, and nothing known begins with what came first: the next segment
 * may be the beginning of a message. */
void engine_forget_side(struct head *head, enum side side, unsigned direction);
bool head_may_begin_later(const struct packet *p, struct head *head);
void engine_try_later(const struct flow_place *place, const struct packet *p, struct head *head);

bool head_budget_is_spent(const struct head *head, bool is_udp, bool exhausted);

#endif
