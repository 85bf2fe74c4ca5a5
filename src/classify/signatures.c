/* SPDX-License-Identifier: MIT */
#include "classify/signatures.h"

enum {
    SHELVES = 3, /* TCP, UDP, SCTP */
    WINDOW = 16, /* bytes of one masked compare */
    BLOCK = 64,  /* signatures in a block, a bit each */
    BLOCKS = 64, /* the most of a shelf, a bit each */
    ROWS = 8     /* bytes of a payload that a block looks at */
};
/* Sizes from 64 on are told apart by their highest bit; the last class is of sizes that do not
 * count. */
enum { EXACT = 64, ANY_SIZE = EXACT + 11, CLASSES = ANY_SIZE + 1 };
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
    bool is_told; /* nothing is wanted of a byte but of the first eight */
};

/* Which of 64 signatures a byte at an offset, or a size, leaves possible. */
struct block {
    uint64_t of_size[CLASSES];
    uint64_t of_byte[ROWS][256];
    uint16_t offset[ROWS]; /* 0 to 7, but where no signature has anything there */
    bool is_late;          /* that is so */
    uint16_t entry[BLOCK];
};

/* What one transport has. */
struct shelf {
    struct block *blocks;
    uint64_t of_size[CLASSES]; /* blocks that a size, or a byte at its place, leaves possible */
    uint64_t of_byte[ROWS][256];
    uint16_t block_count;
    uint16_t reach;
};

struct signature_table {
    size_t size_of_all; /* of the allocation that holds all but the blocks */
    struct entry *entries;
    uint16_t *first_of_room; /* a room's entries stand together */
    size_t room_count;
    struct shelf shelves[SHELVES];
};

static unsigned shelf_of(uint8_t transport)
{
    return transport == OVER_TCP ? 0 : transport == OVER_UDP ? 1 : 2;
}

static uint8_t mask_byte(const struct signature *s, uint32_t i)
{
    return s->mask ? (uint8_t)s->mask[i] : 0xff;
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

static uint8_t transports_of(const struct signature *s, const struct cdpi_protocol *protocol)
{
    return s->transports ? s->transports : protocol->transports;
}

/* ---- building ---------------------------------------------------------------------------- */

static void file_entry(void *context, const struct cdpi_protocol *protocol,
                       const struct signature *s, room_index room, uint16_t entry)
{
    struct signature_table *table = context;
    table->entries[entry] = compile(s, room);
    table->entries[entry].transports = transports_of(s, protocol);
    table->entries[entry].is_told = s->offset + s->size <= ROWS;
    for (size_t r = room + 1u; r <= table->room_count; r++)
        table->first_of_room[r] = (uint16_t)(entry + 1);
}

/* What an entry wants at an offset; mask 0: nothing. */
static void wanted_at(const struct entry *e, uint32_t offset, uint8_t *value, uint8_t *mask)
{
    *value = *mask = 0;
    if (offset < e->offset || offset >= e->offset + (uint32_t)WINDOW)
        return;
    memcpy(value, (const uint8_t *)e->value + (offset - e->offset), 1);
    memcpy(mask, (const uint8_t *)e->mask + (offset - e->offset), 1);
}

enum { WHOLE_BYTE, SOME_BITS, LATE = 255 };

/* Signatures that begin alike stand together, so that few blocks are left for a payload: ordered by
 * where the first wanted byte stands, whether all of its bits are wanted, it, and the next byte. */
static uint32_t place_of(const struct entry *e)
{
    uint8_t value, mask, next, next_mask;
    for (uint32_t i = 0; i < ROWS; i++) {
        wanted_at(e, i, &value, &mask);
        wanted_at(e, i + 1, &next, &next_mask);
        if (mask) {
            uint32_t kind = mask == 0xff ? WHOLE_BYTE : SOME_BITS;
            return (2 * i + kind) << 16 | (uint32_t)value << 8 | next;
        }
    }
    return LATE << 16;
}

static bool is_late(uint64_t item)
{
    return item >> 32 == LATE;
}

/* Lists the entries of a transport by their places, the place above the entry. Returns how many. */
static uint32_t list_entries(const struct signature_table *table, uint16_t count, unsigned shelf,
                             uint64_t *list)
{
    uint32_t n = 0;
    for (uint16_t i = 0; i < count; i++) {
        if (!(table->entries[i].transports & 1u << shelf))
            continue;
        uint64_t item = (uint64_t)place_of(&table->entries[i]) << 16 | i;
        uint32_t k = n++;
        for (; k > 0 && list[k - 1] > item; k--)
            list[k] = list[k - 1];
        list[k] = item;
    }
    return n;
}

static uint32_t class_of(uint32_t size)
{
    if (size < EXACT)
        return size;
    return size > UINT16_MAX ? ANY_SIZE : EXACT + 25u - (uint32_t)__builtin_clz(size);
}

static void mark_sizes(struct block *block, const struct entry *e, uint64_t bit, bool is_datagram)
{
    uint32_t least = is_datagram && e->min_size > e->end ? e->min_size : e->end;
    uint32_t most = is_datagram ? e->max_size : UINT16_MAX;
    for (uint32_t class = 0; class < CLASSES; class ++) {
        uint32_t from = class < EXACT ? class : (uint32_t)EXACT << (class - EXACT);
        uint32_t to = class < EXACT ? class : 2 * from - 1;
        if (class == ANY_SIZE || (to >= least && from <= most))
            block->of_size[class] |= bit;
    }
}

/* The next byte that a mask lets pass; back at `value` behind the last. */
static uint8_t next_value(uint8_t byte, uint8_t value, uint8_t mask)
{
    return (uint8_t)(value | (((byte | mask) + 1u) & (uint8_t)~mask));
}

/* What it wants at each row's offset. Rows at which it wants nothing are added up in `any`. */
static void mark_bytes(struct block *block, const struct entry *e, uint64_t bit, uint64_t any[ROWS])
{
    uint8_t value, mask;
    for (unsigned row = 0; row < ROWS; row++) {
        wanted_at(e, block->offset[row], &value, &mask);
        if (mask == 0) {
            any[row] |= bit;
            continue;
        }
        uint8_t byte = value;
        do
            block->of_byte[row][byte] |= bit;
        while ((byte = next_value(byte, value, mask)) != value);
    }
}

static void mark_any(struct block *block, const uint64_t any[ROWS])
{
    for (unsigned row = 0; row < ROWS; row++) {
        for (unsigned byte = 0; byte < 256; byte++)
            block->of_byte[row][byte] |= any[row];
    }
}

/* Offsets at which late signatures want something: each adds those that it begins with, while there
 * is room. */
static void choose_offsets(struct block *block, const struct entry *entries, uint32_t count)
{
    unsigned rows = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct entry *e = &entries[block->entry[i]];
        unsigned row = 0;
        while (row < rows && block->offset[row] != e->offset)
            row++;
        if (row == rows && rows < ROWS)
            block->offset[rows++] = e->offset;
    }
    for (; rows < ROWS; rows++)
        block->offset[rows] = block->offset[0];
}

