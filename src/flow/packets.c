/* SPDX-License-Identifier: MIT */
#include "flow/packets.h"

#include <string.h>

enum { BLOCK = 2048, SLAB = 256 * 1024 };

/* What stands before a packet's bytes. */
struct entry {
    uint64_t time;
    uint16_t size;
    uint8_t direction;
};

struct block {
    struct block *next;
    struct block *last; /* of the chain; kept in its first block */
    uint32_t count;     /* of the chain's packets; kept in its first block */
    uint32_t used;      /* of bytes */
    _Alignas(8) uint8_t bytes[];
};

enum { BLOCK_ROOM = BLOCK - sizeof(struct block), LARGEST = BLOCK_ROOM - sizeof(struct entry) };

void packet_pool_init(struct packet_pool *pool, struct memory *memory, uint64_t limit)
{
    *pool = (struct packet_pool){.memory = memory, .limit = limit};
}

void packet_pool_free(struct packet_pool *pool)
{
    while (pool->slabs) {
        void *slab = pool->slabs;
        memcpy(&pool->slabs, slab, sizeof(void *));
        memory_put(pool->memory, slab, SLAB);
    }
}

/* A slab's first block chains it to the others. */
static bool add_slab(struct packet_pool *pool)
{
    if (pool->used + SLAB > pool->limit)
        return false;
    uint8_t *slab = memory_get(pool->memory, SLAB, 64);
    if (!slab)
        return false;
    pool->used += SLAB;
    memcpy(slab, &pool->slabs, sizeof(void *));
    pool->slabs = slab;
    for (uint32_t at = BLOCK; at < SLAB; at += BLOCK) {
        struct block *b = (struct block *)(void *)(slab + at);
        b->next = pool->free_block;
        pool->free_block = b;
    }
    return true;
}

static struct block *take_block(struct packet_pool *pool)
{
    if (!pool->free_block && !add_slab(pool))
        return NULL;
    struct block *b = pool->free_block;
    pool->free_block = b->next;
    b->next = NULL;
    b->last = b;
    b->count = b->used = 0;
    return b;
}

static uint32_t entry_size(uint32_t bytes)
{
    return ((uint32_t)sizeof(struct entry) + bytes + 7u) & ~7u;
}

static struct block *block_with_room(struct packet_pool *pool, void **flow, uint32_t bytes)
{
    struct block *first = *flow;
    if (first && first->last->used + entry_size(bytes) <= BLOCK_ROOM)
        return first->last;
    struct block *fresh = take_block(pool);
    if (!fresh)
        return NULL;
    if (first) {
        first->last->next = fresh;
        first->last = fresh;
    } else {
        *flow = fresh;
    }
    return fresh;
}

bool packets_add(struct packet_pool *pool, void **flow, const struct kept_packet *p)
{
    uint32_t size = p->size < LARGEST ? p->size : LARGEST & ~7u;
    struct block *b = block_with_room(pool, flow, size);
    if (!b)
        return false;
    struct entry entry = {.time = p->time, .size = (uint16_t)size, .direction = p->direction};
    memcpy(b->bytes + b->used, &entry, sizeof entry);
    memcpy(b->bytes + b->used + sizeof entry, p->data, size);
    b->used += entry_size(size);
    ((struct block *)*flow)->count++;
    return true;
}

void packets_release(struct packet_pool *pool, void **flow)
{
    struct block *first = *flow;
    if (!first)
        return;
    first->last->next = pool->free_block;
    pool->free_block = first;
    *flow = NULL;
}

uint32_t packets_count(const void *flow)
{
    return flow ? ((const struct block *)flow)->count : 0;
}

uint32_t packets_list(const void *flow, struct kept_packet *packets, uint32_t room)
{
    uint32_t n = 0;
    for (const struct block *b = flow; b; b = b->next) {
        for (uint32_t at = 0; at < b->used && n < room;) {
            struct entry entry;
            memcpy(&entry, b->bytes + at, sizeof entry);
            packets[n++] = (struct kept_packet){.time = entry.time,
                                                .data = b->bytes + at + sizeof entry,
                                                .size = entry.size,
                                                .direction = entry.direction};
            at += entry_size(entry.size);
        }
    }
    return n;
}
