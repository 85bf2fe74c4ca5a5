/* SPDX-License-Identifier: MIT */
#include "flow/head.h"

#include <string.h>

enum { BLOCK_SLAB = 32 * 1024, LEAST_QUEUE = 256 };
static const uint32_t class_size[HEAD_CLASSES + 1] = {512, 2048, 8192, HEAD_OWN};

bool head_pool_init(struct head_pool *pool, struct memory *memory, uint64_t limit, size_t extra)
{
    *pool = (struct head_pool){.stride = (sizeof(struct head) + extra + 63) & ~(size_t)63,
                               .free_head = HEAD_NONE,
                               .queue_size = LEAST_QUEUE};
    pool->slab_room = (uint32_t)(limit / (pool->stride << HEAD_SLAB_SHIFT) + 1);
    size_t table = pool->slab_room * sizeof(uint8_t *);
    pool->slabs = memory_get(memory, table, 64);
    pool->queue = memory_get(memory, LEAST_QUEUE * sizeof *pool->queue, 64);
    arena_init(&pool->arena, memory, limit - table);
    return pool->slabs && pool->queue;
}

void head_pool_free(struct head_pool *pool)
{
    struct memory *memory = pool->arena.memory;
    arena_free(&pool->arena);
    memory_put(memory, pool->slabs, pool->slab_room * sizeof(uint8_t *));
    memory_put(memory, pool->queue, pool->queue_size * sizeof *pool->queue);
    *pool = (struct head_pool){0};
}

/* ---- the queue --------------------------------------------------------------------------- */

/* Those who left are left out. */
static void move_queue(struct head_pool *pool, uint32_t *queue, uint32_t size)
{
    uint32_t count = 0, place = 0, number;
    while ((number = head_next_oldest(pool, &place)) != HEAD_NONE) {
        queue[count] = number;
        head_at(pool, number)->place = count++;
    }
    pool->queue = queue;
    pool->queue_size = size;
    pool->queue_front = 0;
    pool->queue_back = count;
}

/* Twice as many places as heads, so that it is seldom full of those who left. */
static bool grow_queue(struct head_pool *pool, uint32_t heads)
{
    struct memory *memory = pool->arena.memory;
    uint32_t *old = pool->queue, old_size = pool->queue_size, size = old_size * 2;
    if (heads * 2 <= old_size)
        return true;
    uint32_t *queue = memory_get(memory, size * sizeof *queue, 64);
    if (!queue)
        return false;
    move_queue(pool, queue, size);
    memory_put(memory, old, old_size * sizeof *old);
    return true;
}

/* As that, where it lies: the writer stays behind the reader. */
static void pack_queue(struct head_pool *pool)
{
    uint32_t back = pool->queue_front, place = 0, number;
    while ((number = head_next_oldest(pool, &place)) != HEAD_NONE) {
        pool->queue[back & (pool->queue_size - 1)] = number;
        head_at(pool, number)->place = back++;
    }
    pool->queue_back = back;
}

static void enter_queue(struct head_pool *pool, struct head *head)
{
    if (pool->queue_back - pool->queue_front == pool->queue_size)
        pack_queue(pool);
    head->place = pool->queue_back++;
    pool->queue[head->place & (pool->queue_size - 1)] = head->number;
}

static void leave_queue(struct head_pool *pool, const struct head *head)
{
    pool->queue[head->place & (pool->queue_size - 1)] = HEAD_NONE;
    while (pool->queue_front != pool->queue_back &&
           pool->queue[pool->queue_front & (pool->queue_size - 1)] == HEAD_NONE)
        pool->queue_front++;
}

/* ---- heads and blocks -------------------------------------------------------------------- */

