/* SPDX-License-Identifier: MIT */
/*
 * The signature table: which protocols could these first bytes be?
 *
 * At open, all rooms' signatures are compiled into one table, in blocks of 64 that begin with like
 * bytes. To propose is to take, for the few blocks that the first byte leaves, the signatures that
 * the size and each of the first eight bytes leave, as bits; and a masked compare of 16 bytes for
 * those that all of them leave: the cost hardly grows with the number of protocols.
 */
#ifndef CDPI_CLASSIFY_SIGNATURES_H
#define CDPI_CLASSIFY_SIGNATURES_H

#include "classify/catalog.h"
#include "core/memory.h"

struct signature_table;

/* Of these rooms, whose indices are their places. NULL where memory is short. */
struct signature_table *signature_table_build(struct memory *memory,
                                              const struct catalog_room *rooms, size_t room_count);
void signature_table_free(struct signature_table *table, struct memory *memory);

/* Up to `room` protocols whose signatures the bytes carry; each once. Sizes are judged by `wire`,
 * the datagram's size before the capture cut it; 0, as for streams: they are not. Bytes that have
 * not arrived match nothing; ask again when there are more, up to signature_table_reach(). */
unsigned signature_table_propose(const struct signature_table *table, uint8_t transport,
                                 const uint8_t *data, uint32_t size, uint32_t wire,
                                 room_index *proposed, unsigned room);

/* Whether one of this room's own signatures is there. */
bool signature_table_fits(const struct signature_table *table, room_index room, uint8_t transport,
                          const uint8_t *data, uint32_t size, uint32_t wire);

/* How many bytes the longest signature of a transport needs. */
uint32_t signature_table_reach(const struct signature_table *table, uint8_t transport);

#endif
