/* SPDX-License-Identifier: MIT */
/*
 * Runs of pages out of large chunks. What grows piece by piece, as a table's segments do, would lie
 * on thousands of small pages, and each look-up would first have to find out where its page is. A
 * chunk is a large page where the system gives them, and its pages are used again by whoever grows
 * next: no page is asked for twice.
 */
#ifndef CDPI_CORE_ARENA_H
#define CDPI_CORE_ARENA_H

#include <stdbool.h>

#include "core/memory.h"

enum { ARENA_PAGE = 4096 };

struct arena_run;
struct arena_chunk;

struct arena {
    struct memory *memory;
    uint64_t limit, used; /* bytes, in whole chunks */
    size_t chunk_size;
    struct arena_run *free; /* by address; neighbours are one run */
    size_t largest;         /* no free run is larger; so that a refusal costs no search */
    struct arena_chunk *chunks;
};

/* Takes nothing yet. */
void arena_init(struct arena *arena, struct memory *memory, uint64_t limit);
void arena_free(struct arena *arena);

/* A run of this many bytes, a multiple of ARENA_PAGE, with whatever was in it before; NULL at the
 * limit. */
void *arena_get(struct arena *arena, size_t size);
void arena_put(struct arena *arena, void *run, size_t size);

#endif
