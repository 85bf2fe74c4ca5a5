/* SPDX-License-Identifier: MIT */
/* Opening, feeding, asking and closing an engine. */
#define _GNU_SOURCE
#include "engine/engine.h"

#include "decode/fast.h"
#include "decode/tunnel.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>

void engine_fail(struct cdpi_error *error, const char *format, ...)
{
    va_list arguments;
    if (!error)
        return;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
}

/* ---- opening ----------------------------------------------------------------------------- */

/* A caller's struct may be older and shorter, or newer and longer. */
static bool read_options(const struct cdpi_options *from, struct cdpi_options *options,
                         struct cdpi_error *error)
{
    *options = (struct cdpi_options){.struct_size = sizeof *options};
    if (!from)
        return true;
    if (from->struct_size < sizeof from->struct_size) {
        engine_fail(error, "options.struct_size is not set");
        return false;
    }
    memcpy(options, from,
           from->struct_size < sizeof *options ? from->struct_size : sizeof *options);
    if (options->memory_budget == 0)
        options->memory_budget = DEFAULT_BUDGET;
    if (options->memory_budget < LEAST_BUDGET) {
        engine_fail(error, "options.memory_budget is %llu: at least %u bytes are needed",
                    (unsigned long long)options->memory_budget, LEAST_BUDGET);
        return false;
    }
    if (options->allocator && (!options->allocator->alloc || !options->allocator->release)) {
        engine_fail(error, "options.allocator lacks alloc or release");
        return false;
    }
    return true;
}

static uint64_t whole_milliseconds(double seconds)
{
    return seconds >= 2e6 ? 2000000000u : (uint64_t)(seconds * 1000);
}

static void set_timeouts(struct cdpi *engine, const struct cdpi_options *options)
{
    double idle = options->idle_timeout == 0 ? DEFAULT_IDLE_SECONDS : options->idle_timeout;
    engine->idle_never = idle < 0;
    engine->idle_ms = engine->idle_never ? 0 : (uint32_t)whole_milliseconds(idle);
    engine->fresh_ms = LINGER_MS + 1;
    if (!engine->idle_never && engine->idle_ms < LINGER_MS)
        engine->fresh_ms = engine->idle_ms + 1;
    if (options->active_timeout > 0) {
        engine->active_us = whole_milliseconds(options->active_timeout) * 1000;
        engine->fresh_ms = 0;
    }
    /* Every segment is swept once in an idle timeout. */
    uint64_t round_us = engine->idle_never ? LINGER_MS * 20000ull : engine->idle_ms * 1000ull;
    engine->sweep_step = round_us / SEGMENTS + 1;
}

static bool set_hash_key(struct cdpi *engine, const struct cdpi_options *options)
{
    memcpy(engine->decoder.hash_key, options->hash_key, sizeof engine->decoder.hash_key);
    if (options->hash_key[0] || options->hash_key[1])
        return true;
    return getrandom(engine->decoder.hash_key, sizeof engine->decoder.hash_key, 0) ==
           (ssize_t)sizeof engine->decoder.hash_key;
}

static bool build(struct cdpi *engine, const struct cdpi_options *options)
{
    struct memory *memory = &engine->memory;
    const uint64_t *key = engine->decoder.hash_key;
    uint64_t heads = memory->budget / 4;
    engine->classifier = classifier_build(memory, options->reverse_candidates);
    if (!engine->classifier ||
        !head_pool_init(&engine->heads, memory, heads, sizeof(struct classification)))
        return false;
    engine->decoder.tunnels = &engine->tunnels;
    if (!tunnel_table_init(&engine->tunnels, memory, memory->budget / 32))
        return false;
    engine->decoder.fragments = &engine->fragments;
    fragments_init(&engine->fragments, memory, memory->budget / 64, key);
    note_pool_init(&engine->notes, memory, memory->budget / 64);
    expected_init(&engine->expected, memory, key);
    uint64_t rest = memory->budget - heads - (memory->used < memory->budget / 2 ? memory->used : 0);
    arena_init(&engine->table_arena, memory, rest);
    for (unsigned i = 0; i < 2; i++) {
        struct table *table = &engine->tables[i];
        if (!table_init(table, &engine->table_arena, i == 1, key, &engine->moves,
                        i == 0 ? options->initial_flows : 0))
            return false;
    }
    return true;
}