static bool add_heads(struct head_pool *pool)
{
    uint32_t per_slab = 1u << HEAD_SLAB_SHIFT;
    if (pool->slab_count == pool->slab_room || !grow_queue(pool, pool->head_count + per_slab))
        return false;
    uint8_t *slab = arena_get(&pool->arena, pool->stride << HEAD_SLAB_SHIFT);
    if (!slab)
        return false;
    pool->slabs[pool->slab_count++] = slab;
    for (uint32_t i = per_slab; i-- > 0;) {
        uint32_t number = pool->head_count + i;
        head_at(pool, number)->number = pool->free_head;
        pool->free_head = number;
    }
    pool->head_count += per_slab;
    return true;
}

struct head *head_take(struct head_pool *pool)
{
    if (pool->free_head == HEAD_NONE && !add_heads(pool))
        return NULL;
    uint32_t number = pool->free_head;
    struct head *head = head_at(pool, number);
    pool->free_head = head->number;
    /* Marks, own bytes and stretches hold nothing that their counts do not tell of. */
    memset(head, 0, offsetof(struct head, marks));
    head->number = number;
    head->block = head->own;
    head->block_class = HEAD_CLASSES;
    head->is_fresh = true;
    enter_queue(pool, head);
    return head;
}

static void put_block(struct head_pool *pool, unsigned block_class, uint8_t *block)
{
    if (block_class == HEAD_CLASSES)
        return;
    memcpy(block, &pool->free_block[block_class], sizeof(void *));
    pool->free_block[block_class] = block;
}

static bool add_blocks(struct head_pool *pool, unsigned block_class)
{
    uint8_t *slab = arena_get(&pool->arena, BLOCK_SLAB);
    if (!slab)
        return false;
    uint32_t size = class_size[block_class];
    for (uint32_t at = 0; at < BLOCK_SLAB; at += size)
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
    put_block(pool, head->block_class, head->block);
    leave_queue(pool, head);
    uint32_t number = head->number;
    head->number = pool->free_head;
    pool->free_head = number;
}

/* ---- bytes ------------------------------------------------------------------------------- */

