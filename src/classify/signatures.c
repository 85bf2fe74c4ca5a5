/* SPDX-License-Identifier: MIT */
#include "classify/signatures.h"

enum {
    BUCKETS = 4096,
    LANES = 4,        /* pairs of bytes that a signature can be filed under */
    ANYWHERE = LANES, /* the list of those that have no such pair */
    WINDOW = 16,      /* bytes of one masked compare */
    LEAST_FIXED_BITS = 8
};
static const uint8_t lane_offset[LANES] = {0, 2, 4, 8};
/* The padded copy of short payloads reaches this far. */
enum { PADDED = 64 };

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

struct lane {
    uint16_t first[BUCKETS + 1]; /* where a bucket's list begins in `lists` */
};

struct signature_table {
    size_t size_of_all; /* the one allocation that holds everything */
    struct entry *entries;
    uint16_t *lists;
    uint16_t always_first, always_end; /* in lists: those without a pair */
    uint16_t entry_count;
    uint16_t reach[8]; /* by transport bit */
    struct lane lanes[LANES];
};

static uint32_t bucket_of(uint32_t pair)
{
    return pair * 0x9E3779B1u >> 20; /* 12 bits */
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

static struct entry compile(const struct signature *s, room_index room,
                            const struct cdpi_protocol *protocol)
{
    struct entry e = {.offset = s->offset,
                      .end = (uint16_t)(s->offset + s->size),
                      .room = room,
                      .min_size = s->min_size,
                      .max_size = s->max_size ? s->max_size : UINT16_MAX,
                      .length_offset = s->length.offset,
                      .length_add = s->length.add,
                      .length_width = s->length.width,
                      .length_is_little = s->length.little_endian,
                      .transports = s->transports ? s->transports : protocol->transports};
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

typedef void each_signature_fn(void *context, const struct signature *s, room_index room,
                               uint16_t entry);

static uint16_t each_signature(each_signature_fn *visit, void *context)
{
    uint16_t count = 0;
    for (size_t room = 0; room < catalog_room_count; room++) {
        const struct cdpi_protocol *protocol = catalog_rooms[room].protocol;
        for (size_t i = 0; i < protocol->signature_count; i++, count++) {
            if (visit)
                visit(context, &protocol->signatures[i], (room_index)room, count);
        }
    }
    return count;
}

/* First pass: how long each list will be, in first[bucket + 1]. */
struct sizing {
    struct lane *lanes;
    uint32_t total;
};

static void count_entry(void *context, const struct signature *s, room_index room, uint16_t entry)
{
    (void)room;
    (void)entry;
    struct sizing *sizing = context;
    unsigned lane = best_lane(s);
    if (lane == ANYWHERE) {
        sizing->total++;
        return;
    }
    uint16_t buckets[BUCKETS];
    uint32_t n = list_buckets(s, lane, buckets);
    for (uint32_t i = 0; i < n; i++)
        sizing->lanes[lane].first[buckets[i] + 1]++;
    sizing->total += n;
}

/* Second pass: entries compiled and filed. */
struct filing {
    struct signature_table *table;
    uint16_t *next[LANES]; /* where a bucket's next entry goes */
};

static void note_reach(struct signature_table *table, const struct entry *e)
{
    for (unsigned bit = 1; bit < 8; bit <<= 1) {
        if (e->transports & bit && e->end > table->reach[bit])
            table->reach[bit] = e->end;
    }
}

static void file_entry(void *context, const struct signature *s, room_index room, uint16_t entry)
{
    struct filing *filing = context;
    struct signature_table *table = filing->table;
    table->entries[entry] = compile(s, room, catalog_rooms[room].protocol);
    note_reach(table, &table->entries[entry]);
    unsigned lane = best_lane(s);
    if (lane == ANYWHERE) {
        table->lists[table->always_end++] = entry;
        return;
    }
    uint16_t buckets[BUCKETS];
    uint32_t n = list_buckets(s, lane, buckets);
    for (uint32_t i = 0; i < n; i++)
        table->lists[filing->next[lane][buckets[i]]++] = entry;
}

/* Turns list lengths into places. Returns where the list of those without a pair begins. */
static uint16_t place_lists(struct lane *lanes)
{
    uint32_t place = 0;
    for (unsigned lane = 0; lane < LANES; lane++) {
        lanes[lane].first[0] = (uint16_t)place;
        for (uint32_t b = 1; b <= BUCKETS; b++)
            lanes[lane].first[b] = (uint16_t)(place += lanes[lane].first[b]);
    }
    return (uint16_t)place;
}

struct signature_table *signature_table_build(struct memory *memory)
{
    size_t scratch_size = LANES * sizeof(struct lane);
    struct lane *lanes = memory_get(memory, scratch_size, 64);
    if (!lanes)
        return NULL;
    struct sizing sizing = {.lanes = lanes};
    uint16_t count = each_signature(count_entry, &sizing);
    size_t entries_at = (sizeof(struct signature_table) + 63) & ~(size_t)63;
    size_t lists_at = entries_at + count * sizeof(struct entry);
    size_t size = lists_at + sizing.total * sizeof(uint16_t);
    struct signature_table *table = sizing.total < UINT16_MAX ? memory_get(memory, size, 64) : NULL;
    if (!table)
        goto out;
    table->size_of_all = size;
    table->entry_count = count;
    table->entries = (struct entry *)(void *)((uint8_t *)table + entries_at);
    table->lists = (uint16_t *)(void *)((uint8_t *)table + lists_at);
    table->always_first = table->always_end = place_lists(lanes);
    memcpy(table->lanes, lanes, scratch_size);
    struct filing filing = {.table = table};
    for (unsigned lane = 0; lane < LANES; lane++)
        filing.next[lane] = lanes[lane].first; /* the scratch copy counts up */
    each_signature(file_entry, &filing);
out:
    memory_put(memory, lanes, scratch_size);
    return table;
}

void signature_table_free(struct signature_table *table, struct memory *memory)
{
    if (table)
        memory_put(memory, table, table->size_of_all);
}

uint32_t signature_table_reach(const struct signature_table *table, uint8_t transport)
{
    return table->reach[transport & 7];
}

static uint32_t read_length(const uint8_t *at, uint8_t width, bool little)
{
    uint32_t value = 0;
    for (uint8_t i = 0; i < width; i++)
        value = value << 8 | at[little ? width - 1 - i : i];
    return value;
}

static bool sizes_fit(const struct entry *e, const uint8_t *data, uint32_t size)
{
    if (size < e->min_size || size > e->max_size)
        return false;
    if (e->length_width == 0)
        return true;
    if (size < (uint32_t)e->length_offset + e->length_width)
        return false;
    uint32_t said = read_length(data + e->length_offset, e->length_width, e->length_is_little);
    return (int64_t)said + e->length_add == size;
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
    uint8_t transport;
    room_index *proposed;
    unsigned count, room;
};

static bool entry_fits(const struct probe *p, const struct entry *e)
{
    if (!(e->transports & p->transport) || e->end > p->size)
        return false;
    if (e->offset + (uint32_t)WINDOW <= p->padded_size) {
        if (!window_fits(e, p->padded))
            return false;
    } else { /* far into a long payload: only what the signature has */
        uint8_t tail[WINDOW] = {0};
        uint32_t have = p->size - e->offset;
        memcpy(tail, p->data + e->offset, have < WINDOW ? have : WINDOW);
        if (!window_fits(&(struct entry){.value = {e->value[0], e->value[1]},
                                         .mask = {e->mask[0], e->mask[1]}},
                         tail))
            return false;
    }
    return p->transport != OVER_UDP || sizes_fit(e, p->data, p->size);
}

static void walk(struct probe *p, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        const struct entry *e = &p->table->entries[p->table->lists[i]];
        if (!entry_fits(p, e))
            continue;
        unsigned k = 0;
        while (k < p->count && p->proposed[k] != e->room)
            k++;
        if (k == p->count && p->count < p->room)
            p->proposed[p->count++] = e->room;
    }
}

unsigned signature_table_propose(const struct signature_table *table, uint8_t transport,
                                 const uint8_t *data, uint32_t size, room_index *proposed,
                                 unsigned room)
{
    uint8_t copy[PADDED + WINDOW];
    struct probe p = {.table = table,
                      .data = data,
                      .padded = data,
                      .size = size,
                      .padded_size = size,
                      .transport = transport,
                      .proposed = proposed,
                      .room = room};
    if (size < PADDED) {
        memset(copy, 0, sizeof copy);
        if (size)
            memcpy(copy, data, size);
        p.padded = copy;
        p.padded_size = sizeof copy;
    }
    for (unsigned lane = 0; lane < LANES; lane++) {
        const uint8_t *pair = p.padded + lane_offset[lane];
        uint32_t bucket = bucket_of(pair[0] | (uint32_t)pair[1] << 8);
        walk(&p, table->lanes[lane].first[bucket], table->lanes[lane].first[bucket + 1]);
    }
    walk(&p, table->always_first, table->always_end);
    return p.count;
}