static void free_engine(struct cdpi *engine)
{
    struct memory memory = engine->memory;
    engine_close_modules(engine);
    answers_free(engine);
    packet_pool_free(&engine->kept);
    early_free(&engine->early, &engine->memory);
    table_free(&engine->tables[0]);
    table_free(&engine->tables[1]);
    arena_free(&engine->table_arena);
    head_pool_free(&engine->heads);
    note_pool_free(&engine->notes);
    fragments_free(&engine->fragments);
    tunnel_table_free(&engine->tunnels);
    expected_free(&engine->expected);
    classifier_free(engine->classifier, &engine->memory);
    if (engine->names)
        memory_put(&engine->memory, engine->names, MAX_NAMES * sizeof *engine->names);
    if (engine->module_rules)
        memory_put(&engine->memory, engine->module_rules, MAX_RULES * sizeof *engine->module_rules);
    if (engine->module_state)
        memory_put(&engine->memory, engine->module_state, engine->module_state_size);
    memory_put(&memory, engine, sizeof *engine);
}

enum cdpi_status cdpi_open(const struct cdpi_options *given, struct cdpi **out,
                           struct cdpi_error *error)
{
    struct cdpi_options options;
    char wrong[200];
    if (!out)
        return CDPI_BAD_ARGUMENT;
    *out = NULL;
    if (!read_options(given, &options, error))
        return CDPI_BAD_ARGUMENT;
    if (classifier_check(wrong, sizeof wrong)) {
        engine_fail(error, "%s", wrong);
        return CDPI_BROKEN;
    }
    struct memory memory = {.budget = options.memory_budget};
    memory_use_system(&memory);
    if (options.allocator) {
        memory.alloc = options.allocator->alloc;
        memory.release = options.allocator->release;
        memory.context = options.allocator->context;
    }
    struct cdpi *engine = memory_get(&memory, sizeof *engine, 64);
    if (!engine) {
        engine_fail(error, "no memory for an engine of %zu bytes", sizeof *engine);
        return CDPI_NO_MEMORY;
    }
    engine->memory = memory;
    engine->on_event = options.on_event;
    engine->on_event_context = options.on_event_context;
    if (options.on_event)
        engine->events = options.events ? options.events : UINT32_MAX;
    engine->decoder.vlan_strict = options.vlan_strict;
    engine->decapsulates = !options.no_decap;
    engine_learn_carriers(engine);
    engine->ask_all = options.ask_all;
    engine->stats.memory_budget = memory.budget;
    set_timeouts(engine, &options);
    enum cdpi_status status = CDPI_OK;
    if (!set_hash_key(engine, &options) || !build(engine, &options)) {
        engine_fail(error, "no memory for the tables within a budget of %llu bytes",
                    (unsigned long long)memory.budget);
        status = CDPI_NO_MEMORY;
    }
    if (status == CDPI_OK)
        status = engine_open_modules(engine, &options, error);
    if (status != CDPI_OK) {
        free_engine(engine);
        return status;
    }
    *out = engine;
    return CDPI_OK;
}

static void end_all(struct cdpi *engine);

enum cdpi_status cdpi_close(struct cdpi *engine)
{
    if (!engine)
        return CDPI_OK;
    if (engine->in_callback)
        return CDPI_BUSY;
    end_all(engine);
    free_engine(engine);
    return CDPI_OK;
}

/* ---- feeding ----------------------------------------------------------------------------- */

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

static void end_all(struct cdpi *engine)
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
    end_all(engine);
    return CDPI_OK;
}

/* ---- asking ------------------------------------------------------------------------------ */

struct cdpi_verdict cdpi_classify(struct cdpi *engine, const struct cdpi_flow *flow)
{
    return engine_verdict(engine, &flow->place);
}