static uint32_t at_most(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* How far a side's bytes reach, the waiting stretches included. */
static uint32_t extent(const struct head *head, unsigned direction)
{
    const struct head_side *side = &head->side[direction];
    uint32_t end = side->size;
    for (unsigned i = 0; i < side->island_count; i++) {
        if (head->islands[direction][i].to > end)
            end = head->islands[direction][i].to;
    }
    return end;
}

/* The smallest class that holds so much. */
static unsigned class_for(uint32_t size)
{
    unsigned block_class = 0;
    if (size <= HEAD_OWN)
        return HEAD_CLASSES;
    while (class_size[block_class] < size)
        block_class++;
    return block_class;
}

/* Gives `direction` room for `need` bytes. Who spoke first begins the block, the other's bytes
 * follow its room; the side that grows gets all that the other does not use. Where stretches will
 * have to wait, the bytes leave the head's own room to them. */
static bool make_room(struct head_pool *pool, struct head *head, unsigned direction, uint32_t need,
                      bool has_gaps)
{
    if (head->side[!direction].capacity == 0)
        head->front = (uint8_t)direction;
    struct head_side *front = &head->side[head->front], *back = &head->side[!head->front];
    bool is_front = direction == head->front;
    uint32_t front_size = extent(head, head->front), back_size = extent(head, !head->front);
    uint32_t kept = is_front ? back_size : front_size;
    unsigned block_class = head->block_class;
    uint8_t *block = head->block;
    if (class_size[block_class] < kept + need || (has_gaps && block_class == HEAD_CLASSES)) {
        block_class = has_gaps && kept + need <= HEAD_OWN ? 0 : class_for(kept + need);
        block = take_block(pool, block_class);
        if (!block)
            return false;
        memcpy(block, head->block, front_size);
    }
    uint32_t room = at_most(class_size[block_class] - kept, HEAD_LIMIT);
    uint32_t back_at = is_front ? room : front_size;
    if (back_size && block + back_at != head->block + back->offset)
        memmove(block + back_at, head->block + back->offset, back_size);
    if (block != head->block)
        put_block(pool, head->block_class, head->block);
    head->block = block;
    head->block_class = (uint8_t)block_class;
    front->capacity = (uint16_t)back_at;
    back->offset = (uint16_t)back_at;
    back->capacity = (uint16_t)(is_front ? back_size : room);
    return true;
}

/* Copies what no stretch holds yet. */
static void copy_new(const struct head *head, unsigned direction, uint32_t from,
                     const uint8_t *data, uint32_t to)
{
    const struct head_side *side = &head->side[direction];
    uint8_t *bytes = head->block + side->offset;
    uint32_t at = from;
    while (at < to) {
        uint32_t held = at < side->size ? side->size : at, next = to;
        for (unsigned i = 0; i < side->island_count; i++) {
            const struct head_stretch *island = &head->islands[direction][i];
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
static bool add_island(struct head *head, unsigned direction, uint32_t from, uint32_t to)
{
    struct head_side *side = &head->side[direction];
    struct head_stretch *islands = head->islands[direction];
    for (unsigned i = 0; i < side->island_count;) {
        struct head_stretch *island = &islands[i];
        if (island->from <= to && from <= island->to) {
            from = at_most(from, island->from);
            to = to > island->to ? to : island->to;
            *island = islands[--side->island_count];
            i = 0;
            continue;
        }
        i++;
    }
    if (side->island_count == HEAD_ISLANDS)
        return false;
    islands[side->island_count++] = (struct head_stretch){(uint16_t)from, (uint16_t)to};
    return true;
}

/* What waits and now touches the bytes in order joins them. */
static void join_islands(struct head *head, unsigned direction)
{
    struct head_side *side = &head->side[direction];
    struct head_stretch *islands = head->islands[direction];
    for (unsigned i = 0; i < side->island_count;) {
        struct head_stretch *island = &islands[i];
        if (island->from > side->size) {
            i++;
            continue;
        }
        if (island->to > side->size)
            side->size = island->to;
        *island = islands[--side->island_count];
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
    bool has_gaps = offset > side->size && head->block_class == HEAD_CLASSES;
    if (head->is_fresh && offset == 0 && end <= HEAD_OWN) { /* most heads never hold more */
        head->front = (uint8_t)direction;
        side->capacity = HEAD_OWN;
    }
    head->is_fresh = false;
    if ((end > side->capacity || has_gaps) && !make_room(pool, head, direction, end, has_gaps))
        return false;
    if (offset == side->size && side->island_count == 0) { /* nearly always */
        memcpy(head->block + side->offset + offset, bytes, end - offset);
        side->size = (uint16_t)end;
        return true;
    }
    if (offset > side->size && side->island_count == HEAD_ISLANDS)
        return true; /* too many gaps already: a retransmission will bring it, or nothing */
    copy_new(head, direction, offset, bytes, end);
    if (offset > side->size) {
        add_island(head, direction, offset, end);
        return true;
    }
    if (end > side->size)
        side->size = (uint16_t)end;
    join_islands(head, direction);
    return true;
}

bool head_skip_past_gap(struct head *head, unsigned direction)
{
    struct head_side *side = &head->side[direction];
    struct head_stretch *islands = head->islands[direction];
    if (side->island_count == 0)
        return false;
    unsigned first = 0;
    for (unsigned i = 1; i < side->island_count; i++) {
        if (islands[i].from < islands[first].from)
            first = i;
    }
    uint16_t from = islands[first].from;
    uint8_t *start = head->block + side->offset;
    memmove(start, start + from, extent(head, direction) - from);
    side->base += from;
    side->size = 0;
    for (unsigned i = 0; i < side->island_count; i++) {
        islands[i].from = (uint16_t)(islands[i].from - from);
        islands[i].to = (uint16_t)(islands[i].to - from);
    }
    side->is_missing = true;
    side->from_syn = false;
    join_islands(head, direction);
    return true;
}

bool head_skip_gap(struct head *head, unsigned direction)
{
    return head->side[direction].size == 0 && head_skip_past_gap(head, direction);
}
