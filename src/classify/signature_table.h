/* SPDX-License-Identifier: MIT */
/* The signature table's layout: what is built once (signature_build.c) and walked for each payload
 * (signatures.c). Seen by this folder only. */
#ifndef CDPI_CLASSIFY_SIGNATURE_TABLE_H
#define CDPI_CLASSIFY_SIGNATURE_TABLE_H

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

static inline unsigned shelf_of(uint8_t transport)
{
    return transport == OVER_TCP ? 0 : transport == OVER_UDP ? 1 : 2;
}

static inline uint32_t size_class(uint32_t size)
{
    if (size < EXACT)
        return size;
    return size > UINT16_MAX ? ANY_SIZE : EXACT + 25u - (uint32_t)__builtin_clz(size);
}

#endif
