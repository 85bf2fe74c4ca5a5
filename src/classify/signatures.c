/* SPDX-License-Identifier: MIT */
#include "classify/signatures.h"

enum {
    BUCKETS = 4096,
    LANES = 4,        /* pairs of bytes that a signature can be filed under */
    ANYWHERE = LANES, /* the list of those that have no such pair */
    SHELVES = 3,      /* TCP, UDP, SCTP */
    WINDOW = 16,      /* bytes of one masked compare */
    LEAST_FIXED_BITS = 2
};
static const uint8_t lane_offset[LANES] = {0, 2, 4, 8};
/* The padded copy of short payloads reaches this far. */
enum { PADDED = 32 };

struct entry {
    uint64_t value[2], mask[2]; /* the window's bytes in memory order */
    uint16_t offset, end;       /* where the window begins; bytes that must be there */
    room_index room;
    uint16_t min_size, max_size; /* datagrams */
    uint16_t length_offset;
    int16_t length_add;
    uint8_t length_width; /* 0: no length field */
    bool length_is_little;
    uint8_t transports;
};

/* What of an entry lies in the payload's first eight bytes: refuses nearly all of a list. */
struct glance {
    uint64_t value, mask;
};

struct lane {
    uint16_t first[BUCKETS + 1]; /* where a bucket's list begins, from the shelf's base on */
};

/* The lists of one transport. */
struct shelf {
    struct lane lanes[LANES];
    uint32_t base;                     /* where the shelf's lists begin in `lists` */
    uint32_t always_first, always_end; /* from the base on: those without a pair */
    uint16_t reach;
};

struct signature_table {
    size_t size_of_all; /* the one allocation that holds everything */
    struct entry *entries;
    struct glance *glances;  /* beside the entries */
    uint16_t *first_of_room; /* a room's entries stand together */
    uint16_t *lists;
    uint16_t entry_count;
    size_t room_count;
    struct shelf shelves[SHELVES];
};

static unsigned shelf_of(uint8_t transport)
{
    return transport == OVER_TCP ? 0 : transport == OVER_UDP ? 1 : 2;
}

/* The first byte's bits stay apart, so that a signature which fixes only some of them is filed
 * under few buckets; the second byte is folded. */
static uint32_t bucket_of(uint32_t pair)
{
    uint32_t second = pair >> 8;
    return (pair & 0xff) << 4 | ((second ^ second >> 4) & 15);
}

static uint8_t mask_byte(const struct signature *s, uint32_t i)
{
    return s->mask ? (uint8_t)s->mask[i] : 0xff;
}

/* The signature's byte and mask at a payload offset; mask 0 outside of it. */
static void byte_at(const struct signature *s, uint32_t offset, uint8_t *value, uint8_t *mask)
{
    *value = *mask = 0;
    if (offset < s->offset || offset >= (uint32_t)s->offset + s->size)
        return;
    *mask = mask_byte(s, offset - s->offset);
    *value = (uint8_t)s->bytes[offset - s->offset] & *mask;
}

static int fixed_bits(const struct signature *s, unsigned lane)
{
    uint8_t value, first, second;
    byte_at(s, lane_offset[lane], &value, &first);
    byte_at(s, lane_offset[lane] + 1u, &value, &second);
    return __builtin_popcount(first) + __builtin_popcount(second);
}

static unsigned best_lane(const struct signature *s)
{
    unsigned best = ANYWHERE;
    int bits = LEAST_FIXED_BITS - 1;
    for (unsigned lane = 0; lane < LANES; lane++) {
        if (fixed_bits(s, lane) > bits) {
            bits = fixed_bits(s, lane);
            best = lane;
        }
    }
    return best;
}

static struct entry compile(const struct signature *s, room_index room)
{
    struct entry e = {.offset = s->offset,
                      .end = (uint16_t)(s->offset + s->size),
                      .room = room,
                      .min_size = s->min_size,
                      .max_size = s->max_size ? s->max_size : UINT16_MAX,
                      .length_offset = s->length.offset,
                      .length_add = s->length.add,
                      .length_width = s->length.width,
                      .length_is_little = s->length.little_endian};
    uint8_t value[WINDOW] = {0}, mask[WINDOW] = {0};
    for (uint32_t i = 0; i < s->size && i < WINDOW; i++) {
        mask[i] = mask_byte(s, i);
        value[i] = (uint8_t)s->bytes[i] & mask[i];
    }
    memcpy(e.value, value, WINDOW);
    memcpy(e.mask, mask, WINDOW);
    return e;
}

