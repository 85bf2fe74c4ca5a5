/* SPDX-License-Identifier: MIT */
/*
 * The flow table: open addressing with inline records and no pointers.
 *
 * A hot record is 32 bytes for IPv4 and 64 for IPv6: the key, the time of the last packet, the
 * state, the verdict, the number of the head. Beside it, at the same place of parallel arrays,
 * stand 64 cold bytes (counters, times, evidence) and a few bits of the hash, the tag. Tags are
 * small enough to stay in the cache, and sixteen are compared at once: they tell where a flow is,
 * or that it is new, before its record's line is asked for.
 *
 * The table is cut into 256 segments by the hash's top bits. Each is one allocation, full to four
 * fifths at the most, and grows alone: there is no doubled peak and no pause. A record's home is
 * its hash scaled to the segment's size, so records lie in the order of their hashes, and growing
 * is one pass from front to back. Removing shifts back what follows: there are no tombstones.
 */
#ifndef CDPI_FLOW_TABLE_H
#define CDPI_FLOW_TABLE_H

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "core/arena.h"
#include "decode/packet.h"

enum {
    SEGMENTS = 256,
    COLD_SIZE = 64,
    RECORD_V4 = 32,
    RECORD_V6 = 64,
    TAG_GROUP = 16,
    EVICTION_WINDOW = 64
};

#define NO_HEAD UINT32_MAX
#define NO_SLOT UINT32_MAX

/* Bits of hot.bits. */
enum {
    FLOW_CLIENT_IS_HIGH = 1 << 0, /* the client is the key's second endpoint */
    FLOW_SIDES_CERTAIN = 1 << 1,  /* by SYN or SYN/ACK */
    FLOW_FIN_LOW = 1 << 2,        /* sent by the first endpoint */
    FLOW_FIN_HIGH = 1 << 3,
    FLOW_CLOSED = 1 << 4,   /* FIN from both, or RST: lingers */
    FLOW_PAYLOAD = 1 << 5,  /* some has been seen */
    FLOW_CERTAIN = 1 << 6,  /* confidence of the verdict */
    FLOW_APART = 1 << 7,    /* the sides claim two protocols */
    FLOW_SYN_SEEN = 1 << 8, /* cold.isn[client] holds */
    FLOW_STATE_SHIFT = 9,   /* three bits of enum flow_state */
    FLOW_STATE_BITS = 7 << FLOW_STATE_SHIFT,
    FLOW_HAS_NOTE = 1 << 12,    /* hot.head is a note's number instead of a head's */
    FLOW_SYNACK_SEEN = 1 << 13, /* cold.isn[server] holds */
    FLOW_ONE_PACKET = 1 << 14
};

enum flow_state {
    FLOW_SILENT = 0, /* no payload yet */
    FLOW_INSPECTING,
    FLOW_PARTIAL,  /* a likely verdict that may still change */
    FLOW_FOLLOWED, /* final, and its payload is handed to a follower */
    FLOW_SETTLED,  /* final */
    FLOW_GIVEN_UP
};

/* The last 24 bytes of a hot record; the addresses stand before it. */
struct hot {
    uint16_t port[2];
    uint32_t domain;
    uint32_t last;        /* milliseconds of packet time, wrapping */
    uint32_t head;        /* NO_HEAD, or a head, or a note */
    uint16_t verdict;     /* catalog number, or 0 */
    uint16_t application; /* catalog number, or 0 */
    uint8_t ip_protocol;
    uint8_t source; /* index of the module that gave the verdict */
    uint16_t bits;
};

struct cold {
    uint64_t start; /* microseconds since 1970 */
    uint64_t user;
    uint32_t packets[2]; /* by direction of the key; low 32 of 40 bits */
    uint32_t bytes[2];   /* low 32 of 48 bits */
    uint8_t packets_high[2];
    uint16_t duration_high; /* microseconds from start to the last packet, 48 bits */
    uint16_t bytes_high[2];
    uint32_t duration_low;
    uint32_t isn[2]; /* the sequence numbers of client's and server's SYN */
    uint16_t rule;   /* number of the evidence's rule */
    uint16_t evidence_offset;
    uint16_t evidence_size : 15;
    uint16_t evidence_side : 1;
    uint8_t evidence_packet;
    uint8_t heard : 2; /* bits of sides that the verdict rests on */
    uint8_t end_reason : 3;
    uint8_t unused : 3;
    uint16_t vlan;
    uint16_t client_claim; /* with FLOW_APART: what the client's side says; the verdict is the
                              server's */
};

static inline uint64_t cold_packets(const struct cold *c, unsigned direction)
{
    return (uint64_t)c->packets_high[direction] << 32 | c->packets[direction];
}

