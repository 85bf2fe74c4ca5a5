/* SPDX-License-Identifier: MIT */
/*
 * Notes: what is kept of the few flows that are followed after their verdict, or were announced by
 * another. They come from slabs of their own, up to a share of the budget; then those that have
 * been followed for long are followed no more.
 */
#ifndef CDPI_ENGINE_NOTE_H
#define CDPI_ENGINE_NOTE_H

#include "core/memory.h"
#include "protocols/protocol.h"

#define NOTE_NONE UINT32_MAX

struct note {
    uint64_t hash;         /* of the flow that owns it */
    uint32_t number, next; /* `next` chains the free ones */
    uint16_t then;         /* catalog number of what the flow speaks now, or 0 */
    bool looks_inside;     /* it speaks something else; its payloads are looked at */
    uint8_t looks;         /* how many were */
    bool is_v6;
    char rule[40]; /* "announced by flow ...", or "" */
    struct follow follow;
};

struct note_pool {
    struct memory *memory;
    uint64_t limit, used;
    uint8_t **slabs;
    uint32_t slab_count, slab_room;
    uint32_t free_note;
    uint32_t hand; /* goes around those that are taken, when no more can be had */
};

/* Takes nothing yet: the first note does. */
void note_pool_init(struct note_pool *pool, struct memory *memory, uint64_t limit);
void note_pool_free(struct note_pool *pool);

/* A zeroed note, or NULL. */
struct note *note_take(struct note_pool *pool);
/* When there are none left: the next whose flow is still followed, and says nothing that must be
 * kept; NULL where there is none near. */
struct note *note_oldest(struct note_pool *pool);
void note_release(struct note_pool *pool, struct note *note);
struct note *note_at(const struct note_pool *pool, uint32_t number);

#endif
