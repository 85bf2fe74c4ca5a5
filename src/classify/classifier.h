/* SPDX-License-Identifier: MIT */
/* What the catalog's words come to, resolved once. Seen by this folder only. */
#ifndef CDPI_CLASSIFY_CLASSIFIER_H
#define CDPI_CLASSIFY_CLASSIFIER_H

#include "classify/classify.h"
#include "classify/signatures.h"

enum { MAX_CHILDREN = 12, PORTS_TOTAL = 65536, NUMBERS = 2048, NAMES = 2048 };

/* A room that is asked about every first payload, with what of its descriptor spares the asking. */
struct unsigned_room {
    room_index room;
    bool is_text, is_port_bound;
};

struct room {
    const struct cdpi_protocol *protocol;
    room_index parent; /* of `refines`, or NO_ROOM */
    uint8_t child_count;
    room_index children[MAX_CHILDREN];
    room_index told_apart_by_port; /* the room that is this one on told_port, or NO_ROOM */
    uint16_t told_port;
    room_index validated_by; /* itself, or the one that it is told apart from */
};

struct classifier {
    size_t size_of_all;
    struct signature_table *table;
    bool reversed;
    uint16_t room_count;
    uint16_t unsigned_count[3]; /* TCP, UDP, SCTP */
    struct unsigned_room *unsigned_rooms[3];
    room_index *port_room[2];                  /* TCP, UDP: who claims a port */
    uint64_t known_ports[2][PORTS_TOTAL / 64]; /* bits of those that somebody claims */
    room_index room_of[NUMBERS];               /* by catalog number */
    room_index by_name[NAMES];                 /* from the name's hash on */
    struct room rooms[];
};

static inline unsigned transport_slot(uint8_t transport)
{
    return transport == OVER_TCP ? 0 : transport == OVER_UDP ? 1 : 2;
}

#endif
