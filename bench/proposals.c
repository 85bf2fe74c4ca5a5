/* SPDX-License-Identifier: MIT */
/*
 * What a proposal costs with 50 to 500 protocols in the signature table, on the first payloads of
 * a capture's flows, both sides. Those beyond our own are made of ours, with other bytes.
 *
 *     proposals FILE.pcap      rooms, signatures, ns and instructions a proposal (counted
 *                              on a sample of the payloads), candidates, the table's memory
 */
#define _GNU_SOURCE
#include <stdio.h>

#include "classify/signatures.h"
#include "decode/packet.h"
#include "frames.h"
#include "steps.h"

enum { MOST_ROOMS = 500, PAYLOADS = 20000, STEPPED = 500, SEEN = 1 << 20, CANDIDATES = 24 };
enum { ROUNDS = 10 };

struct payload {
    const uint8_t *data;
    uint32_t size;
    uint8_t transport;
};

static struct payload payloads[PAYLOADS];
static uint32_t payload_count;

/* ---- first payloads ----------------------------------------------------------------------- */

static bool is_first(const struct packet *p)
{
    static uint64_t seen[SEEN];
    uint64_t key = p->hash << 1 | p->direction;
    uint32_t at = (uint32_t)(key * 0x9E3779B97F4A7C15u >> 44);
    for (; seen[at]; at = (at + 1) % SEEN) {
        if (seen[at] == key)
            return false;
    }
    seen[at] = key;
    return true;
}

static void take_payloads(const struct cdpi_frame *frames, size_t count)
{
    struct decoder decoder = {.hash_key = {1, 2}};
    for (size_t i = 0; i < count && payload_count < PAYLOADS; i++) {
        struct packet p = {0};
        if (decode_frame(&decoder, frames[i].data, frames[i].captured, frames[i].length,
                         frames[i].link_type, &p) != DECODE_FLOW)
            continue;
        bool is_tcp = p.key.ip_protocol == IP_TCP;
        if (p.payload_size == 0 || (!is_tcp && p.key.ip_protocol != IP_UDP) || !is_first(&p))
            continue;
        payloads[payload_count++] =
            (struct payload){p.payload, p.payload_size, is_tcp ? OVER_TCP : OVER_UDP};
    }
}

/* ---- rooms -------------------------------------------------------------------------------- */

static void change_bytes(struct signature *s, uint8_t by)
{
    char *bytes = malloc(s->size);
    for (uint32_t i = 0; bytes && i < s->size; i++)
        bytes[i] = (char)((uint8_t)s->bytes[i] ^ (by & (s->mask ? (uint8_t)s->mask[i] : 0xff)));
    s->bytes = bytes ? bytes : s->bytes;
}

/* A protocol whose signatures are another's, changed. */
static const struct cdpi_protocol *make_like(const struct cdpi_protocol *real, uint8_t by)
{
    struct cdpi_protocol *made = malloc(sizeof *made);
    struct signature *signatures = calloc(real->signature_count + 1, sizeof *signatures);
    if (!made || !signatures)
        exit(1);
    memcpy(made, real, sizeof *made);
    for (size_t i = 0; i < real->signature_count; i++) {
        memcpy(&signatures[i], &real->signatures[i], sizeof *signatures);
        change_bytes(&signatures[i], by);
    }
    made->signatures = signatures;
    return made;
}

static void take_rooms(struct catalog_room rooms[MOST_ROOMS])
{
    for (size_t i = 0; i < MOST_ROOMS; i++) {
        rooms[i] = catalog_rooms[i % catalog_room_count];
        if (i >= catalog_room_count)
            rooms[i].protocol =
                make_like(rooms[i].protocol, (uint8_t)(0x15 * (i / catalog_room_count)));
    }
}

/* ---- measuring ---------------------------------------------------------------------------- */

struct run {
    const struct signature_table *table;
    uint32_t count, stride, candidates;
};

/* All payloads, or one of every `stride`. */
static void propose_all(void *context)
{
    struct run *run = context;
    room_index proposed[CANDIDATES];
    run->candidates = 0;
    for (uint32_t i = 0; i < run->count; i++) {
        const struct payload *p = &payloads[i * run->stride];
        run->candidates +=
            signature_table_propose(run->table, p->transport, p->data, p->size,
                                    p->transport == OVER_UDP ? p->size : 0, proposed, CANDIDATES);
    }
}

static void measure(struct memory *memory, const struct catalog_room *rooms, size_t count)
{
    size_t signatures = 0;
    struct run run = {.table = signature_table_build(memory, rooms, count),
                      .count = payload_count < STEPPED ? payload_count : STEPPED};
    run.stride = payload_count / run.count; /* stepped through: a sample of all */
    if (!run.table)
        return;
    for (size_t i = 0; i < count; i++)
        signatures += rooms[i].protocol->signature_count;
    uint32_t steps = steps_of(propose_all, &run);
    run.count = payload_count;
    run.stride = 1;
    propose_all(&run);
    double before = user_seconds();
    for (unsigned i = 0; i < ROUNDS; i++)
        propose_all(&run);
    double seconds = user_seconds() - before;
    printf("%5zu rooms %5zu signatures %7.1f ns %6.0f instructions %5.2f candidates "
           "%4zu KiB\n",
           count, signatures, seconds * 1e9 / ROUNDS / payload_count,
           (double)steps / (payload_count < STEPPED ? payload_count : STEPPED),
           (double)run.candidates / payload_count, (size_t)memory->used >> 10);
    signature_table_free((struct signature_table *)run.table, memory);
}

int main(int argc, char **argv)
{
    static struct catalog_room rooms[MOST_ROOMS];
    const size_t sizes[] = {50, 100, 200, catalog_room_count, MOST_ROOMS};
    struct memory memory = {.budget = 64u << 20};
    size_t count = 0;
    struct cdpi_frame *frames = argc == 2 ? index_file(argv[1], &count) : NULL;
    if (!frames) {
        fprintf(stderr, "usage: proposals FILE\n");
        return 2;
    }
    memory_use_system(&memory);
    take_payloads(frames, count);
    take_rooms(rooms);
    printf("proposals on %u first payloads\n", payload_count);
    for (size_t i = 0; payload_count && i < sizeof sizes / sizeof sizes[0]; i++)
        measure(&memory, rooms, sizes[i]);
    free(frames);
    return 0;
}
