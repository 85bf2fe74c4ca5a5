/* SPDX-License-Identifier: MIT */
/* The way down through a frame's layers, shared by link.c, llc.c, wireless.c, packet.c and inner.c. */
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

static inline void packet_begin(struct packet *p, uint32_t length)
{
    p->tcp_flags = 0;
    p->vlan = 0;
    p->frame_length = length;
}

/* link.c: whatever stands before IP. */
enum decode_result decode_link(struct descent *d, struct cursor c, uint32_t link_type);
enum decode_result decode_ethertype(struct descent *d, struct cursor c, uint16_t type);
enum decode_result decode_ppp(struct descent *d, struct cursor c);
enum decode_result decode_ethernet(struct descent *d, struct cursor c);

/* llc.c: two service access points and a control byte. `padding`: before a bridged frame. */
enum decode_result decode_llc(struct descent *d, struct cursor c);
enum decode_result decode_llc_padded(struct descent *d, struct cursor c, uint32_t padding);
enum decode_result decode_nlpid(struct descent *d, struct cursor c);

/* wireless.c: IEEE 802.11, alone and behind the headers of captures. */
enum decode_result decode_wireless(struct descent *d, struct cursor c);
enum decode_result decode_radiotap(struct descent *d, struct cursor c);
enum decode_result decode_prism(struct descent *d, struct cursor c);
enum decode_result decode_ppi(struct descent *d, struct cursor c);

/* packet.c: from the IP header on. */
enum decode_result decode_ip(struct descent *d, struct cursor c);
/* The domain of flows here; with the VLAN in it, where VLANs keep flows apart. */
uint32_t descent_domain(const struct descent *d);
uint32_t descent_with_vlan(const struct descent *d, uint32_t tunnel);

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
