/* SPDX-License-Identifier: MIT */
/*
 * Tunnels: what a packet carries inside, and the identities that keep inner flows apart.
 *
 * Tunnels over IP are told by their protocol number; those over UDP by their port and a header
 * whose every field must fit, the inner packet's included: a port alone opens nothing. On other
 * ports a flow that was named by its bytes is opened from the datagram on that named it; there the
 * inner IP header's lengths and checksum must hold too, and inner fragments are taken one by one.
 */
#ifndef CDPI_DECODE_TUNNEL_H
#define CDPI_DECODE_TUNNEL_H

#include "core/memory.h"
#include "decode/packet.h"

enum tunnel_kind {
    TUNNEL_NONE = 0,
    TUNNEL_IPIP,
    TUNNEL_6IN4,
    TUNNEL_GRE,
    TUNNEL_PPTP,
    TUNNEL_ERSPAN,
    TUNNEL_VXLAN,
    TUNNEL_GENEVE,
    TUNNEL_GTP,
    TUNNEL_TEREDO,
    TUNNEL_L2TP,
    TUNNEL_CAPWAP,
    TUNNEL_TZSP,
    TUNNEL_KINDS
};

/* What stands inside. */
enum tunnel_content { CONTENT_ETHERNET, CONTENT_ETHERTYPE, CONTENT_IP, CONTENT_PPP };

struct tunnel {
    uint8_t kind, content;
    uint16_t ethertype; /* of CONTENT_ETHERTYPE */
    uint64_t id;        /* VNI, TEID, key ... */
    const uint8_t *data;
    uint32_t size, wire;
};

/* Opens a packet. False: it is no tunnel, or its inside is none that can be followed. */
bool tunnel_open(const struct packet *packet, struct tunnel *tunnel);

/* The same for a datagram on any port, whose flow was named by its bytes (engine/carried.c). */
bool tunnel_open_as(const struct packet *packet, enum tunnel_kind kind, struct tunnel *tunnel);

/* Whether the IP header inside is one beyond chance: version, lengths that fit what the tunnel
 * promises, IPv4's checksum. */
bool tunnel_holds(const struct tunnel *tunnel, const struct packet *inner);

/* A lower-case name: "vxlan". */
const char *tunnel_kind_name(uint8_t kind);

/* ---- identities -------------------------------------------------------------------------- */

struct tunnel_identity {
    uint64_t id;
    uint32_t parent; /* the outer flow's domain */
    uint8_t kind;
};

/* Numbers for identities, bounded: when it is full, further ones get numbers that keep flows apart
 * but tell nothing. */
struct tunnel_table {
    struct tunnel_identity *identities;
    uint16_t *index; /* by hash: number of an identity, 0 none */
    uint32_t count;
};

bool tunnel_table_init(struct tunnel_table *table, struct memory *memory);
void tunnel_table_free(struct tunnel_table *table, struct memory *memory);
/* The domain's number, never 0. */
uint32_t tunnel_domain(struct tunnel_table *table, const struct tunnel_identity *identity);
/* The identity behind a domain's number, or NULL. */
const struct tunnel_identity *tunnel_identity(const struct tunnel_table *table, uint32_t domain);

/* In how many tunnels a domain is; those that tell nothing are as deep as any. */
unsigned tunnel_depth(const struct tunnel_table *table, uint32_t domain);

/* ---- asking cheaply ---------------------------------------------------------------------- */

/* UDP ports of tunnels, from 1701 (L2TP) to 37008 (TZSP). */
static inline bool tunnel_has_port(uint16_t port)
{
    switch (port) {
    case 1701:
    case 2152:
    case 3544:
    case 4789:
    case 4790:
    case 5247:
    case 6081:
    case 8472:
    case 37008:
        return true;
    default:
        return false;
    }
}

/* Whether it is worth to open the packet. */
static inline bool packet_may_be_tunnel(const struct packet *p)
{
    if (p->key.ip_protocol == IP_TCP)
        return false;
    if (p->key.ip_protocol == IP_UDP)
        return tunnel_has_port(p->key.port[0]) || tunnel_has_port(p->key.port[1]);
    return p->key.ip_protocol == IP_IPIP || p->key.ip_protocol == IP_6IN4 ||
           p->key.ip_protocol == IP_GRE;
}

#endif
