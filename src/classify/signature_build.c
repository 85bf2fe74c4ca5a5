/* SPDX-License-Identifier: MIT */
/* Signatures into shelves of blocks, in which each byte at a place is a mask of those it leaves. */
#include "classify/signature_table.h"

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
