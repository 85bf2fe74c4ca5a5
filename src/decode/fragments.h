/* SPDX-License-Identifier: MIT */
/*
 * IP fragments, put together in a bounded table.
 *
 * A datagram's fragments wait in a slot until all are there; where two overlap, the first to come
 * wins, eight bytes at a time. A datagram that is not whole within 30 s of packet time gives up
 * its slot: its first bytes, if they came, are then taken as they are. Slots are taken from sets of
 * eight by a keyed hash, so a fragment costs the same however many wait. When a set is full, those
 * older than a second yield; a first fragment that finds no slot is taken alone.
 *
 * Of long datagrams the first 8 KiB are kept. Nothing is allocated before the first fragment.
 */
#ifndef CDPI_DECODE_FRAGMENTS_H
#define CDPI_DECODE_FRAGMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/memory.h"

enum { FRAGMENTS_DONE = 1024 }; /* more than a batch can bring */
#define FRAGMENTS_NONE UINT32_MAX

/* What tells a datagram's fragments from others: RFC 791 section 2.3, RFC 8200 section 4.5. */
struct fragment_key {
    uint64_t address[4]; /* source, target; IPv4 in the first of each two */
    uint32_t domain;     /* the tunnel or VLAN that they are in */
    uint32_t id;
    uint8_t ip_protocol; /* IPv6: the next header */
    uint8_t is_v6;
};

struct fragment {
    struct fragment_key key;
    uint32_t offset;
    bool more;
    const uint8_t *data;
    uint32_t size, wire;   /* captured, promised */
    uint32_t frame_length; /* of the frame that brought it */
    uint16_t vlan;
    uint64_t time; /* microseconds */
};

enum fragment_result {
    FRAGMENT_HELD = 0, /* waits for the others */
    FRAGMENT_WHOLE,    /* the last that was missing */
    FRAGMENT_ALONE,    /* the first, and there is no slot: to be taken as it is */
    FRAGMENT_WRONG     /* contradicts itself or the others */
};

/* A datagram with a plain IP header before it. Stays until fragments_release. */
struct whole {
    const uint8_t *ip;
    uint32_t size;
    uint32_t frame_length; /* of all its frames */
    uint32_t domain;
    uint16_t vlan;
};

struct fragment_slot;
struct fragment_table {
    struct memory *memory;
    struct fragment_slot *slots; /* NULL until the first fragment */
    uint64_t limit;              /* bytes */
    uint64_t secret[2];
    uint32_t slot_count, hand, done_count;
    uint32_t done[FRAGMENTS_DONE]; /* slots that were given out */
    uint32_t late; /* a slot that gave up with its first fragment there; FRAGMENTS_NONE without */
    /* counters */
    uint64_t reassembled, overlapping, incomplete;
};

void fragments_init(struct fragment_table *table, struct memory *memory, uint64_t limit,
                    const uint64_t secret[2]);
void fragments_free(struct fragment_table *table);

enum fragment_result fragments_add(struct fragment_table *table, const struct fragment *fragment,
                                   struct whole *whole);

/* The slot that gave up; false where there is none. */
bool fragments_take_late(struct fragment_table *table, struct whole *whole);
/* As if the time limit had come for the first of those that wait; false where none waits. */
bool fragments_expire_one(struct fragment_table *table);

/* What was given out may be written over. */
void fragments_release(struct fragment_table *table);

#endif
