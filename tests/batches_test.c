/* SPDX-License-Identifier: MIT */
/*
 * What comes out does not depend on how frames are handed in, nor on how the table began: batches
 * of 1, 7 and 64, tables that start small and large, give the same flows, verdicts and counters.
 *
 *     batches_test FILE...
 */
#include <cdpi/capture.h>
#include <cdpi/cdpi.h>

#include <stdlib.h>
#include <string.h>

#include "support/check.h"

enum { MOST = 64 };

/* All flows of a run, summed up so that their order does not matter. */
struct outcome {
    uint64_t sum, flows;
    struct cdpi_stats stats;
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash ^= value + 0x9E3779B97F4A7C15u + (hash << 6) + (hash >> 2);
    return hash * 0xBF58476D1CE4E5B9u;
}

static void add_flow(void *context, enum cdpi_event event, struct cdpi_flow *flow,
                     const struct cdpi_verdict *v)
{
    struct outcome *o = context;
    struct cdpi_flow_info info;
    (void)event;
    cdpi_flow_info(flow, &info);
    uint64_t hash = mix(info.id, v->protocol);
    hash = mix(hash, v->application);
    hash = mix(hash, v->then);
    hash = mix(hash, (uint64_t)v->confidence << 8 | (uint64_t)v->state);
    hash = mix(hash, v->evidence.packet);
    hash = mix(hash, info.tunnel_id ^ (uint64_t)info.vlan << 40);
    hash = mix(hash, info.start);
    hash = mix(hash, info.end);
    for (const char *kind = info.tunnel_kind; *kind; kind++)
        hash = mix(hash, (unsigned char)*kind);
    hash = mix(hash, (uint64_t)v->evidence.offset << 32 | v->evidence.length);
    for (int side = 0; side < 2; side++) {
        hash = mix(hash, info.packets[side]);
        hash = mix(hash, info.bytes[side]);
        hash = mix(hash, v->side[side]);
    }
    for (const char *rule = v->evidence.rule; *rule; rule++)
        hash = mix(hash, (unsigned char)*rule);
    o->sum += hash;
    o->flows++;
}

static struct outcome run(const char *path, size_t batch, uint64_t initial_flows)
{
    struct outcome o = {0};
    struct cdpi_options options = {.struct_size = sizeof options,
                                   .hash_key = {3, 4},
                                   .initial_flows = initial_flows,
                                   .on_event = add_flow,
                                   .on_event_context = &o,
                                   .events = 1u << CDPI_EVENT_ENDED};
    struct cdpi_frame frames[MOST];
    struct cdpi_capture *capture;
    struct cdpi_error error;
    struct cdpi *engine;
    size_t count;
    CHECK(cdpi_open(&options, &engine, NULL) == CDPI_OK);
    if (cdpi_capture_open(path, NULL, &capture, &error) != CDPI_OK) {
        printf("%s: %s\n", path, error.text);
        exit(2);
    }
    while (cdpi_capture_next(capture, frames, batch, &count, &error) == CDPI_OK)
        CHECK(cdpi_feed(engine, frames, count) == CDPI_OK);
    cdpi_capture_close(capture);
    CHECK(cdpi_flush(engine) == CDPI_OK);
    o.stats = cdpi_stats(engine);
    CHECK(cdpi_close(engine) == CDPI_OK);
    return o;
}

static bool is_same(const struct outcome *a, const struct outcome *b)
{
    return a->sum == b->sum && a->flows == b->flows && a->stats.packets == b->stats.packets &&
           a->stats.packets_in_flows == b->stats.packets_in_flows &&
           a->stats.verdicts_certain == b->stats.verdicts_certain &&
           a->stats.verdicts_likely == b->stats.verdicts_likely &&
           a->stats.verdicts_none == b->stats.verdicts_none &&
           a->stats.fragments == b->stats.fragments;
}

int main(int argc, char **argv)
{
    static const struct {
        size_t batch;
        uint64_t initial_flows;
    } others[] = {{7, 0}, {64, 0}, {64, 50000}};
    for (int i = 1; i < argc; i++) {
        struct outcome one = run(argv[i], 1, 0);
        for (size_t k = 0; k < sizeof others / sizeof others[0]; k++) {
            struct outcome other = run(argv[i], others[k].batch, others[k].initial_flows);
            bool same = is_same(&one, &other);
            if (!same)
                printf("%s: batches of %zu, room for %llu flows: not the same\n", argv[i],
                       others[k].batch, (unsigned long long)others[k].initial_flows);
            CHECK(same);
        }
    }
    return CHECKS_END("batches");
}