struct cdpi_verdict cdpi_conclude(struct cdpi *engine, struct cdpi_flow *flow)
{
    struct hot *hot = place_hot(&flow->place);
    if (!engine->in_callback && hot->bits & FLOW_PAYLOAD)
        engine_conclude(engine, &flow->place);
    return engine_verdict(engine, &flow->place);
}

static uint32_t head_size(size_t bytes)
{
    return bytes < HEAD_SIZE ? (uint32_t)bytes : HEAD_SIZE;
}

enum cdpi_status cdpi_inspect(struct cdpi *engine, uint8_t ip_protocol, uint16_t client_port,
                              uint16_t server_port, const void *client_bytes, size_t client_size,
                              const void *server_bytes, size_t server_size,
                              struct cdpi_verdict *verdict)
{
    if (!engine || !verdict || (!client_bytes && client_size) || (!server_bytes && server_size))
        return CDPI_BAD_ARGUMENT;
    *verdict = (struct cdpi_verdict){.source = "", .evidence.rule = ""};
    verdict->guess = engine_guess(engine, ip_protocol, client_port, server_port);
    const struct catalog_ip_protocol *named = catalog_find_ip_protocol(ip_protocol);
    if (ip_protocol != IP_TCP && ip_protocol != IP_UDP && ip_protocol != IP_SCTP) {
        verdict->state = named ? CDPI_FINAL : CDPI_GAVE_UP;
        verdict->protocol = named ? named->number : 0;
        verdict->confidence = named ? CDPI_CERTAIN : CDPI_NO_CONFIDENCE;
        return CDPI_OK;
    }
    const void *bytes[2] = {client_bytes, server_bytes};
    uint32_t size[2] = {head_size(client_size), head_size(server_size)};
    struct datagram datagrams[2];
    struct classification c;
    struct exchange x = {
        .head = {(const uint8_t *)"", (const uint8_t *)""},
        .port = {client_port, server_port},
        .transport = ip_protocol == IP_TCP   ? OVER_TCP
                     : ip_protocol == IP_UDP ? OVER_UDP
                                             : OVER_SCTP,
        .first_speaker = size[0] ? CLIENT : SERVER,
        .sides_are_certain = true,
        .datagrams = datagrams,
    };
    classification_init(&c);
    for (unsigned side = 0; side < 2; side++) {
        if (!size[side])
            continue;
        datagrams[x.datagram_count++] = (struct datagram){
            .side = (uint8_t)side, .wire_size = (uint16_t)size[side], .size = (uint16_t)size[side]};
        x.head[side] = bytes[side];
        x.size[side] = size[side];
        x.is_full[side] = size[side] == HEAD_SIZE;
        classify_more(engine->classifier, &c, &x, (enum side)side, (uint8_t)(side + 1));
    }
    cdpi_protocol_id guess = verdict->guess;
    classification_to_verdict(engine, &c, verdict);
    verdict->guess = guess;
    return CDPI_OK;
}

/* ---- flows as callers see them ----------------------------------------------------------- */

static uint64_t mix(uint64_t a, uint64_t b)
{
    return hash_fold(a ^ 0xA0761D6478BD642Fu, b ^ 0xE7037ED1A0B428DBu);
}

static uint64_t key_mark(const struct flow_key *key)
{
    static const uint64_t no_secret[2] = {0x8EBC6AF09C88C6E3u, 0x589965CC75374CC3u};
    uint64_t rest = hash_rest(key->domain, key->port[0], key->port[1], key->ip_protocol);
    uint64_t mixed = key->is_v6 ? hash_v6(key->address.v6[0], key->address.v6[1], no_secret)
                                : (uint64_t)key->address.v4[0] << 32 | key->address.v4[1];
    return hash_finish(mixed, rest, no_secret);
}

/* Of the key and the start, with no secret in it: the same on every run. */
uint64_t cdpi_flow_id(const struct cdpi_flow *flow)
{
    const struct flow_place *p = &flow->place;
    struct flow_key key = table_key(p->table, p->segment, p->slot);
    uint64_t start = place_cold(p)->start;
    if (key.domain) /* its number depends on what came before */
        start ^= tunnel_mark(&flow->engine->tunnels, key.domain);
    key.domain = 0;
    uint64_t id = mix(key_mark(&key), start);
    return id >> 11 ? id >> 11 : 1;
}

