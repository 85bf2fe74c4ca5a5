/* SPDX-License-Identifier: MIT */
/*
 * The head: the first bytes of both directions of an undecided flow, in order, and what the
 * classifiers remember of it.
 *
 * A few bytes stand in the head itself, of 512 B in all; more lie in one block of 512 B, 2 or 8
 * KiB, shared by both sides, and move to a larger block when they must. TCP segments are put where
 * their sequence numbers say; up to ten stretches that came too early wait on each side. All heads
 * together take at most a quarter of the budget. They stand in a queue by age: when there is no
 * room, the engine judges the oldest.
 */
#ifndef CDPI_FLOW_HEAD_H
#define CDPI_FLOW_HEAD_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/datagram.h"

enum { HEAD_OWN = 144, HEAD_CLASSES = 3, HEAD_LIMIT = 4096, HEAD_MARKS = 8, HEAD_ISLANDS = 10 };
#define HEAD_NONE UINT32_MAX

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
    uint8_t waited; /* payload packets while bytes were missing */
    bool has_base;
    bool from_syn;   /* base comes from a SYN */
    bool is_missing; /* bytes before or between what is here were lost */
};

struct head {
    uint64_t hash;       /* of the flow that owns it */
    uint64_t first_time; /* microseconds */
    uint8_t *block;      /* where the bytes are */
    void *packets;       /* flow/packets.h: the flow's first packets, where a module wants them */
    uint32_t number;     /* the next free one's, while it is free */
    uint32_t place;      /* in the queue by age */
    uint32_t sctp_ppid;  /* of the first data that had one */
    uint8_t block_class; /* HEAD_CLASSES: the bytes are in `own` */
    uint8_t front;       /* the direction whose bytes begin the block */
    uint8_t mark_count;
    uint8_t payload_packets; /* saturating */
    bool is_v6;
    bool is_fresh;            /* nothing was ever put into it */
    bool for_modules;         /* own's inspection is over; packets are gathered for the modules */
    struct head_side side[2]; /* by direction of the key */
    struct datagram marks[HEAD_MARKS];
    union {
        uint8_t own[HEAD_OWN];
        struct head_stretch islands[2][HEAD_ISLANDS]; /* when the bytes are elsewhere */
    };
    /* What the classifiers remember follows, `extra` bytes of it. */
    _Alignas(8) uint8_t extra[];
};

struct head_pool {
    struct arena arena;
    size_t stride;   /* a head with its extra */
    uint8_t **slabs; /* of heads */
    uint32_t slab_count, slab_room, head_count;
    uint32_t free_head;
    uint32_t *queue;     /* numbers by age; HEAD_NONE where one has left */
    uint32_t queue_size; /* a power of two */
    uint32_t queue_front, queue_back;
    void *free_block[HEAD_CLASSES];
};

bool head_pool_init(struct head_pool *pool, struct memory *memory, uint64_t limit, size_t extra);
void head_pool_free(struct head_pool *pool);

/* A fresh head at the young end of the queue; NULL when there is no memory left. */
struct head *head_take(struct head_pool *pool);
void head_release(struct head_pool *pool, struct head *head);

enum { HEAD_SLAB_SHIFT = 6 }; /* a slab of heads holds 64 */

static inline struct head *head_at(const struct head_pool *pool, uint32_t number)
{
    uint32_t within = number & ((1u << HEAD_SLAB_SHIFT) - 1);
    return (struct head *)(void *)(pool->slabs[number >> HEAD_SLAB_SHIFT] + within * pool->stride);
}

/* The oldest head that comes after `*place` in the queue, 0 at first; HEAD_NONE where there is
 * none. Moves *place on. */
static inline uint32_t head_next_oldest(const struct head_pool *pool, uint32_t *place)
{
    for (uint32_t at = pool->queue_front + *place; at != pool->queue_back; at++) {
        ++*place;
        if (pool->queue[at & (pool->queue_size - 1)] != HEAD_NONE)
            return pool->queue[at & (pool->queue_size - 1)];
    }
    return HEAD_NONE;
}

static inline uint32_t head_oldest(const struct head_pool *pool)
{
    return pool->queue_front == pool->queue_back
               ? HEAD_NONE
               : pool->queue[pool->queue_front & (pool->queue_size - 1)];
}

/* Asks for the lines of a head, then of its bytes, before they are needed. */
static inline void head_prefetch(const struct head_pool *pool, const struct head *head)
{
    for (size_t at = 0; at < pool->stride; at += 64)
        __builtin_prefetch((const uint8_t *)head + at, 1);
}

static inline void head_prefetch_bytes(const struct head *head)
{
    if (head->block_class < HEAD_CLASSES) {
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
    return head->block + head->side[direction].offset;
}

/* A lost beginning is given up: the first stretch that waits becomes the start. False where none
 * waits. */
bool head_skip_gap(struct head *head, unsigned direction);
/* As head_skip_gap, where bytes came before the gap: they are given up too. */
bool head_skip_past_gap(struct head *head, unsigned direction);

#endif
