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
enum decode_result decode_wireless(struct descent *d, struct cursor c); /* IEEE 802.11 */

/* packet.c: from the IP header on. */
enum decode_result decode_ip(struct descent *d, struct cursor c);

/* IPv4: the header's checksum, RFC 1071. */
static inline bool decode_ipv4_header_holds(struct cursor c)
{
    uint32_t size = (uint32_t)(cursor_peek(&c, 0) & 15) * 4, sum = 0;
    for (uint32_t i = 0; i < size; i += 2)
        sum += cursor_u16(&c);
    sum = (sum & 0xffff) + (sum >> 16);
    return !c.ran_short && ((sum & 0xffff) + (sum >> 16)) == 0xffff;
}

#endif
