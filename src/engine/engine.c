/* SPDX-License-Identifier: MIT */
/* Opening, asking and closing an engine. */
#define _GNU_SOURCE
#include "engine/engine.h"

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

enum cdpi_status cdpi_close(struct cdpi *engine)
{
    if (!engine)
        return CDPI_OK;
    if (engine->in_callback)
        return CDPI_BUSY;
    engine_flush(engine);
    free_engine(engine);
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
