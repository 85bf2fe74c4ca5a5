/* SPDX-License-Identifier: MIT */
#include "flow/head.h"

#include <string.h>

enum { SLAB = 32 * 1024, SLAB_SHIFT = 6, CHAIN = 64 }; /* a slab of heads holds 64 */
static const uint32_t class_size[HEAD_CLASSES] = {512, 2048, 8192};

bool head_pool_init(struct head_pool *pool, struct memory *memory, uint64_t limit, size_t extra)
{
    *pool = (struct head_pool){.memory = memory,
                               .limit = limit,
                               .stride = (sizeof(struct head) + extra + 63) & ~(size_t)63,
                               .free_head = HEAD_NONE,
                               .oldest = HEAD_NONE,
                               .newest = HEAD_NONE};
    pool->slab_room = (uint32_t)(limit / (pool->stride << SLAB_SHIFT) + 1);
    size_t table = pool->slab_room * sizeof(uint8_t *);
    pool->slabs = memory_get(memory, table, 64);
    if (!pool->slabs)
        return false;
    pool->used = table;
    return true;
}

void head_pool_free(struct head_pool *pool)
{
    for (uint32_t i = 0; i < pool->slab_count; i++)
        memory_put(pool->memory, pool->slabs[i], pool->stride << SLAB_SHIFT);
    while (pool->block_slabs) {
        void *next;
        memcpy(&next, pool->block_slabs, sizeof next);
        memory_put(pool->memory, pool->block_slabs, SLAB);
        pool->block_slabs = next;
    }
    if (pool->slabs)
        memory_put(pool->memory, pool->slabs, pool->slab_room * sizeof(uint8_t *));
    *pool = (struct head_pool){0};
}

static void *take_slab(struct head_pool *pool, size_t size)
{
    if (pool->used + size > pool->limit)
        return NULL;
    void *slab = memory_get(pool->memory, size, 4096);
    if (slab)
        pool->used += size;
    return slab;
}

struct head *head_at(const struct head_pool *pool, uint32_t number)
{
    uint32_t within = number & ((1u << SLAB_SHIFT) - 1);
    return (struct head *)(void *)(pool->slabs[number >> SLAB_SHIFT] + within * pool->stride);
}

static bool add_heads(struct head_pool *pool)
{
    uint32_t per_slab = 1u << SLAB_SHIFT;
    if (pool->slab_count == pool->slab_room)
        return false;
    uint8_t *slab = take_slab(pool, pool->stride << SLAB_SHIFT);
    if (!slab)
        return false;
    pool->slabs[pool->slab_count++] = slab;
    for (uint32_t i = per_slab; i-- > 0;) {
        uint32_t number = pool->head_count + i;
        struct head *head = head_at(pool, number);
        head->number = number;
        head->newer = pool->free_head;
        pool->free_head = number;
    }
    pool->head_count += per_slab;
    return true;
}

struct head *head_take(struct head_pool *pool)
{
    if (pool->free_head == HEAD_NONE && !add_heads(pool))
        return NULL;
    struct head *head = head_at(pool, pool->free_head);
    uint32_t number = head->number;
    pool->free_head = head->newer;
    memset(head, 0, sizeof *head);
    head->number = number;
    head->older = pool->newest;
    head->newer = HEAD_NONE;
    if (pool->newest != HEAD_NONE)
        head_at(pool, pool->newest)->newer = number;
    else
        pool->oldest = number;
    pool->newest = number;
    return head;
}

static void put_block(struct head_pool *pool, unsigned block_class, uint8_t *block)
{
    memcpy(block, &pool->free_block[block_class], sizeof(void *));
    pool->free_block[block_class] = block;
}

/* A slab's first line chains it to the others; the rest becomes blocks. */
static bool add_blocks(struct head_pool *pool, unsigned block_class)
{
    uint8_t *slab = take_slab(pool, SLAB);
    if (!slab)
        return false;
    memcpy(slab, &pool->block_slabs, sizeof(void *));
    pool->block_slabs = slab;
    uint32_t size = class_size[block_class];
    for (uint32_t at = CHAIN; at + size <= SLAB; at += size)
        put_block(pool, block_class, slab + at);
    return true;
}

static uint8_t *take_block(struct head_pool *pool, unsigned block_class)
{
    if (!pool->free_block[block_class] && !add_blocks(pool, block_class))
        return NULL;
    uint8_t *block = pool->free_block[block_class];
    memcpy(&pool->free_block[block_class], block, sizeof(void *));
    return block;
}

void head_release(struct head_pool *pool, struct head *head)
{
    if (head->block)
        put_block(pool, head->block_class, head->block);
    if (head->older != HEAD_NONE)
        head_at(pool, head->older)->newer = head->newer;
    else
        pool->oldest = head->newer;
    if (head->newer != HEAD_NONE)
        head_at(pool, head->newer)->older = head->older;
    else
        pool->newest = head->older;
    head->block = NULL;
    head->newer = pool->free_head;
    pool->free_head = head->number;
}

/* How far a side's bytes reach, the waiting stretches included. */
static uint32_t extent(const struct head_side *side)
{
    uint32_t end = side->size;
    for (unsigned i = 0; i < side->island_count; i++) {
        if (side->islands[i].to > end)
            end = side->islands[i].to;
    }
    return end;
}