static inline uint64_t cold_bytes(const struct cold *c, unsigned direction)
{
    return (uint64_t)c->bytes_high[direction] << 32 | c->bytes[direction];
}

static inline uint64_t cold_end(const struct cold *c)
{
    return c->start + ((uint64_t)c->duration_high << 32 | c->duration_low);
}

static inline void cold_count(struct cold *c, unsigned direction, uint32_t bytes, uint64_t time)
{
    uint64_t duration = time - c->start;
    if (++c->packets[direction] == 0)
        c->packets_high[direction]++;
    c->bytes[direction] += bytes;
    if (c->bytes[direction] < bytes)
        c->bytes_high[direction]++;
    c->duration_low = (uint32_t)duration;
    c->duration_high = (uint16_t)(duration >> 32);
}

struct segment {
    uint8_t *tags; /* one a slot, 0 where it is free; the first TAG_GROUP stand again at the end */
    uint8_t *records;
    struct cold *cold;
    uint32_t capacity, used, limit;
    uint32_t hand;    /* the clock hand of eviction */
    uint32_t changes; /* counts what may move a record: insertions, removals, growth */
    uint8_t *memory;
    size_t size;
};

struct table {
    struct segment segments[SEGMENTS];
    struct arena *arena; /* shared by an engine's tables */
    const uint64_t *hash_key;
    uint32_t *moves; /* counts what moves records: removals and growth */
    uint32_t record_size;
    bool is_v6;
    uint64_t used;
};

/* A place in a table; valid until something is inserted or removed. */
struct flow_place {
    struct table *table;
    uint32_t segment, slot;
    struct hot *hot;
    struct cold *cold;
};

/* `moves` is shared by an engine's tables, too. */
bool table_init(struct table *table, struct arena *arena, bool is_v6, const uint64_t *hash_key,
                uint32_t *moves, uint64_t expected);
void table_free(struct table *table);

static inline uint8_t *table_record(const struct table *table, uint32_t segment, uint32_t slot)
{
    return table->segments[segment].records + ((size_t)slot << (table->is_v6 ? 6 : 5));
}

static inline struct hot *record_hot(const struct table *table, uint8_t *record)
{
    return (struct hot *)(void *)(record + (table->is_v6 ? 32 : 8));
}

static inline struct flow_place place_at(struct table *table, uint32_t segment, uint32_t slot)
{
    return (struct flow_place){table, segment, slot,
                               record_hot(table, table_record(table, segment, slot)),
                               &table->segments[segment].cold[slot]};
}

static inline struct hot *place_hot(const struct flow_place *p)
{
    return p->hot;
}

static inline struct cold *place_cold(const struct flow_place *p)
{
    return p->cold;
}

static inline uint32_t hash_segment(uint64_t hash)
{
    return (uint32_t)(hash >> 56);
}

static inline uint32_t hash_home(uint64_t hash, uint32_t capacity)
{
    return (uint32_t)((hash & UINT32_MAX) * capacity >> 32);
}

/* Eight bytes of a record or key at a time: a call of memcmp would cost more than the
 * comparison. */
static inline bool words_match(const void *a, const void *b, unsigned count)
{
    uint64_t difference = 0;
    for (unsigned i = 0; i < count; i++) {
        uint64_t x, y;
        memcpy(&x, (const uint8_t *)a + i * 8u, 8);
        memcpy(&y, (const uint8_t *)b + i * 8u, 8);
        difference |= x ^ y;
    }
    return difference == 0;
}

/* The addresses stand before the hot part; ports and domain first in it, in the key's order. */
static inline bool hot_matches(const struct hot *hot, const struct flow_key *key, bool is_v6)
{
    const uint8_t *record = (const uint8_t *)hot - (is_v6 ? 32 : 8);
    return words_match(record, &key->address, is_v6 ? 4 : 1) && words_match(hot, key->port, 1) &&
           hot->ip_protocol == key->ip_protocol;
}

/* Never 0. */
static inline uint8_t hash_tag(uint64_t hash)
{
    return (uint8_t)(hash >> 48) | 1;
}

/* Which of the sixteen tags from here on are this one, as bits. */
static inline uint32_t tags_equal(const uint8_t *tags, uint8_t tag)
{
#ifdef __SSE2__
    __m128i group = _mm_loadu_si128((const __m128i *)(const void *)tags);
    __m128i wanted = _mm_set1_epi32((int)(tag * 0x01010101u));
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(group, wanted));
#else
    uint32_t equal = 0;
    for (uint32_t i = 0; i < TAG_GROUP; i++)
        equal |= (uint32_t)(tags[i] == tag) << i;
    return equal;
#endif
}

