/* SPDX-License-Identifier: MIT */
/*
 * The first packets of undecided flows as they came, for modules that ask for them.
 *
 * Packets lie one behind the other in blocks of 512 B or 2 KiB, chained a flow; a packet that is
 * larger than a block is cut. Without a module that wants packets nothing here is ever called.
 */
#ifndef CDPI_FLOW_PACKETS_H
#define CDPI_FLOW_PACKETS_H

#include <stdbool.h>

#include "core/memory.h"

struct kept_packet {
    uint64_t time; /* microseconds since 1970 */
    const uint8_t *data;
    uint32_t size;
    uint8_t direction; /* of the flow's key */
    bool is_bare;      /* without payload */
};

struct packet_pool {
    struct memory *memory;
    uint64_t limit, used; /* bytes */
    void *free_block[2];  /* small, large */
    void *slabs;          /* chained, for the end */
};

void packet_pool_init(struct packet_pool *pool, struct memory *memory, uint64_t limit);
void packet_pool_free(struct packet_pool *pool);

/* Appends a copy to a flow's packets; *flow is NULL before the first. False: no memory. */
bool packets_add(struct packet_pool *pool, void **flow, const struct kept_packet *packet);
void packets_release(struct packet_pool *pool, void **flow);

/* Those with payload, and those without. */
uint32_t packets_count(const void *flow, bool bare);
/* Whether the first has none. */
bool packets_begin_bare(const void *flow);
/* Fills up to `room` and returns how many; data points into the pool. */
uint32_t packets_list(const void *flow, struct kept_packet *packets, uint32_t room);

#endif
