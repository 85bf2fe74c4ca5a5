/* SPDX-License-Identifier: MIT */
#include "core/arena.h"

enum { LARGE_CHUNK = 2 * 1024 * 1024, SMALL_CHUNK = 64 * 1024, LEAST_CHUNKS = 16 };

/* A free run says so in its own first bytes. */
struct arena_run {
    struct arena_run *next;
    size_t size;
};

struct arena_chunk {
    struct arena_chunk *next;
    void *start;
    size_t size;
};

void arena_init(struct arena *arena, struct memory *memory, uint64_t limit)
{
    size_t chunk = LARGE_CHUNK;
    while (chunk > SMALL_CHUNK && chunk * LEAST_CHUNKS > limit)
        chunk /= 2;
    *arena = (struct arena){.memory = memory, .limit = limit, .chunk_size = chunk};
}

void arena_free(struct arena *arena)
{
    while (arena->chunks) {
        struct arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        memory_put(arena->memory, chunk->start, chunk->size);
        memory_put(arena->memory, chunk, sizeof *chunk);
    }
    *arena = (struct arena){0};
}

static const uint8_t *end_of(const struct arena_run *run)
{
    return (const uint8_t *)run + run->size;
}

void arena_put(struct arena *arena, void *block, size_t size)
{
    struct arena_run *run = block, *before = NULL, *after = arena->free;
    while (after && after < run) {
        before = after;
        after = after->next;
    }
    *run = (struct arena_run){.next = after, .size = size};
    if (after && end_of(run) == (const uint8_t *)after) {
        run->size += after->size;
        run->next = after->next;
    }
    if (!before) {
        arena->free = run;
    } else if (end_of(before) == (const uint8_t *)run) {
        before->size += run->size;
        before->next = run->next;
        run = before;
    } else {
        before->next = run;
    }
    if (run->size > arena->largest)
        arena->largest = run->size;
}

/* One more chunk, or as many as a large run needs. */
static bool add_chunk(struct arena *arena, size_t size)
{
    size_t whole = (size + arena->chunk_size - 1) / arena->chunk_size * arena->chunk_size;
    if (arena->used + whole > arena->limit)
        return false;
    struct arena_chunk *chunk = memory_get(arena->memory, sizeof *chunk, 8);
    void *start = chunk ? memory_get(arena->memory, whole, arena->chunk_size) : NULL;
    if (!start) {
        memory_put(arena->memory, chunk, sizeof *chunk);
        return false;
    }
    *chunk = (struct arena_chunk){.next = arena->chunks, .start = start, .size = whole};
    arena->chunks = chunk;
    arena->used += whole;
    arena_put(arena, start, whole);
    return true;
}

/* The smallest run that is large enough: the others stay whole for who needs them. */
static struct arena_run **best_fit(struct arena *arena, size_t size)
{
    struct arena_run **best = NULL;
    size_t largest = 0;
    if (size > arena->largest)
        return NULL;
    for (struct arena_run **at = &arena->free; *at; at = &(*at)->next) {
        largest = (*at)->size > largest ? (*at)->size : largest;
        if ((*at)->size >= size && (!best || (*at)->size < (*best)->size))
            best = at;
    }
    arena->largest = largest;
    return best;
}

void *arena_get(struct arena *arena, size_t size)
{
    struct arena_run **best = best_fit(arena, size);
    if (!best && add_chunk(arena, size))
        best = best_fit(arena, size);
    if (!best)
        return NULL;
    struct arena_run *run = *best;
    if (run->size == size) {
        *best = run->next;
    } else {
        struct arena_run *rest = (struct arena_run *)(void *)((uint8_t *)run + size);
        *rest = (struct arena_run){.next = run->next, .size = run->size - size};
        *best = rest;
    }
    return run;
}
