/* SPDX-License-Identifier: MIT */
#include "engine/note.h"

#include <string.h>

enum { SLAB = 32 * 1024, PER_SLAB = SLAB / sizeof(struct note), LOOKS = 16 };

void note_pool_init(struct note_pool *pool, struct memory *memory, uint64_t limit)
{
    *pool = (struct note_pool){.memory = memory, .limit = limit, .free_note = NOTE_NONE};
    pool->slab_room = (uint32_t)(limit / SLAB);
}

void note_pool_free(struct note_pool *pool)
{
    for (uint32_t i = 0; i < pool->slab_count; i++)
        memory_put(pool->memory, pool->slabs[i], SLAB);
    if (pool->slabs)
        memory_put(pool->memory, pool->slabs, pool->slab_room * sizeof(uint8_t *));
    pool->slabs = NULL;
    pool->slab_count = 0;
}

struct note *note_at(const struct note_pool *pool, uint32_t number)
{
    return (struct note *)(void *)pool->slabs[number / PER_SLAB] + number % PER_SLAB;
}

static bool add_slab(struct note_pool *pool)
{
    if (pool->slab_count == pool->slab_room)
        return false;
    if (!pool->slabs)
        pool->slabs = memory_get(pool->memory, pool->slab_room * sizeof(uint8_t *), 64);
    uint8_t *slab = pool->slabs ? memory_get(pool->memory, SLAB, 4096) : NULL;
    if (!slab)
        return false;
    pool->slabs[pool->slab_count++] = slab;
    for (uint32_t i = PER_SLAB; i-- > 0;) {
        uint32_t number = (pool->slab_count - 1) * PER_SLAB + i;
        struct note *note = note_at(pool, number);
        note->number = number;
        note->next = pool->free_note;
        pool->free_note = number;
    }
    return true;
}

struct note *note_take(struct note_pool *pool)
{
    if (pool->free_note == NOTE_NONE && !add_slab(pool))
        return NULL;
    struct note *note = note_at(pool, pool->free_note);
    uint32_t number = note->number;
    pool->free_note = note->next;
    memset(note, 0, sizeof *note);
    note->number = number;
    return note;
}

struct note *note_oldest(struct note_pool *pool)
{
    uint32_t count = pool->slab_count * (uint32_t)PER_SLAB;
    for (unsigned i = 0; i < LOOKS && count; i++) {
        struct note *note = note_at(pool, pool->hand++ % count);
        if (!note->then && !*note->rule)
            return note;
    }
    return NULL;
}

void note_release(struct note_pool *pool, struct note *note)
{
    note->next = pool->free_note;
    pool->free_note = note->number;
}