/* The buckets that a pair under these masks can fall into, each once. Returns how many. */
static uint32_t list_buckets(const struct signature *s, unsigned lane, uint16_t out[BUCKETS])
{
    uint8_t value[2], mask[2], seen[BUCKETS / 8];
    uint32_t count = 0;
    byte_at(s, lane_offset[lane], &value[0], &mask[0]);
    byte_at(s, lane_offset[lane] + 1u, &value[1], &mask[1]);
    memset(seen, 0, sizeof seen);
    uint32_t fixed = (uint32_t)(value[0] | value[1] << 8),
             open = ~(mask[0] | (uint32_t)mask[1] << 8) & 0xffff;
    uint32_t part = open; /* every subset of the open bits, downwards */
    for (;;) {
        uint32_t bucket = bucket_of(fixed | part);
        if (!(seen[bucket / 8] >> bucket % 8 & 1)) {
            seen[bucket / 8] |= (uint8_t)(1u << bucket % 8);
            out[count++] = (uint16_t)bucket;
        }
        if (part == 0)
            return count;
        part = (part - 1) & open;
    }
}

typedef void each_signature_fn(void *context, const struct cdpi_protocol *protocol,
                               const struct signature *s, room_index room, uint16_t entry);

static uint16_t each_signature(const struct catalog_room *rooms, size_t room_count,
                               each_signature_fn *visit, void *context)
{
    uint16_t count = 0;
    for (size_t room = 0; room < room_count; room++) {
        const struct cdpi_protocol *protocol = rooms[room].protocol;
        for (size_t i = 0; i < protocol->signature_count; i++, count++)
            visit(context, protocol, &protocol->signatures[i], (room_index)room, count);
    }
    return count;
}

static struct glance glance_at(const struct signature *s)
{
    uint8_t value[8], mask[8];
    struct glance g;
    for (uint32_t i = 0; i < 8; i++)
        byte_at(s, i, &value[i], &mask[i]);
    memcpy(&g.value, value, 8);
    memcpy(&g.mask, mask, 8);
    return g;
}

static uint8_t transports_of(const struct signature *s, const struct cdpi_protocol *protocol)
{
    return s->transports ? s->transports : protocol->transports;
}

/* First pass: how long each list will be, in first[bucket + 1]. */
struct sizing {
    struct shelf *shelves;
    uint32_t total;
};

static void count_entry(void *context, const struct cdpi_protocol *protocol,
                        const struct signature *s, room_index room, uint16_t entry)
{
    (void)entry;
    (void)room;
    struct sizing *sizing = context;
    unsigned lane = best_lane(s);
    uint16_t buckets[BUCKETS];
    uint32_t n = lane == ANYWHERE ? 1 : list_buckets(s, lane, buckets);
    for (unsigned t = 0; t < SHELVES; t++) {
        if (!(transports_of(s, protocol) & 1u << t))
            continue;
        struct shelf *shelf = &sizing->shelves[t];
        sizing->total += n;
        if (lane == ANYWHERE)
            shelf->always_end++;
        else
            for (uint32_t i = 0; i < n; i++)
                shelf->lanes[lane].first[buckets[i] + 1]++;
    }
}

/* Second pass: entries compiled and filed. */
struct filing {
    struct signature_table *table;
    struct shelf *next; /* first[bucket]: where the bucket's next entry goes */
};

static void file_entry(void *context, const struct cdpi_protocol *protocol,
                       const struct signature *s, room_index room, uint16_t entry)
{
    struct filing *filing = context;
    struct signature_table *table = filing->table;
    struct entry *e = &table->entries[entry];
    *e = compile(s, room);
    e->transports = transports_of(s, protocol);
    for (size_t r = room + 1u; r <= table->room_count; r++)
        table->first_of_room[r] = (uint16_t)(entry + 1);
    table->glances[entry] = glance_at(s);
    unsigned lane = best_lane(s);
    uint16_t buckets[BUCKETS];
    uint32_t n = lane == ANYWHERE ? 0 : list_buckets(s, lane, buckets);
    for (unsigned t = 0; t < SHELVES; t++) {
        if (!(transports_of(s, protocol) & 1u << t))
            continue;
        struct shelf *next = &filing->next[t];
        if (e->end > table->shelves[t].reach)
            table->shelves[t].reach = e->end;
        if (lane == ANYWHERE)
            table->lists[next->base + next->always_first++] = entry;
        for (uint32_t i = 0; i < n; i++)
            table->lists[next->base + next->lanes[lane].first[buckets[i]]++] = entry;
    }
}

