/* SPDX-License-Identifier: MIT */
/*
 * Frames go through in batches, pass by pass, so that what one pass asks for from memory is there
 * when the next one comes to it.
 */
#include "decode/fast.h"
#include "decode/tunnel.h"
#include "engine/engine.h"

static void count_undecodable(struct cdpi *engine, enum decode_result result)
{
    switch (result) {
    case DECODE_OTHER:
        engine->stats.packets_other++;
        break;
    case DECODE_MALFORMED:
        engine->stats.packets_malformed++;
        break;
    case DECODE_FRAGMENT:
        engine->stats.fragments++;
        break;
    case DECODE_UNKNOWN_LINK:
        engine->stats.packets_unknown_link++;
        break;
    case DECODE_FLOW:
        break;
    }
}

/* Where the packet's flow is to be looked for. */
static inline void aim(struct cdpi *engine, struct incoming *a, bool is_v6)
{
    a->found.segment = table_aim(&engine->tables[is_v6], a->packet.hash, &a->found.home);
}

/* What a tunnel carries, and the tunnel in that, behind it in the batch. */
__attribute__((noinline)) static struct incoming *decode_tunnels(struct cdpi *engine,
                                                                 struct incoming *a)
{
    for (int depth = 0; depth < MAX_DEPTH && packet_may_be_tunnel(&a[-1].packet); depth++, a++) {
        if (decode_inner(&engine->decoder, &a[-1].packet, &a->packet) != DECODE_FLOW)
            break;
        aim(engine, a, a->packet.key.is_v6);
    }
    return a;
}

/* A packet that was decoded, and its tunnels. Returns the place for the next. */
static struct incoming *add_slowly(struct cdpi *engine, struct incoming *a)
{
    aim(engine, a, a->packet.key.is_v6);
    return engine->decapsulates ? decode_tunnels(engine, a + 1) : a + 1;
}

/* A datagram whose fragments were given up, with what came of it. */
static struct incoming *decode_late(struct cdpi *engine, uint64_t time, struct incoming *a)
{
    struct whole whole;
    if (!fragments_take_late(&engine->fragments, &whole))
        return a;
    a->packet.time = time;
    return decode_whole(&engine->decoder, &whole, &a->packet) == DECODE_FLOW ? add_slowly(engine, a)
                                                                             : a;
}

/* The general way for one frame. Returns the place for the next packet. */
__attribute__((noinline)) static struct incoming *
decode_slowly(struct cdpi *engine, const struct cdpi_frame *f, struct incoming *a)
{
    const struct incoming *first = a;
    a->packet.time = f->time / 1000;
    enum decode_result result = decode_frame_slowly(&engine->decoder, f->data, f->captured,
                                                    f->length, f->link_type, &a->packet);
    if (result == DECODE_FLOW)
        a = add_slowly(engine, a);
    else
        count_undecodable(engine, result);
    if (engine->fragments.late == FRAGMENTS_NONE)
        return a;
    engine->only_late = a == first;
    return decode_late(engine, f->time / 1000, a);
}

/* First pass: frames become packets (and what their tunnels carry), their flows' lines are asked
 * for. Returns how many packets. */
static uint32_t decode_batch(struct cdpi *engine, const struct cdpi_frame *frames, size_t count)
{
    struct incoming *a = engine->batch;
    if (engine->fragments.done_count)
        fragments_release(&engine->fragments);
    for (const struct cdpi_frame *f = frames; f < frames + count; f++) {
        struct packet *p = &a->packet;
        engine->stats.bytes += f->length;
        p->time = f->time / 1000;
        switch (decode_fast(&engine->decoder, f->data, f->captured, f->length, f->link_type, p)) {
        case FAST_IPV4:
            aim(engine, a, false);
            break;
        case FAST_IPV6:
            aim(engine, a, true);
            break;
        default:
            a = decode_slowly(engine, f, a);
            continue;
        }
        a++;
        if (p->key.ip_protocol != IP_TCP && packet_may_be_tunnel(p) && engine->decapsulates)
            a = decode_tunnels(engine, a);
    }
    engine->stats.packets += count;
    return (uint32_t)(a - engine->batch);
}