static inline uint32_t slot_after(const struct segment *s, uint32_t slot, uint32_t steps)
{
    slot += steps;
    return slot >= s->capacity ? slot - s->capacity : slot;
}

static inline struct hot *slot_hot(const struct segment *s, uint32_t slot, bool is_v6)
{
    return (struct hot *)(void *)(s->records + (is_v6 ? (size_t)slot * RECORD_V6 + 32
                                                      : (size_t)slot * RECORD_V4 + 8));
}

/* First pass of a batch: the segment and the place in it where the flow would be; its tags are
 * asked for. */
static inline const struct segment *table_aim(const struct table *table, uint64_t hash,
                                              uint32_t *home)
{
    const struct segment *s = &table->segments[hash >> 56];
    *home = hash_home(hash, s->capacity);
    __builtin_prefetch(s->tags + *home);
    return s;
}

/* Second pass: the slot where by its tag the flow may be; where *is_vacant is not 0, it would go
 * there. NO_SLOT: too far away to say. */
static inline uint32_t segment_glance(const struct segment *s, uint64_t hash, uint32_t home,
                                      uint32_t *is_vacant)
{
    uint32_t same = tags_equal(s->tags + home, hash_tag(hash));
    uint32_t vacant = tags_equal(s->tags + home, 0), either = same | vacant;
    *is_vacant = vacant & either & (0 - either); /* the first of either is a free one */
    return either ? slot_after(s, home, (uint32_t)__builtin_ctz(either)) : NO_SLOT;
}

/* The flow's slot, or NO_SLOT and in *vacant where it would go. The caller says which of the two
 * tables it is, so that sizes are constants. */
static inline uint32_t segment_find(const struct segment *s, const struct flow_key *key,
                                    uint64_t hash, bool is_v6, uint32_t *vacant)
{
    uint8_t tag = hash_tag(hash);
    for (uint32_t at = hash_home(hash, s->capacity);; at = slot_after(s, at, TAG_GROUP)) {
        uint32_t same = tags_equal(s->tags + at, tag), free_ones = tags_equal(s->tags + at, 0);
        if (free_ones) /* what stands behind a free slot is another's */
            same &= (free_ones & (0 - free_ones)) - 1;
        for (; same; same &= same - 1) {
            uint32_t slot = slot_after(s, at, (uint32_t)__builtin_ctz(same));
            if (hot_matches(slot_hot(s, slot, is_v6), key, is_v6))
                return slot;
        }
        if (free_ones) {
            *vacant = slot_after(s, at, (uint32_t)__builtin_ctz(free_ones));
            return NO_SLOT;
        }
    }
}

/* The first slot from here on that holds a record; the segment's capacity where there is none. */
uint32_t segment_next(const struct segment *s, uint32_t slot);

/* Where the flow is, or NO_SLOT. */
uint32_t table_find(const struct table *table, const struct flow_key *key, uint64_t hash);

/* Where the flow of this hash is that owns this head (or note), or NO_SLOT. */
uint32_t table_find_owner(const struct table *table, uint64_t hash, uint32_t head, bool is_note);

static inline bool table_has_room(const struct table *table, uint64_t hash)
{
    const struct segment *s = &table->segments[hash_segment(hash)];
    return s->used < s->limit;
}

/* Makes room for one more record in the key's segment, growing it where it must. False: the budget
 * has none left; evict something first. */
bool table_make_room(struct table *table, uint64_t hash);

/* A new record, zeroed but for its key. There must be room. `place` has its table, its segment and
 * the slot where segment_find said that it would go, if nothing has changed since; else NO_SLOT. */
void table_insert(struct flow_place *place, const struct flow_key *key, uint64_t hash);

/* Takes the record out; those that follow move back. */
void table_remove(struct table *table, uint32_t segment, uint32_t slot);

/* Takes all records of a segment out. */
void table_empty(struct table *table, uint32_t segment);

/* The record to evict: of a window from the clock hand on, one-packet flows before settled ones
 * before undecided ones, the idlest first. NO_SLOT where the segment is empty. */
uint32_t table_choose_victim(struct table *table, uint32_t segment, uint32_t now);

/* The key of a record, and its hash. */
struct flow_key table_key(const struct table *table, uint32_t segment, uint32_t slot);

static inline enum flow_state hot_state(const struct hot *hot)
{
    return (enum flow_state)(hot->bits >> FLOW_STATE_SHIFT & 7);
}

static inline void hot_set_state(struct hot *hot, enum flow_state state)
{
    hot->bits =
        (uint16_t)((hot->bits & ~(7u << FLOW_STATE_SHIFT)) | (uint32_t)state << FLOW_STATE_SHIFT);
}

#endif