/* Turns list lengths into places. Returns how long the shelf's lists are. */
static uint32_t place_lists(struct shelf *shelf, uint32_t base)
{
    uint32_t place = 0;
    shelf->base = base;
    for (unsigned lane = 0; lane < LANES; lane++) {
        uint16_t *first = shelf->lanes[lane].first;
        first[0] = (uint16_t)place;
        for (uint32_t b = 1; b <= BUCKETS; b++) {
            place += first[b];
            first[b] = (uint16_t)place;
        }
    }
    shelf->always_first = place;
    shelf->always_end += place;
    return shelf->always_end;
}

/* False: a shelf is too long for its places (tests/cases_test.c would say so, long before a user).
 */
static bool place_all(struct shelf *shelves)
{
    uint32_t base = 0;
    for (unsigned t = 0; t < SHELVES; t++) {
        uint32_t length = place_lists(&shelves[t], base);
        if (length > UINT16_MAX)
            return false;
        base += length;
    }
    return true;
}

struct signature_table *signature_table_build(struct memory *memory,
                                              const struct catalog_room *rooms, size_t room_count)
{
    size_t scratch_size = SHELVES * sizeof(struct shelf);
    struct shelf *shelves = memory_get(memory, scratch_size, 64);
    if (!shelves)
        return NULL;
    struct sizing sizing = {.shelves = shelves};
    uint16_t count = each_signature(rooms, room_count, count_entry, &sizing);
    size_t entries_at = (sizeof(struct signature_table) + 63) & ~(size_t)63;
    size_t glances_at = entries_at + count * sizeof(struct entry);
    size_t rooms_at = glances_at + count * sizeof(struct glance);
    size_t lists_at = rooms_at + (room_count + 1) * sizeof(uint16_t);
    size_t size = lists_at + sizing.total * sizeof(uint16_t);
    struct signature_table *table = NULL;
    if (place_all(shelves))
        table = memory_get(memory, size, 64);
    if (!table)
        goto out;
    table->size_of_all = size;
    table->entry_count = count;
    table->room_count = room_count;
    table->entries = (struct entry *)(void *)((uint8_t *)table + entries_at);
    table->glances = (struct glance *)(void *)((uint8_t *)table + glances_at);
    table->first_of_room = (uint16_t *)(void *)((uint8_t *)table + rooms_at);
    table->lists = (uint16_t *)(void *)((uint8_t *)table + lists_at);
    memcpy(table->shelves, shelves, scratch_size);
    struct filing filing = {.table = table, .next = shelves}; /* the scratch copy counts up */
    each_signature(rooms, room_count, file_entry, &filing);
out:
    memory_put(memory, shelves, scratch_size);
    return table;
}

void signature_table_free(struct signature_table *table, struct memory *memory)
{
    if (table)
        memory_put(memory, table, table->size_of_all);
}

uint32_t signature_table_reach(const struct signature_table *table, uint8_t transport)
{
    return table->shelves[shelf_of(transport)].reach;
}

static uint32_t read_length(const uint8_t *at, uint8_t width, bool little)
{
    uint32_t value = 0;
    for (uint8_t i = 0; i < width; i++)
        value = value << 8 | at[little ? width - 1 - i : i];
    return value;
}

static bool window_fits(const struct entry *e, const uint8_t *bytes)
{
    uint64_t window[2];
    memcpy(window, bytes + e->offset, WINDOW);
    return (((window[0] & e->mask[0]) ^ e->value[0]) | ((window[1] & e->mask[1]) ^ e->value[1])) ==
           0;
}

/* What a proposal runs over: the payload, and bytes that can be read 16 past any window. */
struct probe {
    const struct signature_table *table;
    const uint8_t *data, *padded;
    uint32_t size, padded_size;
    uint32_t wire;  /* a datagram's size, 0 for streams */
    uint64_t start; /* the first eight bytes */
    room_index *proposed;
    unsigned count, room;
};

