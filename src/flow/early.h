/* SPDX-License-Identifier: MIT */
/*
 * Packets that came before a flow's first payload (TCP's handshake), for modules that ask for
 * packets: flows without payload have no head to keep them in.
 *
 * A table of fixed size, one place a hash: a later flow takes the place of an earlier one, so that
 * a flood of SYNs costs no memory. Whose packets are gone does without them. Made only when a
 * module wants packets.
 */
#ifndef CDPI_FLOW_EARLY_H
#define CDPI_FLOW_EARLY_H

#include "core/memory.h"
#include "flow/packets.h"

enum { EARLY_PACKETS = 3, EARLY_BYTES = 96 };

struct early_packet {
    uint64_t time;
    uint16_t size;
    uint8_t direction;
    uint8_t bytes[EARLY_BYTES]; /* longer ones are cut */
};

struct early_flow {
    uint64_t hash;
    uint32_t count;
    struct early_packet packets[EARLY_PACKETS];
};

struct early_table {
    struct early_flow *flows;
    uint32_t places; /* a power of two */
};

bool early_init(struct early_table *table, struct memory *memory);
void early_free(struct early_table *table, struct memory *memory);

/* Notes a packet of the flow with this hash; `begins`: forget what came before. */
void early_add(struct early_table *table, uint64_t hash, bool begins, const struct kept_packet *p);
/* What there is of a flow; fills up to EARLY_PACKETS and returns how many. */
uint32_t early_list(const struct early_table *table, uint64_t hash,
                    struct kept_packet packets[EARLY_PACKETS]);

#endif
