/* SPDX-License-Identifier: MIT */
/* The way down through a frame's layers, shared by link.c and packet.c. */
#ifndef CDPI_DECODE_DESCENT_H
#define CDPI_DECODE_DESCENT_H

#include "core/cursor.h"
#include "decode/packet.h"

struct tunnel_identity;

/* What is known on the way down. */
struct descent {
    const struct decoder *decoder;
    struct packet *packet;
    const uint8_t *source, *target; /* addresses */
    uint32_t domain;
    const struct tunnel_identity *tunnel; /* inside of one; its number is not in `domain` yet */
    bool is_whole;                        /* what was put together is not put together again */
};

enum { MAX_TAGS = 8 };

/* link.c: whatever stands before IP. */
enum decode_result decode_link(struct descent *d, struct cursor c, uint32_t link_type);
enum decode_result decode_ethertype(struct descent *d, struct cursor c, uint16_t type);
enum decode_result decode_ppp(struct descent *d, struct cursor c);

/* packet.c: from the IP header on. */
enum decode_result decode_ip(struct descent *d, struct cursor c);

#endif
