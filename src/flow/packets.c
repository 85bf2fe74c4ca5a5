/* SPDX-License-Identifier: MIT */
#include "flow/packets.h"

#include <string.h>

enum { SMALL = 0, LARGE = 1, SLAB = 64 * 1024 };
static const uint32_t block_size[] = {512, 2048};

/* What stands before a packet's bytes. */
struct entry {
    uint64_t time;
    uint16_t size;
    uint8_t direction;
    bool is_bare;
};

struct block {
    struct block *next;
    struct block *last;  /* of the chain; kept in its first block */
    uint16_t count[2];   /* of the chain's packets, with payload and bare; in its first block */
    uint16_t used, room; /* of bytes */
    uint8_t size_class;
    _Alignas(8) uint8_t bytes[];
};

enum { LARGEST = (2048 - sizeof(struct block) - sizeof(struct entry)) & ~7u };

static uint16_t block_room(unsigned size_class)
{
    return (uint16_t)(block_size[size_class] - sizeof(struct block));
}

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

static void put_block(struct packet_pool *pool, struct block *b)
{
    b->next = pool->free_block[b->size_class];
    pool->free_block[b->size_class] = b;
}

/* A slab's first block chains it to the others. */
__attribute__((noinline)) static bool add_slab(struct packet_pool *pool, unsigned size_class)
{
    if (pool->used + SLAB > pool->limit)
        return false;
    uint8_t *slab = memory_get(pool->memory, SLAB, 64);
    if (!slab)
        return false;
    pool->used += SLAB;
    memcpy(slab, &pool->slabs, sizeof(void *));
    pool->slabs = slab;
    for (uint32_t at = block_size[size_class]; at < SLAB; at += block_size[size_class]) {
        struct block *b = (struct block *)(void *)(slab + at);
        b->size_class = (uint8_t)size_class;
        b->room = block_room(size_class);
        put_block(pool, b);
    }
    return true;
}

static struct block *take_block(struct packet_pool *pool, unsigned size_class)
{
    if (!pool->free_block[size_class] && !add_slab(pool, size_class))
        return NULL;
    struct block *b = pool->free_block[size_class];
    pool->free_block[size_class] = b->next;
    b->next = NULL;
    b->last = b;
    b->count[0] = b->count[1] = 0;
    b->used = 0;
    return b;
}

static uint32_t entry_size(uint32_t bytes)
{
    return ((uint32_t)sizeof(struct entry) + bytes + 7u) & ~7u;
}

/* A further block of a flow, or its first. */
static struct block *append_block(struct packet_pool *pool, struct block **first, uint32_t bytes)
{
    struct block *fresh = take_block(pool, bytes <= block_room(SMALL) ? SMALL : LARGE);
    if (!fresh)
        return NULL;
    if (*first) {
        (*first)->last->next = fresh;
        (*first)->last = fresh;
    } else {
        *first = fresh;
    }
    return fresh;
}

bool packets_add(struct packet_pool *pool, void **flow, const struct kept_packet *p)
{
    uint32_t size = p->size < LARGEST ? p->size : LARGEST, whole = entry_size(size);
    struct block *first = *flow, *b = first ? first->last : NULL;
    if (!b || b->used + whole > b->room) {
        b = append_block(pool, &first, whole);
        if (!b)
            return false;
        *flow = first;
    }
    struct entry entry = {
        .time = p->time, .size = (uint16_t)size, .direction = p->direction, .is_bare = p->is_bare};
    uint8_t *to = b->bytes + b->used;
    b->used = (uint16_t)(b->used + whole);
    first->count[p->is_bare]++;
    memcpy(to, &entry, sizeof entry);
    memory_copy(to + sizeof entry, p->data, size);
    return true;
}

void packets_release(struct packet_pool *pool, void **flow)
{
    for (struct block *b = *flow, *next; b; b = next) {
        next = b->next;
        put_block(pool, b);
    }
    *flow = NULL;
}

uint32_t packets_count(const void *flow, bool bare)
{
    return flow ? ((const struct block *)flow)->count[bare] : 0;
}

bool packets_begin_bare(const void *flow)
{
    struct entry first = {0};
    if (flow)
        memcpy(&first, ((const struct block *)flow)->bytes, sizeof first);
    return first.is_bare;
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
                                                .direction = entry.direction,
                                                .is_bare = entry.is_bare};
            at += entry_size(entry.size);
        }
    }
    return n;
}