static void fill_block(struct block *block, const struct entry *entries, const uint64_t *list,
                       uint32_t count, bool is_datagram)
{
    uint64_t any[ROWS] = {0};
    block->is_late = is_late(list[0]);
    for (uint32_t i = 0; i < count; i++)
        block->entry[i] = (uint16_t)list[i];
    for (uint16_t row = 0; row < ROWS; row++)
        block->offset[row] = row;
    if (block->is_late)
        choose_offsets(block, entries, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct entry *e = &entries[block->entry[i]];
        mark_bytes(block, e, UINT64_C(1) << i, any);
        mark_sizes(block, e, UINT64_C(1) << i, is_datagram);
    }
    mark_any(block, any);
}

/* How many entries the next block takes; late ones have blocks of their own. */
static uint32_t next_block(const uint64_t *list, uint32_t left)
{
    uint32_t n = 0;
    while (n < left && n < BLOCK && is_late(list[n]) == is_late(list[0]))
        n++;
    return n;
}

static uint32_t count_blocks(const uint64_t *list, uint32_t count)
{
    uint32_t blocks = 0;
    for (uint32_t at = 0; at < count; at += next_block(list + at, count - at))
        blocks++;
    return blocks;
}

static void fill_masks(struct shelf *shelf)
{
    for (unsigned i = 0; i < shelf->block_count; i++) {
        const struct block *block = &shelf->blocks[i];
        uint64_t bit = UINT64_C(1) << i;
        for (unsigned class = 0; class < CLASSES; class ++)
            shelf->of_size[class] |= block->of_size[class] ? bit : 0;
        for (unsigned row = 0; row < ROWS; row++) {
            for (unsigned byte = 0; byte < 256; byte++)
                shelf->of_byte[row][byte] |= block->is_late || block->of_byte[row][byte] ? bit : 0;
        }
    }
}

static bool fill_shelf(struct signature_table *table, unsigned t, const uint64_t *list,
                       uint32_t count, struct memory *memory)
{
    struct shelf *shelf = &table->shelves[t];
    uint32_t blocks = count_blocks(list, count);
    if (blocks == 0)
        return true;
    if (blocks > BLOCKS)
        return false;
    shelf->blocks = memory_get(memory, blocks * sizeof *shelf->blocks, 64);
    if (!shelf->blocks)
        return false;
    for (uint32_t at = 0, n; at < count; at += n) {
        n = next_block(list + at, count - at);
        fill_block(&shelf->blocks[shelf->block_count++], table->entries, list + at, n, t == 1);
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct entry *e = &table->entries[list[i] & UINT16_MAX];
        if (e->end > shelf->reach)
            shelf->reach = e->end;
    }
    fill_masks(shelf);
    return true;
}

/* False: memory is short, or there are too many signatures (tests/cases_test.c would say so, long
 * before a user). */
static bool fill_shelves(struct signature_table *table, uint16_t count, struct memory *memory)
{
    size_t scratch_size = (count + 1u) * sizeof(uint64_t);
    uint64_t *list = memory_get(memory, scratch_size, 64);
    bool is_full = list != NULL;
    for (unsigned t = 0; is_full && t < SHELVES; t++)
        is_full = fill_shelf(table, t, list, list_entries(table, count, t, list), memory);
    if (list)
        memory_put(memory, list, scratch_size);
    return is_full;
}