static bool length_fits(const struct entry *e, const struct probe *p)
{
    if (p->wire == 0 || e->length_width == 0)
        return true;
    if (p->size < (uint32_t)e->length_offset + e->length_width)
        return false;
    uint32_t said = read_length(p->data + e->length_offset, e->length_width, e->length_is_little);
    return (int64_t)said + e->length_add == p->wire;
}

/* A window far into a long payload: only what the signature has can be read. */
static bool tail_fits(const struct probe *p, const struct entry *e)
{
    struct entry at_start = *e;
    uint8_t tail[WINDOW] = {0};
    uint32_t have = p->size - e->offset;
    memcpy(tail, p->data + e->offset, have < WINDOW ? have : WINDOW);
    at_start.offset = 0;
    return window_fits(&at_start, tail);
}

/* Whether there are enough bytes, and a datagram is as large as it must be. */
static inline bool sizes_fit(const struct entry *e, const struct probe *p)
{
    return e->end <= p->size &&
           (p->wire == 0 || (e->min_size <= p->wire && p->wire <= e->max_size));
}

/* Of an entry whose sizes fit. */
static bool entry_fits(const struct probe *p, const struct entry *e)
{
    bool fits = e->offset + (uint32_t)WINDOW <= p->padded_size ? window_fits(e, p->padded)
                                                               : tail_fits(p, e);
    return fits && length_fits(e, p);
}

static void propose(struct probe *p, const struct entry *e)
{
    unsigned k = 0;
    while (k < p->count && p->proposed[k] != e->room)
        k++;
    if (k < p->count || p->count == p->room || !entry_fits(p, e))
        return;
    p->proposed[p->count++] = e->room;
}

static inline void walk(struct probe *p, uint32_t from, uint32_t to)
{
    const struct glance *glances = p->table->glances;
    const uint16_t *list = p->table->lists;
    uint64_t start = p->start;
    for (uint32_t i = from; i < to; i++) {
        const struct glance *g = &glances[list[i]];
        if ((start & g->mask) != g->value)
            continue;
        const struct entry *e = &p->table->entries[list[i]];
        if (sizes_fit(e, p))
            propose(p, e);
    }
}

/* Short payloads are copied, so that windows can be read past their ends. */
static void aim(struct probe *p, const struct signature_table *table, const uint8_t *data,
                uint32_t size, uint32_t wire, uint8_t copy[PADDED + WINDOW])
{
    p->table = table;
    p->data = p->padded = data;
    p->size = p->padded_size = size;
    p->wire = wire;
    p->count = p->room = 0;
    if (size < PADDED) {
        memset(copy, 0, PADDED + WINDOW);
        memcpy(copy, data, size);
        p->padded = copy;
        p->padded_size = PADDED + WINDOW;
    }
    memcpy(&p->start, p->padded, sizeof p->start);
}

bool signature_table_fits(const struct signature_table *table, room_index room, uint8_t transport,
                          const uint8_t *data, uint32_t size, uint32_t wire)
{
    uint8_t copy[PADDED + WINDOW];
    struct probe p;
    aim(&p, table, data, size, wire, copy);
    for (uint32_t i = table->first_of_room[room]; i < table->first_of_room[room + 1]; i++) {
        const struct glance *g = &table->glances[i];
        const struct entry *e = &table->entries[i];
        if ((p.start & g->mask) == g->value && e->transports & transport && sizes_fit(e, &p) &&
            entry_fits(&p, e))
            return true;
    }
    return false;
}

unsigned signature_table_propose(const struct signature_table *table, uint8_t transport,
                                 const uint8_t *data, uint32_t size, uint32_t wire,
                                 room_index *proposed, unsigned room)
{
    uint8_t copy[PADDED + WINDOW];
    const struct shelf *shelf = &table->shelves[shelf_of(transport)];
    struct probe p;
    aim(&p, table, data, size, wire, copy);
    p.proposed = proposed;
    p.room = room;
    for (unsigned lane = 0; lane < LANES; lane++) {
        const uint8_t *pair = p.padded + lane_offset[lane];
        const uint16_t *first =
            &shelf->lanes[lane].first[bucket_of(pair[0] | (uint32_t)pair[1] << 8)];
        walk(&p, shelf->base + first[0], shelf->base + first[1]);
    }
    walk(&p, shelf->base + shelf->always_first, shelf->base + shelf->always_end);
    return p.count;
}
