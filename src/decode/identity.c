/* SPDX-License-Identifier: MIT */
/* Which tunnel is which: the identities behind the domains of inner flows. */
#include "decode/tunnel.h"

enum { LEAST_ROOM = 1024, MOST_ROOM = 1 << 18, MEETINGS = 4096 };
#define UNTOLD 0x40000000u

static size_t bytes_of(uint32_t room)
{
    return room * (sizeof(struct tunnel_identity) + 2 * sizeof(uint32_t));
}

static uint64_t hash_of(const struct tunnel_identity *identity)
{
    uint64_t where = (uint64_t)identity->parent << 8 | identity->kind;
    return hash_fold(identity->id ^ (uint64_t)identity->target << 32 ^ 0x9E3779B97F4A7C15u,
                     where ^ 0xE7037ED1A0B428DBu);
}

static bool is_same(const struct tunnel_identity *a, const struct tunnel_identity *b)
{
    return a->id == b->id && a->parent == b->parent && a->target == b->target && a->kind == b->kind;
}

/* Where it stands in the index, or would. */
static uint32_t *find_place(const struct tunnel_table *table,
                            const struct tunnel_identity *identity)
{
    uint32_t mask = table->room * 2 - 1;
    for (uint32_t at = (uint32_t)hash_of(identity) & mask;; at = (at + 1) & mask) {
        uint32_t number = table->index[at];
        if (number == 0 || is_same(&table->identities[number - 1], identity))
            return &table->index[at];
    }
}

/* Moves into a table for so many; the old one stays where there is no memory. */
static bool make_room(struct tunnel_table *table, uint32_t room)
{
    struct tunnel_table old = *table;
    if (bytes_of(room) > table->limit)
        return false;
    uint8_t *bytes = memory_get(table->memory, bytes_of(room), 64);
    if (!bytes)
        return false;
    table->identities = (struct tunnel_identity *)(void *)bytes;
    table->index = (uint32_t *)(void *)(bytes + room * sizeof *table->identities);
    table->room = room;
    for (uint32_t i = 0; i < table->count; i++) {
        table->identities[i] = old.identities[i];
        *find_place(table, &table->identities[i]) = i + 1;
    }
    if (old.identities)
        memory_put(table->memory, old.identities, bytes_of(old.room));
    return true;
}

bool tunnel_table_init(struct tunnel_table *table, struct memory *memory, uint64_t limit)
{
    table->memory = memory;
    table->limit = limit < bytes_of(MOST_ROOM) ? (uint32_t)limit : (uint32_t)bytes_of(MOST_ROOM);
    return true;
}

void tunnel_table_free(struct tunnel_table *table)
{
    if (table->identities)
        memory_put(table->memory, table->identities, bytes_of(table->room));
    if (table->meetings)
        memory_put(table->memory, table->meetings, MEETINGS * sizeof *table->meetings);
    *table = (struct tunnel_table){0};
}

/* The number of this very identity, or one that tells nothing. */
static uint32_t number_of(struct tunnel_table *table, const struct tunnel_identity *identity)
{
    uint32_t *place = table->room ? find_place(table, identity) : NULL;
    if (place && *place)
        return *place;
    if (table->count == table->room) {
        if (!make_room(table, table->room ? table->room * 2 : LEAST_ROOM))
            return UNTOLD | (uint32_t)(hash_of(identity) >> 34);
        place = find_place(table, identity);
    }
    table->identities[table->count++] = *identity;
    *place = table->count;
    return table->count;
}

uint32_t tunnel_domain(struct tunnel_table *table, const struct tunnel_identity *identity)
{
    uint32_t number = number_of(table, identity);
    const struct tunnel_identity *told = tunnel_identity(table, number);
    return told && told->twin ? told->twin : number;
}

uint32_t tunnel_domain_met(struct tunnel_table *table, const struct tunnel_identity *identity,
                           uint64_t hash, uint8_t direction)
{
    uint32_t number = number_of(table, identity);
    struct tunnel_identity *told = number > table->count ? NULL : &table->identities[number - 1];
    if (!table->meetings)
        table->meetings = memory_get(table->memory, MEETINGS * sizeof *table->meetings, 64);
    if (!told || told->has_twin || !table->meetings)
        return told && told->twin ? told->twin : number;
    struct tunnel_meeting *met = &table->meetings[hash % MEETINGS];
    struct tunnel_identity *other =
        met->number && met->hash == (uint32_t)(hash >> 32) && met->direction != direction
            ? &table->identities[met->number - 1]
            : NULL;
    if (other && !other->has_twin) {
        told->twin = met->number;
        told->has_twin = other->has_twin = true;
        return met->number;
    }
    *met = (struct tunnel_meeting){(uint32_t)(hash >> 32), number, direction};
    return number;
}

const struct tunnel_identity *tunnel_identity(const struct tunnel_table *table, uint32_t domain)
{
    return domain >= 1 && domain <= table->count ? &table->identities[domain - 1] : NULL;
}

unsigned tunnel_depth(const struct tunnel_table *table, uint32_t domain)
{
    const struct tunnel_identity *identity;
    unsigned depth = 0;
    for (; (identity = tunnel_identity(table, domain)) != NULL; domain = identity->parent)
        depth += identity->kind != TUNNEL_NONE;
    return domain >> 30 == 1 ? UINT32_MAX : depth;
}

uint64_t tunnel_mark(const struct tunnel_table *table, uint32_t domain)
{
    const struct tunnel_identity *identity;
    uint64_t mark = 0;
    for (; (identity = tunnel_identity(table, domain)) != NULL; domain = identity->parent) {
        struct tunnel_identity alone = *identity;
        alone.parent = 0;
        mark = hash_fold(mark ^ 0xA0761D6478BD642Fu, hash_of(&alone));
    }
    return hash_fold(mark ^ domain, 0xA0761D6478BD642Fu);
}