static uint32_t at_most(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Gives `direction` room for `need` bytes. The first direction's bytes begin the block, the
 * second's follow its room; the side that grows gets all that the other does not use. */
static bool make_room(struct head_pool *pool, struct head *head, unsigned direction, uint32_t need)
{
    struct head_side *low = &head->side[0], *high = &head->side[1];
    uint32_t low_size = extent(low), high_size = extent(high);
    uint32_t kept = direction == 0 ? high_size : low_size;
    unsigned block_class = 0;
    while (class_size[block_class] < kept + need)
        block_class++;
    uint8_t *block = head->block;
    if (!block || block_class > head->block_class) {
        block = take_block(pool, block_class);
        if (!block)
            return false;
    } else {
        block_class = head->block_class;
    }
    uint32_t room = at_most(class_size[block_class] - kept, HEAD_LIMIT);
    uint32_t high_at = direction == 0 ? room : low_size;
    if (head->block)
        memmove(block + high_at, head->block + high->offset, high_size);
    if (head->block && block != head->block) {
        memcpy(block, head->block, low_size);
        put_block(pool, head->block_class, head->block);
    }
    head->block = block;
    head->block_class = (uint8_t)block_class;
    low->capacity = (uint16_t)high_at;
    high->offset = (uint16_t)high_at;
    high->capacity = (uint16_t)(direction == 0 ? high_size : room);
    return true;
}

/* Copies what no stretch holds yet. */
static void copy_new(struct head_side *side, uint8_t *bytes, uint32_t from, const uint8_t *data,
                     uint32_t to)
{
    uint32_t at = from;
    while (at < to) {
        uint32_t held = at < side->size ? side->size : at, next = to;
        for (unsigned i = 0; i < side->island_count; i++) {
            const struct head_stretch *island = &side->islands[i];
            if (island->from <= at && at < island->to)
                held = held > island->to ? held : island->to;
            else if (island->from > at && island->from < next)
                next = island->from;
        }
        if (held > at) {
            at = held;
            continue;
        }
        memcpy(bytes + at, data + (at - from), next - at);
        at = next;
    }
}

/* Notes a stretch that came too early, joined with those that it touches. False: too many wait. */
static bool add_island(struct head_side *side, uint32_t from, uint32_t to)
{
    for (unsigned i = 0; i < side->island_count;) {
        struct head_stretch *island = &side->islands[i];
        if (island->from <= to && from <= island->to) {
            from = at_most(from, island->from);
            to = to > island->to ? to : island->to;
            *island = side->islands[--side->island_count];
            i = 0;
            continue;
        }
        i++;
    }
    if (side->island_count == HEAD_ISLANDS)
        return false;
    side->islands[side->island_count++] = (struct head_stretch){(uint16_t)from, (uint16_t)to};
    return true;
}

/* What waits and now touches the bytes in order joins them. */
static void join_islands(struct head_side *side)
{
    for (unsigned i = 0; i < side->island_count;) {
        struct head_stretch *island = &side->islands[i];
        if (island->from > side->size) {
            i++;
            continue;
        }
        if (island->to > side->size)
            side->size = island->to;
        *island = side->islands[--side->island_count];
        i = 0;
    }
}

bool head_put(struct head_pool *pool, struct head *head, unsigned direction, uint32_t offset,
              const uint8_t *bytes, uint32_t size)
{
    struct head_side *side = &head->side[direction];
    if (offset >= HEAD_LIMIT || size == 0)
        return true;
    uint32_t end = at_most(offset + at_most(size, HEAD_LIMIT), HEAD_LIMIT);
    if (end > side->capacity && !make_room(pool, head, direction, end))
        return false;
    if (offset == side->size && side->island_count == 0) { /* nearly always */
        memcpy(head->block + side->offset + offset, bytes, end - offset);
        side->size = (uint16_t)end;
        return true;
    }
    if (offset > side->size && side->island_count == HEAD_ISLANDS)
        return true; /* too many gaps already: a retransmission will bring it, or nothing */
    copy_new(side, head->block + side->offset, offset, bytes, end);
    if (offset > side->size) {
        add_island(side, offset, end);
        return true;
    }
    if (end > side->size)
        side->size = (uint16_t)end;
    join_islands(side);
    return true;
}

bool head_skip_gap(struct head *head, unsigned direction)
{
    struct head_side *side = &head->side[direction];
    if (side->size || side->island_count == 0)
        return false;
    unsigned first = 0;
    for (unsigned i = 1; i < side->island_count; i++) {
        if (side->islands[i].from < side->islands[first].from)
            first = i;
    }
    uint16_t from = side->islands[first].from;
    uint8_t *start = head->block + side->offset;
    memmove(start, start + from, extent(side) - from);
    side->base += from;
    for (unsigned i = 0; i < side->island_count; i++) {
        side->islands[i].from = (uint16_t)(side->islands[i].from - from);
        side->islands[i].to = (uint16_t)(side->islands[i].to - from);
    }
    side->is_missing = true;
    side->from_syn = false;
    join_islands(side);
    return true;
}
