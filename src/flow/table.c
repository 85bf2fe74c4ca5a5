/* SPDX-License-Identifier: MIT */
#include "flow/table.h"

#include <string.h>

_Static_assert(sizeof(struct hot) == 24, "an IPv4 record is 8 bytes of addresses and 24 of state");
_Static_assert(sizeof(struct cold) == COLD_SIZE, "a cold record is one cache line");

enum { PAGE = ARENA_PAGE, FIRST_PAGES = 1 };

/* How many pages a segment has after `pages`: doubling while small, by a half, a quarter and then
 * an eighth when large, so that a large table is never much larger than it must be. */
static size_t next_pages(size_t pages)
{
    size_t power = 1;
    while (power * 2 <= pages)
        power *= 2;
    if (power < 16)
        return power * 2;
    if (power < 64)
        return pages == power ? power + power / 2 : power * 2;
    return pages + power / (power < 128 ? 4 : 8);
}

static size_t tags_size(uint32_t capacity)
{
    return ((size_t)capacity + TAG_GROUP + 63) & ~(size_t)63; /* what follows begins on a line */
}

static void layout(const struct table *table, struct segment *s, uint8_t *memory, size_t pages)
{
    uint32_t each = table->record_size + COLD_SIZE + 1;
    s->memory = memory;
    s->size = pages * PAGE;
    s->capacity = (uint32_t)((s->size - TAG_GROUP - 64) / each);
    if (!table->is_v6)
        s->capacity &= ~1u; /* the cold array begins on a line of its own */
    s->limit = s->capacity - s->capacity / 5;
    s->tags = memory;
    s->records = memory + tags_size(s->capacity);
    s->cold = (struct cold *)(void *)(s->records + (size_t)s->capacity * table->record_size);
}

/* A record is written when it is taken: nothing but the tags must be cleared. */
static void clear(struct segment *s)
{
    memset(s->tags, 0, tags_size(s->capacity));
}

static void set_tag(struct segment *s, uint32_t slot, uint8_t tag)
{
    s->tags[slot] = tag;
    if (slot < TAG_GROUP)
        s->tags[s->capacity + slot] = tag;
}

static bool allocate(struct table *table, struct segment *s, size_t pages)
{
    uint8_t *memory = arena_get(table->arena, pages * PAGE);
    if (!memory)
        return false;
    layout(table, s, memory, pages);
    clear(s);
    return true;
}

static void release(struct table *table, const struct segment *s)
{
    arena_put(table->arena, s->memory, s->size);
}

bool table_init(struct table *table, struct arena *arena, bool is_v6, const uint64_t *hash_key,
                uint64_t expected)
{
    table->arena = arena;
    table->is_v6 = is_v6;
    table->record_size = is_v6 ? RECORD_V6 : RECORD_V4;
    table->hash_key = hash_key;
    size_t pages = FIRST_PAGES;
    uint64_t each = expected / SEGMENTS * 5 / 4 + (expected ? 32 : 0);
    while (pages * PAGE / (table->record_size + COLD_SIZE) < each)
        pages = next_pages(pages);
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        if (!allocate(table, &table->segments[i], pages)) {
            table_free(table);
            return false;
        }
    }
    return true;
}

void table_free(struct table *table)
{
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        if (table->segments[i].memory)
            release(table, &table->segments[i]);
        table->segments[i] = (struct segment){0};
    }
}

static uint32_t find(const struct table *table, const struct flow_key *key, uint64_t hash,
                     uint32_t *vacant)
{
    const struct segment *s = &table->segments[hash_segment(hash)];
    return table->is_v6 ? segment_find(s, key, hash, true, vacant)
                        : segment_find(s, key, hash, false, vacant);
}

uint32_t table_find(const struct table *table, const struct flow_key *key, uint64_t hash)
{
    uint32_t vacant;
    return find(table, key, hash, &vacant);
}

uint32_t segment_next(const struct segment *s, uint32_t slot)
{
    for (; slot < s->capacity; slot += TAG_GROUP) {
        uint32_t held = ~tags_equal(s->tags + slot, 0) & 0xffff;
        if (held) {
            slot += (uint32_t)__builtin_ctz(held);
            break;
        }
    }
    return slot < s->capacity ? slot : s->capacity; /* past it the first tags stand again */
}

uint32_t table_find_owner(const struct table *table, uint64_t hash, uint32_t head, bool is_note)
{
    const struct segment *s = &table->segments[hash_segment(hash)];
    for (uint32_t slot = hash_home(hash, s->capacity); s->tags[slot];
         slot = slot_after(s, slot, 1)) {
        const struct hot *hot = slot_hot(s, slot, table->is_v6);
        if (hot->head == head && !(hot->bits & FLOW_HAS_NOTE) == !is_note)
            return slot;
    }
    return NO_SLOT;
}

struct flow_key table_key(const struct table *table, uint32_t segment, uint32_t slot)
{
    uint8_t *record = table_record(table, segment, slot);
    const struct hot *hot = record_hot(table, record);
    struct flow_key key;
    memset(&key, 0, sizeof key);
    memcpy(&key.address, record, table->is_v6 ? 32 : 8);
    key.port[0] = hot->port[0];
    key.port[1] = hot->port[1];
    key.domain = hot->domain;
    key.ip_protocol = hot->ip_protocol;
    key.is_v6 = table->is_v6;
    return key;
}

