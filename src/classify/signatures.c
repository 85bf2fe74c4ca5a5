/* SPDX-License-Identifier: MIT */
/* A payload walks the table: blocks left, signatures left, what they want beyond their bits. */
#include "classify/signature_table.h"

/* The padded copy of short payloads reaches this far. */
enum { PADDED = 32 };

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
    uint32_t class = transport != OVER_UDP ? size_class(size) : wire ? size_class(wire) : ANY_SIZE;
    uint64_t blocks = left_of(shelf->of_size, shelf->of_byte, p.padded, class);
    for (; blocks; blocks &= blocks - 1) {
        const struct block *block = &shelf->blocks[__builtin_ctzll(blocks)];
        uint64_t left = block->is_late ? left_of_late(block, &p, class)
                                       : left_of(block->of_size, block->of_byte, p.padded, class);
        propose_from(&p, block, left);
    }
    return p.count;
}