/* Whether the packet's bytes will be put into the flow's head: seldom, and so one branch. Whether a
 * packet has payload is what nobody can foresee. */
static inline bool needs_head(const struct packet *p, const struct hot *hot)
{
    const uint16_t undecided = FLOW_PARTIAL << FLOW_STATE_SHIFT; /* and those below; no note */
    return (p->payload_wire != 0) & ((hot->bits & (FLOW_STATE_BITS | FLOW_HAS_NOTE)) <= undecided) &
           (hot->head != NO_HEAD);
}

static inline void set_place(struct found *found, uint32_t slot, bool is_v6)
{
    found->hot = slot_hot(found->segment, slot, is_v6);
    found->cold = &found->segment->cold[slot];
}

static inline void glance(struct incoming *a, bool is_v6)
{
    struct found *found = &a->found;
    const struct segment *s = found->segment;
    uint32_t slot = segment_glance(s, a->packet.hash, found->home, &found->is_vacant);
    found->changes = s->changes;
    if (slot == NO_SLOT) {
        found->is_vacant = TOO_FAR;
        return;
    }
    set_place(found, slot, is_v6);
    __builtin_prefetch(found->hot, 1);
    __builtin_prefetch(found->cold, 1);
}

/* Second pass: by their tags, where the flows are or where new ones will stand; the lines of their
 * records are asked for. */
static void glance_batch(struct cdpi *engine, uint32_t n)
{
    for (struct incoming *a = engine->batch; a < engine->batch + n; a++) {
        if (a->packet.key.is_v6)
            glance(a, true);
        else
            glance(a, false);
    }
}

/* What the tags could not tell. */
static void find_slowly(struct found *found, const struct packet *p)
{
    uint32_t vacant = NO_SLOT;
    uint32_t slot = p->key.is_v6 ? segment_find(found->segment, &p->key, p->hash, true, &vacant)
                                 : segment_find(found->segment, &p->key, p->hash, false, &vacant);
    set_place(found, slot == NO_SLOT ? vacant : slot, p->key.is_v6);
    if (slot == NO_SLOT)
        found->hot = NULL;
}

/* Compares the record with the key. Returns whether there is such a flow. */
static inline bool look_up(struct found *found, const struct packet *p)
{
    if (!found->is_vacant) {
        if (p->key.is_v6 ? hot_matches(found->hot, &p->key, true)
                         : hot_matches(found->hot, &p->key, false))
            return true;
    } else if (found->is_vacant != TOO_FAR) {
        found->hot = NULL;
        return false;
    }
    find_slowly(found, p);
    return found->hot;
}

/* Third pass: the records are compared; the lines of the heads are asked for. */
static void look_up_batch(struct cdpi *engine, uint32_t n)
{
    const struct head *heads[BATCH];
    unsigned head_count = 0;
    glance_batch(engine, n);
    for (struct incoming *a = engine->batch; a < engine->batch + n; a++) {
        if (look_up(&a->found, &a->packet) && needs_head(&a->packet, a->found.hot) &&
            head_count < BATCH) {
            heads[head_count] = head_at(&engine->heads, a->found.hot->head);
            head_prefetch(&engine->heads, heads[head_count++]);
        }
    }
    /* A head's bytes lie behind a pointer in it. */
    for (unsigned i = 0; i < head_count; i++)
        head_prefetch_bytes(heads[i]);
}

/* The way of nearly all packets: of a flow that is settled, or without payload. A look-up and its
 * counters. */
static inline bool only_counts(struct cdpi *engine, const struct packet *p,
                               const struct found *found)
{
    struct hot *hot = found->hot;
    unsigned is_old = !is_fresh(engine, hot);
    unsigned opens_or_ends = p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST);
    unsigned is_wanted = (unsigned)wants_payload(hot) & (p->payload_wire != 0);
    if (is_old | opens_or_ends | is_wanted) /* numbers: one branch */
        return false;
    cold_count(found->cold, p->direction, p->frame_length, engine->now);
    hot->last = engine->now_ms;
    hot->bits &= (uint16_t)~FLOW_ONE_PACKET;
    if (engine_wants_bare(engine, hot) && !p->payload_wire)
        engine_keep_bare(engine, hot, p, false);
    return true;
}