static size_t count_signatures(const struct catalog_room *rooms, size_t room_count)
{
    size_t count = 0;
    for (size_t i = 0; i < room_count; i++)
        count += rooms[i].protocol->signature_count;
    return count;
}

struct signature_table *signature_table_build(struct memory *memory,
                                              const struct catalog_room *rooms, size_t room_count)
{
    size_t count = count_signatures(rooms, room_count);
    size_t entries_at = (sizeof(struct signature_table) + 63) & ~(size_t)63;
    size_t rooms_at = entries_at + count * sizeof(struct entry);
    size_t size = rooms_at + (room_count + 1) * sizeof(uint16_t);
    struct signature_table *table = memory_get(memory, size, 64);
    if (!table)
        return NULL;
    table->size_of_all = size;
    table->room_count = room_count;
    table->entries = (struct entry *)(void *)((uint8_t *)table + entries_at);
    table->first_of_room = (uint16_t *)(void *)((uint8_t *)table + rooms_at);
    each_signature(rooms, room_count, file_entry, table);
    if (!fill_shelves(table, (uint16_t)count, memory)) {
        signature_table_free(table, memory);
        return NULL;
    }
    return table;
}

void signature_table_free(struct signature_table *table, struct memory *memory)
{
    if (!table)
        return;
    for (unsigned t = 0; t < SHELVES; t++) {
        struct shelf *shelf = &table->shelves[t];
        if (shelf->blocks)
            memory_put(memory, shelf->blocks, shelf->block_count * sizeof *shelf->blocks);
    }
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
    uint32_t wire; /* a datagram's size, 0 for streams */
    room_index *proposed;
    unsigned count, room;
};

/* Of an entry with a length field, in a datagram. */
static bool length_fits(const struct entry *e, const struct probe *p)
{
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

static inline bool window_fits_at(const struct probe *p, const struct entry *e)
{
    return e->offset + (uint32_t)WINDOW <= p->padded_size ? window_fits(e, p->padded)
                                                          : tail_fits(p, e);
}

/* What the bits of a block do not tell. */
static inline bool entry_fits(const struct probe *p, const struct entry *e)
{
    if (!sizes_fit(e, p))
        return false;
    if (e->length_width && p->wire && !length_fits(e, p))
        return false;
    return e->is_told || window_fits_at(p, e);
}

static void add_room(struct probe *p, room_index room)
{
    for (unsigned k = 0; k < p->count; k++) {
        if (p->proposed[k] == room)
            return;
    }
    if (p->count < p->room)
        p->proposed[p->count++] = room;
}

/* What of a block, or of the blocks, the size and the first eight bytes leave. */
static inline uint64_t left_of(const uint64_t of_size[CLASSES], const uint64_t of_byte[ROWS][256],
                               const uint8_t *bytes, uint32_t class)
{
    return of_size[class] & of_byte[0][bytes[0]] & of_byte[1][bytes[1]] & of_byte[2][bytes[2]] &
           of_byte[3][bytes[3]] & of_byte[4][bytes[4]] & of_byte[5][bytes[5]] &
           of_byte[6][bytes[6]] & of_byte[7][bytes[7]];
}

/* A byte that has not arrived is wanted by no signature whose size fits. */
static uint64_t left_of_late(const struct block *block, const struct probe *p, uint32_t class)
{
    uint64_t left = block->of_size[class];
    for (unsigned row = 0; row < ROWS && left; row++) {
        uint32_t offset = block->offset[row];
        left &= block->of_byte[row][offset < p->size ? p->data[offset] : 0];
    }
    return left;
}

static void propose_from(struct probe *p, const struct block *block, uint64_t left)
{
    for (; left; left &= left - 1) {
        const struct entry *e = &p->table->entries[block->entry[__builtin_ctzll(left)]];
        if (entry_fits(p, e))
            add_room(p, e->room);
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
}

bool signature_table_fits(const struct signature_table *table, room_index room, uint8_t transport,
                          const uint8_t *data, uint32_t size, uint32_t wire)
{
    uint8_t copy[PADDED + WINDOW];
    struct probe p;
    aim(&p, table, data, size, wire, copy);
    for (uint32_t i = table->first_of_room[room]; i < table->first_of_room[room + 1]; i++) {
        const struct entry *e = &table->entries[i];
        if (e->transports & transport && e->end <= size && window_fits_at(&p, e) &&
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
    uint32_t class = transport != OVER_UDP ? class_of(size) : wire ? class_of(wire) : ANY_SIZE;
    uint64_t blocks = left_of(shelf->of_size, shelf->of_byte, p.padded, class);
    for (; blocks; blocks &= blocks - 1) {
        const struct block *block = &shelf->blocks[__builtin_ctzll(blocks)];
        uint64_t left = block->is_late ? left_of_late(block, &p, class)
                                       : left_of(block->of_size, block->of_byte, p.padded, class);
        propose_from(&p, block, left);
    }
    return p.count;
}