/* Of the key that stands in a record. */
static inline uint64_t record_hash(const struct table *table, const uint8_t *record, bool is_v6)
{
    const struct hot *hot = (const struct hot *)(const void *)(record + (is_v6 ? 32 : 8));
    uint64_t words[4], ports;
    memcpy(words, record, is_v6 ? 32 : 8);
    memcpy(&ports, hot, sizeof ports);
    uint64_t mixed = is_v6 ? hash_v6(words, words + 2, table->hash_key) : words[0];
    return hash_flow(mixed, ports, hot->ip_protocol, table->hash_key);
}

static uint32_t first_vacant(const struct segment *s, uint64_t hash)
{
    uint32_t at = hash_home(hash, s->capacity), vacant;
    while (!(vacant = tags_equal(s->tags + at, 0)))
        at = slot_after(s, at, TAG_GROUP);
    return slot_after(s, at, (uint32_t)__builtin_ctz(vacant));
}

/* Copies every record of `old` into the larger segment, in order. */
static inline void copy_records(const struct table *table, struct segment *s,
                                const struct segment *old, bool is_v6)
{
    const size_t size = is_v6 ? RECORD_V6 : RECORD_V4;
    for (uint32_t i = 0; i < old->capacity; i++) {
        if (!old->tags[i])
            continue;
        const uint8_t *record = old->records + i * size;
        uint32_t slot = first_vacant(s, record_hash(table, record, is_v6));
        memcpy(s->records + slot * size, record, size);
        s->cold[slot] = old->cold[i];
        set_tag(s, slot, old->tags[i]);
    }
}

static void rehash(const struct table *table, struct segment *s, const struct segment *old)
{
    if (table->is_v6)
        copy_records(table, s, old, true);
    else
        copy_records(table, s, old, false);
}

bool table_make_room(struct table *table, uint64_t hash)
{
    uint32_t index = hash_segment(hash);
    struct segment *s = &table->segments[index];
    if (s->used < s->limit)
        return true;
    struct segment old = *s;
    if (!allocate(table, s, next_pages(old.size / PAGE)))
        return false;
    rehash(table, s, &old);
    s->changes++;
    s->hand = 0;
    release(table, &old);
    return true;
}

static inline void write_record(const struct flow_place *p, const struct flow_key *key, bool is_v6)
{
    memcpy((uint8_t *)p->hot - (is_v6 ? 32 : 8), &key->address, is_v6 ? 32 : 8);
    *p->hot = (struct hot){.port = {key->port[0], key->port[1]},
                           .domain = key->domain,
                           .head = NO_HEAD,
                           .ip_protocol = key->ip_protocol};
    *p->cold = (struct cold){0};
}

void table_insert(struct flow_place *place, const struct flow_key *key, uint64_t hash)
{
    struct table *table = place->table;
    struct segment *s = &table->segments[place->segment];
    if (place->slot == NO_SLOT)
        place->slot = first_vacant(s, hash);
    place->hot = slot_hot(s, place->slot, table->is_v6);
    place->cold = &s->cold[place->slot];
    if (table->is_v6)
        write_record(place, key, true);
    else
        write_record(place, key, false);
    set_tag(s, place->slot, hash_tag(hash));
    s->used++;
    table->used++;
    s->changes++;
}

void table_remove(struct table *table, uint32_t segment, uint32_t slot)
{
    struct segment *s = &table->segments[segment];
    uint32_t hole = slot, next = slot;
    while (s->tags[next = slot_after(s, next, 1)]) {
        const uint8_t *record = table_record(table, segment, next);
        uint32_t home = hash_home(record_hash(table, record, table->is_v6), s->capacity);
        uint32_t from_home = (next + s->capacity - home) % s->capacity;
        uint32_t from_hole = (next + s->capacity - hole) % s->capacity;
        if (from_home < from_hole)
            continue; /* it would stand before its home */
        memcpy(table_record(table, segment, hole), table_record(table, segment, next),
               table->record_size);
        s->cold[hole] = s->cold[next];
        set_tag(s, hole, s->tags[next]);
        hole = next;
    }
    set_tag(s, hole, 0);
    s->used--;
    table->used--;
    s->changes++;
}

void table_empty(struct table *table, uint32_t segment)
{
    struct segment *s = &table->segments[segment];
    clear(s);
    table->used -= s->used;
    s->used = 0;
    s->changes++;
}

/* Lower goes first: one packet, then settled, then undecided. */
static uint32_t worth(const struct hot *hot)
{
    if (hot->bits & FLOW_ONE_PACKET)
        return 0;
    enum flow_state state = hot_state(hot);
    return state == FLOW_INSPECTING || state == FLOW_PARTIAL ? 2 : 1;
}

uint32_t table_choose_victim(struct table *table, uint32_t segment, uint32_t now)
{
    struct segment *s = &table->segments[segment];
    uint32_t best = NO_SLOT, best_worth = UINT32_MAX, best_idle = 0, slot = s->hand;
    uint32_t seen = 0;
    for (uint32_t i = 0; i < s->capacity && seen < EVICTION_WINDOW; i++) {
        if (slot >= s->capacity)
            slot = 0;
        if (s->tags[slot]) {
            const struct hot *hot = slot_hot(s, slot, table->is_v6);
            uint32_t idle = now - hot->last;
            seen++;
            if (worth(hot) < best_worth || (worth(hot) == best_worth && idle > best_idle)) {
                best = slot;
                best_worth = worth(hot);
                best_idle = idle;
            }
        }
        slot++;
    }
    s->hand = slot;
    return best;
}
