/* SPDX-License-Identifier: MIT */
#include "flow/early.h"

#include <string.h>

enum { MOST_PLACES = 4096 };

/* At most a 64th of the budget. */
bool early_init(struct early_table *table, struct memory *memory)
{
    table->places = MOST_PLACES;
    while (table->places * sizeof *table->flows > memory->budget / 64)
        table->places /= 2;
    table->flows = memory_get(memory, table->places * sizeof *table->flows, 64);
    return table->flows != NULL;
}

void early_free(struct early_table *table, struct memory *memory)
{
    if (table->flows)
        memory_put(memory, table->flows, table->places * sizeof *table->flows);
    table->flows = NULL;
}

static struct early_flow *place_of(const struct early_table *table, uint64_t hash)
{
    return &table->flows[hash & (table->places - 1)];
}

void early_add(struct early_table *table, uint64_t hash, bool begins, const struct kept_packet *p)
{
    struct early_flow *flow = place_of(table, hash);
    if (flow->hash != hash || begins) {
        flow->hash = hash;
        flow->count = 0;
    }
    if (flow->count == EARLY_PACKETS)
        return;
    struct early_packet *early = &flow->packets[flow->count++];
    uint32_t size = p->size < EARLY_BYTES ? p->size : EARLY_BYTES;
    early->time = p->time;
    early->size = (uint16_t)size;
    early->direction = p->direction;
    memory_copy(early->bytes, p->data, size);
}

uint32_t early_list(const struct early_table *table, uint64_t hash,
                    struct kept_packet packets[EARLY_PACKETS])
{
    const struct early_flow *flow = place_of(table, hash);
    if (flow->hash != hash)
        return 0;
    for (uint32_t i = 0; i < flow->count; i++) {
        const struct early_packet *p = &flow->packets[i];
        packets[i] = (struct kept_packet){.time = p->time,
                                          .data = p->bytes,
                                          .size = p->size,
                                          .direction = p->direction,
                                          .is_bare = true};
    }
    return flow->count;
}