/* `moves`: as many as there were when it was found. */
static inline bool still_holds(const struct cdpi *engine, const struct found *found, uint32_t moves)
{
    if (found->hot && engine->moves == moves)
        return true;
    return found->changes == found->segment->changes;
}

/* The last pass goes packet by packet: what a batch comes to does not depend on its size. Returns
 * whether the first packet's flow is new. */
static bool process_batch(struct cdpi *engine, uint32_t n)
{
    const uint32_t moves = engine->moves;
    bool first_is_new = false;
    engine->stats.packets_in_flows += n;
    for (const struct incoming *a = engine->batch; a < engine->batch + n; a++) {
        const struct packet *p = &a->packet;
        const struct found *found = &a->found;
        engine_advance_clock(engine, p->time);
        bool holds = still_holds(engine, found, moves);
        if (found->hot && holds && only_counts(engine, p, found))
            continue;
        bool is_new = engine_process(engine, p, holds ? found : NULL);
        if (a == engine->batch)
            first_is_new = is_new;
    }
    return first_is_new;
}

/* Datagrams whose fragments did not all come, when there will be no more. */
static void drain_fragments(struct cdpi *engine)
{
    do {
        fragments_release(&engine->fragments);
        uint32_t n = (uint32_t)(decode_late(engine, engine->now, engine->batch) - engine->batch);
        look_up_batch(engine, n);
        process_batch(engine, n);
    } while (engine->fragments.late != FRAGMENTS_NONE || fragments_expire_one(&engine->fragments));
    fragments_release(&engine->fragments);
}

void engine_flush(struct cdpi *engine)
{
    drain_fragments(engine);
    engine_end_all(engine, CDPI_ENDED_FLUSHED);
}

enum cdpi_status cdpi_feed(struct cdpi *engine, const struct cdpi_frame *frames, size_t count)
{
    if (!engine || (!frames && count))
        return CDPI_BAD_ARGUMENT;
    if (engine->in_callback)
        return CDPI_BUSY;
    for (size_t at = 0; at < count; at += BATCH) {
        size_t some = count - at < BATCH ? count - at : BATCH;
        engine_sweep(engine);
        uint32_t n = decode_batch(engine, frames + at, some);
        look_up_batch(engine, n);
        process_batch(engine, n);
    }
    return CDPI_OK;
}

enum cdpi_status cdpi_packet_flow(struct cdpi *engine, const struct cdpi_frame *frame,
                                  struct cdpi_flow **flow, bool *is_new)
{
    if (!engine || !frame || !flow)
        return CDPI_BAD_ARGUMENT;
    *flow = NULL;
    if (engine->in_callback)
        return CDPI_BUSY;
    engine_sweep(engine);
    engine->only_late = false;
    uint32_t n = decode_batch(engine, frame, 1);
    look_up_batch(engine, n);
    bool fresh = process_batch(engine, n);
    if (n == 0 || engine->only_late)
        return CDPI_NOT_A_FLOW;
    const struct packet *outer = &engine->batch[0].packet;
    struct table *table = &engine->tables[outer->key.is_v6];
    engine->caller_flow.engine = engine;
    uint32_t slot = table_find(table, &outer->key, outer->hash);
    engine->caller_flow.place = place_at(table, hash_segment(outer->hash), slot);
    *flow = &engine->caller_flow;
    if (is_new)
        *is_new = fresh;
    return CDPI_OK;
}

enum cdpi_status cdpi_flush(struct cdpi *engine)
{
    if (!engine)
        return CDPI_BAD_ARGUMENT;
    if (engine->in_callback)
        return CDPI_BUSY;
    engine_flush(engine);
    return CDPI_OK;
}
