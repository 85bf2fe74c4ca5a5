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
enum tunnel_content {
    CONTENT_ETHERNET,
    CONTENT_ETHERTYPE,
    CONTENT_IP,
    CONTENT_PPP,
    CONTENT_WIRELESS
};

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
 * promises, IPv4's checksum; unless strict it may be left out (0). */
bool tunnel_holds(const struct tunnel *tunnel, const struct packet *inner, bool is_strict);

/* A lower-case name: "vxlan". */
const char *tunnel_kind_name(uint8_t kind);

/* ---- identities -------------------------------------------------------------------------- */

struct tunnel_identity {
    uint64_t id;
    uint32_t parent; /* the outer flow's domain */
    uint32_t target; /* GTP, L2TP, PPTP: of the receiver's address, whose number this is */
    uint32_t twin;   /* the identity of the other direction that stands for both, or 0 */
    uint8_t kind;    /* TUNNEL_NONE: a VLAN in the tunnel `parent` */
    bool has_twin;
};

/* Which inner flow was seen last in a tunnel of one direction. */
struct tunnel_meeting {
    uint32_t hash, number;
    uint8_t direction;
};

/* Numbers for identities, bounded: when it is full, further ones get numbers that keep flows apart
 * but tell nothing.
 *
 * The numbers of GTP, L2TP and PPTP are the receiver's, so one tunnel has two. They are found to
 * belong together when a flow inside one is answered inside the other, between the same two
 * gateways; from then on both are one domain, with the number that was seen first. */
struct tunnel_table {
    struct memory *memory;
    struct tunnel_identity *identities;
    uint32_t *index; /* by hash: number of an identity, 0 none; twice the room */
    struct tunnel_meeting *meetings;
    uint32_t count, room, limit;
};

/* At most so many bytes. */
bool tunnel_table_init(struct tunnel_table *table, struct memory *memory, uint64_t limit);
void tunnel_table_free(struct tunnel_table *table);
/* The domain's number, never 0. */
uint32_t tunnel_domain(struct tunnel_table *table, const struct tunnel_identity *identity);
/* The same for a tunnel of one direction, whose inner flow is known: `hash` is of both. */
uint32_t tunnel_domain_met(struct tunnel_table *table, const struct tunnel_identity *identity,
                           uint64_t hash, uint8_t direction);
/* The identity behind a domain's number, or NULL. */
const struct tunnel_identity *tunnel_identity(const struct tunnel_table *table, uint32_t domain);
/* In how many tunnels a domain is; those that tell nothing are as deep as any. */
unsigned tunnel_depth(const struct tunnel_table *table, uint32_t domain);
/* Of all that tells a domain from others: it does not depend on what came before. */
uint64_t tunnel_mark(const struct tunnel_table *table, uint32_t domain);

static inline bool tunnel_is_one_way(uint8_t kind)
{
    return kind == TUNNEL_GTP || kind == TUNNEL_L2TP || kind == TUNNEL_PPTP;
}

/* ---- asking cheaply ---------------------------------------------------------------------- */

/* Whether it is a UDP port of a tunnel. */
bool tunnel_has_port(uint16_t port);

static inline uint64_t tunnel_port_bit(uint16_t port)
{
    return UINT64_C(1) << (port >> 2 & 63);
}

/* Says no at once to seven ports of eight. */
static inline bool tunnel_may_have_port(uint16_t port)
{
    const uint64_t bits = tunnel_port_bit(1701) | tunnel_port_bit(2152) | tunnel_port_bit(3544) |
                          tunnel_port_bit(4789) | tunnel_port_bit(4790) | tunnel_port_bit(5247) |
                          tunnel_port_bit(6081) | tunnel_port_bit(8472) | tunnel_port_bit(37008);
    return bits & tunnel_port_bit(port);
}

/* Whether it is worth to open the packet. */
static inline bool packet_may_be_tunnel(const struct packet *p)
{
    if (p->key.ip_protocol == IP_TCP)
        return false;
    if (p->key.ip_protocol == IP_UDP)
        return (tunnel_may_have_port(p->key.port[0]) && tunnel_has_port(p->key.port[0])) ||
               (tunnel_may_have_port(p->key.port[1]) && tunnel_has_port(p->key.port[1]));
    return p->key.ip_protocol == IP_IPIP || p->key.ip_protocol == IP_6IN4 ||
           p->key.ip_protocol == IP_GRE;
}

#endif