void cdpi_flow_info(const struct cdpi_flow *flow, struct cdpi_flow_info *info)
{
    const struct flow_place *p = &flow->place;
    const struct hot *hot = place_hot(p);
    const struct cold *cold = place_cold(p);
    struct flow_key key = table_key(p->table, p->segment, p->slot);
    *info = (struct cdpi_flow_info){.id = cdpi_flow_id(flow),
                                    .ip_version = key.is_v6 ? 6 : 4,
                                    .ip_protocol = key.ip_protocol,
                                    .vlan = cold->vlan,
                                    .tunnel = key.domain,
                                    .tunnel_kind = "",
                                    .start = cold->start * 1000,
                                    .end = cold_end(cold) * 1000,
                                    .end_reason = (enum cdpi_end_reason)cold->end_reason};
    const struct tunnel_identity *tunnel = tunnel_identity(&flow->engine->tunnels, key.domain);
    if (tunnel && tunnel->kind == TUNNEL_NONE) /* a VLAN in it */
        tunnel = tunnel_identity(&flow->engine->tunnels, tunnel->parent);
    if (tunnel) {
        info->tunnel_kind = tunnel_kind_name(tunnel->kind);
        info->tunnel_id = tunnel->id;
    }
    for (unsigned side = 0; side < 2; side++) {
        unsigned direction = side == CLIENT ? client_direction(hot) : !client_direction(hot);
        info->port[side] = key.port[direction];
        info->packets[side] = cold_packets(cold, direction);
        info->bytes[side] = cold_bytes(cold, direction);
        if (key.is_v6)
            memcpy(info->address[side], key.address.v6[direction], 16);
        else
            memcpy(info->address[side], &key.address.v4[direction], 4);
    }
}

uint64_t cdpi_flow_user(const struct cdpi_flow *flow)
{
    return place_cold(&flow->place)->user;
}

void cdpi_flow_set_user(struct cdpi_flow *flow, uint64_t user)
{
    place_cold(&flow->place)->user = user;
}

size_t cdpi_flow_head(const struct cdpi_flow *flow, enum cdpi_side side, const uint8_t **data)
{
    const struct hot *hot = place_hot(&flow->place);
    if (hot->head == NO_HEAD || hot->bits & FLOW_HAS_NOTE)
        return 0;
    const struct head *head = head_at(&flow->engine->heads, hot->head);
    unsigned direction = side == CDPI_CLIENT ? client_direction(hot) : !client_direction(hot);
    *data = head_bytes(head, direction);
    return head->side[direction].size;
}

enum cdpi_status cdpi_each_flow(struct cdpi *engine,
                                bool (*visit)(void *context, struct cdpi_flow *flow), void *context)
{
    if (!engine || !visit)
        return CDPI_BAD_ARGUMENT;
    bool was = engine->in_callback, go_on = true;
    engine->in_callback = true;
    for (unsigned t = 0; t < 2 && go_on; t++) {
        for (uint32_t segment = 0; segment < SEGMENTS && go_on; segment++) {
            const struct segment *s = &engine->tables[t].segments[segment];
            for (uint32_t slot = 0; go_on && (slot = segment_next(s, slot)) < s->capacity; slot++) {
                struct cdpi_flow flow = {engine, place_at(&engine->tables[t], segment, slot)};
                go_on = visit(context, &flow);
            }
        }
    }
    engine->in_callback = was;
    return CDPI_OK;
}

struct cdpi_stats cdpi_stats(const struct cdpi *engine)
{
    struct cdpi_stats stats = engine->stats;
    stats.flows_active = engine->tables[0].used + engine->tables[1].used;
    stats.datagrams_reassembled = engine->fragments.reassembled;
    stats.datagrams_incomplete = engine->fragments.incomplete;
    stats.fragments_overlapping = engine->fragments.overlapping;
    stats.memory_now = engine->memory.used;
    stats.memory_peak = engine->memory.peak;
    return stats;
}
