/* SPDX-License-Identifier: MIT */
#include "flow/expected.h"

enum { PLACES = 4096, PROBES = 8 };

void expected_init(struct expected_table *table, struct memory *memory, const uint64_t secret[2])
{
    *table = (struct expected_table){.memory = memory, .secret = {secret[0], secret[1]}};
}

void expected_free(struct expected_table *table)
{
    if (table->places)
        memory_put(table->memory, table->places, PLACES * sizeof *table->places);
    table->places = NULL;
}

static bool is_same(const struct endpoint *a, const struct endpoint *b)
{
    return a->address[0] == b->address[0] && a->address[1] == b->address[1] &&
           a->domain == b->domain && a->port == b->port && a->ip_protocol == b->ip_protocol &&
           a->is_v6 == b->is_v6;
}

static uint32_t home_of(const struct expected_table *table, const struct endpoint *at)
{
    uint64_t mixed =
        hash_fold(at->address[0] ^ table->secret[0], at->address[1] ^ table->secret[1]);
    return (uint32_t)hash_finish(mixed, hash_rest(at->domain, at->port, at->is_v6, at->ip_protocol),
                                 table->secret) %
           PLACES;
}

/* The same endpoint's place, else an empty or expired one, else the one that expires first. */
void expected_add(struct expected_table *table, const struct expected *expected, uint64_t now)
{
    if (!table->places)
        table->places = memory_get(table->memory, PLACES * sizeof *table->places, 64);
    if (!table->places)
        return;
    uint32_t home = home_of(table, &expected->at);
    struct expected *best = &table->places[home];
    for (uint32_t i = 0; i < PROBES; i++) {
        struct expected *place = &table->places[(home + i) % PLACES];
        if (place->expires > now && is_same(&place->at, &expected->at)) {
            best = place;
            break;
        }
        if (place->expires < best->expires)
            best = place;
    }
    *best = *expected;
    uint16_t port = expected->at.port % EXPECTED_PORTS;
    table->ports[port / 64] |= UINT64_C(1) << port % 64;
}

const struct expected *expected_find(const struct expected_table *table, const struct endpoint *at,
                                     uint64_t now)
{
    if (!table->places)
        return NULL;
    uint32_t home = home_of(table, at);
    for (uint32_t i = 0; i < PROBES; i++) {
        const struct expected *place = &table->places[(home + i) % PLACES];
        if (place->expires == 0)
            return NULL; /* places are overwritten, never emptied */
        if (place->expires >= now && is_same(&place->at, at))
            return place;
    }
    return NULL;
}
