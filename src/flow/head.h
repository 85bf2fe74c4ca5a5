/* SPDX-License-Identifier: MIT */
/*
 * The head: the first bytes of both directions of an undecided flow, in order, and what the
 * classifiers remember of it.
 *
 * Its bytes lie in one block of 512 B, 2 or 8 KiB, shared by both sides; a head moves to a larger
 * block when it must. TCP segments are put where their sequence numbers say; up to sixteen
 * stretches that came too early wait on each side. All heads together take at most a quarter of the
 * budget. They stand in a queue by age: when blocks run out, the engine judges the oldest.
 */
#ifndef CDPI_FLOW_HEAD_H
#define CDPI_FLOW_HEAD_H

#include <stdbool.h>

#include "core/memory.h"

enum { HEAD_CLASSES = 3, HEAD_LIMIT = 4096, HEAD_MARKS = 8, HEAD_ISLANDS = 10 };
#define HEAD_NONE UINT32_MAX

/* A payload packet of the flow, as it came. */
struct head_mark {
    uint8_t direction; /* of the key */
    bool cut;          /* captured shorter than on the wire */
    uint16_t wire_size;
    uint16_t offset, size; /* in its direction's bytes */
    uint32_t time;         /* microseconds after the head's first */
};

struct head_stretch {
    uint16_t from, to;
};

struct head_side {
    uint32_t base;     /* sequence number of byte 0 */
    uint32_t passed;   /* payload bytes seen on the wire, duplicates too */
    uint16_t size;     /* bytes in order from 0 */
    uint16_t offset;   /* where they begin in the block */
    uint16_t capacity; /* how far they may go */
    uint8_t island_count;
    bool has_base;
    bool from_syn;   /* base comes from a SYN */
    bool is_missing; /* bytes before or between what is here were lost */
    uint8_t waited;  /* payload packets since the first gap */
    struct head_stretch islands[HEAD_ISLANDS];
};

struct head {
    uint32_t number;
    uint32_t older, newer; /* the queue by age; `newer` chains the free ones */
    uint64_t hash;         /* of the flow that owns it */
    bool is_v6;
    uint8_t block_class;
    uint8_t mark_count;
    uint8_t payload_packets; /* saturating */
    uint8_t *block;
    uint64_t first_time;      /* microseconds */
    uint32_t sctp_ppid;       /* of the first data that had one */
    struct head_side side[2]; /* by direction of the key */
    struct head_mark marks[HEAD_MARKS];
    void *packets;    /* flow/packets.h: the flow's first packets, where a module wants them */
    bool for_modules; /* own's inspection is over; packets are gathered for the modules */
    /* What the classifiers remember follows, `extra` bytes of it. */
    _Alignas(8) uint8_t extra[];
};

struct head_pool {
    struct memory *memory;
    uint64_t limit, used; /* bytes */
    size_t stride;        /* a head with its extra */
    uint8_t **slabs;      /* of heads */
    uint32_t slab_count, slab_room, head_count;
    uint32_t free_head;
    uint32_t oldest, newest;
    void *free_block[HEAD_CLASSES];
    void *block_slabs; /* chained, for the end */
};

bool head_pool_init(struct head_pool *pool, struct memory *memory, uint64_t limit, size_t extra);
void head_pool_free(struct head_pool *pool);

/* A fresh head at the young end of the queue, without a block; NULL when there is no memory left.
 */
struct head *head_take(struct head_pool *pool);
void head_release(struct head_pool *pool, struct head *head);
struct head *head_at(const struct head_pool *pool, uint32_t number);

/* Ask for the lines of a head, then of its bytes, before they are needed. */
static inline void head_prefetch(const struct head_pool *pool, const struct head *head)
{
    for (size_t at = 0; at < pool->stride; at += 64)
        __builtin_prefetch((const uint8_t *)head + at, 1);
}

static inline void head_prefetch_bytes(const struct head *head)
{
    if (head->block) {
        __builtin_prefetch(head->block, 1);
        __builtin_prefetch(head->block + 64, 1);
    }
}

/* Puts bytes at an offset of a direction; first come stays where they overlap. False: no memory for
 * a larger block. What lies past HEAD_LIMIT is left out. */
bool head_put(struct head_pool *pool, struct head *head, unsigned direction, uint32_t offset,
              const uint8_t *bytes, uint32_t size);

/* Whether a side can take no more. */
static inline bool head_side_is_full(const struct head_side *side)
{
    return side->size == HEAD_LIMIT;
}

static inline const uint8_t *head_bytes(const struct head *head, unsigned direction)
{
    return head->block ? head->block + head->side[direction].offset : (const uint8_t *)"";
}

/* A lost beginning is given up: the first stretch that waits becomes the start. False where none
 * waits. */
bool head_skip_gap(struct head *head, unsigned direction);

#endif
