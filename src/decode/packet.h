/* SPDX-License-Identifier: MIT */
/*
 * From a frame to what the flow table and the classifiers need: the key, its hash, the direction,
 * the payload.
 */
#ifndef CDPI_DECODE_PACKET_H
#define CDPI_DECODE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The endpoints in canonical order: the lower (address, port) first. Addresses in network byte
 * order; IPv4 uses the first word of each. ICMP: the type and its counterpart stand for the ports.
 */
struct flow_key {
    union {
        uint32_t v4[2];
        uint64_t v4_both;
        uint64_t v6[2][2];
    } address;
    uint16_t port[2];
    uint32_t domain; /* the tunnel's or VLAN's identity, 0 outside */
    uint8_t ip_protocol;
    uint8_t is_v6;
};

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };
enum {
    IP_ICMP = 1,
    IP_IPIP = 4,
    IP_TCP = 6,
    IP_UDP = 17,
    IP_6IN4 = 41,
    IP_GRE = 47,
    IP_ICMPV6 = 58,
    IP_SCTP = 132
};

struct packet {
    uint64_t hash;
    uint64_t time; /* microseconds since 1970 */
    struct flow_key key;
    uint8_t direction; /* 0: from the lower endpoint to the higher */
    uint8_t tcp_flags;
    uint16_t vlan;
    const uint8_t *payload;
    uint32_t payload_size; /* captured */
    uint32_t payload_wire; /* on the wire, by the headers' lengths */
    uint32_t sequence;     /* TCP */
    uint32_t sctp_ppid;    /* SCTP: of the first DATA chunk; 0 without */
    uint32_t frame_length; /* bytes on the wire, link header included */
    const uint8_t *ip;     /* from the IP header on */
    uint32_t ip_size;
};

enum decode_result {
    DECODE_FLOW = 0,
    DECODE_OTHER,     /* no IP: ARP, LLDP ... */
    DECODE_MALFORMED, /* a header is cut or contradicts itself */
    DECODE_FRAGMENT,  /* one that waits for others, or fits none */
    DECODE_UNKNOWN_LINK
};

struct tunnel_table;
struct fragment_table;
struct whole;
struct decoder {
    uint64_t hash_key[2];
    bool vlan_strict;
    struct tunnel_table *tunnels;     /* numbers for tunnels' identities */
    struct fragment_table *fragments; /* NULL: first fragments are taken alone */
};

/* One frame. `packet` is filled when DECODE_FLOW comes back; its time is set before. */
enum decode_result decode_frame(const struct decoder *decoder, const uint8_t *data,
                                uint32_t captured, uint32_t length, uint32_t link_type,
                                struct packet *packet);

/* The general way, without the fast compare; the same results (a test holds them to it). */
enum decode_result decode_frame_slowly(const struct decoder *decoder, const uint8_t *data,
                                       uint32_t captured, uint32_t length, uint32_t link_type,
                                       struct packet *packet);

/* What a tunnel's packet carries (decode/tunnel.h). Not DECODE_FLOW: it is no tunnel, or carries no
 * flow. */
enum decode_result decode_inner(const struct decoder *decoder, const struct packet *outer,
                                struct packet *inner);

/* The same for a datagram whose flow is known to be such a tunnel, strictly: what does not hold in
 * every field is none, and fragments do not wait for others. */
enum decode_result decode_inner_as(const struct decoder *decoder, const struct packet *outer,
                                   uint8_t kind, struct packet *inner);

/* A datagram that was put together, or will not be (decode/fragments.h). */
enum decode_result decode_whole(const struct decoder *decoder, const struct whole *whole,
                                struct packet *packet);

bool decode_knows_link(uint32_t link_type);
/* The ICMP type that answers a type (Community ID v1's pairs), or -1 for those that go one way. */
int decode_icmp_counterpart(bool is_v6, uint8_t type);

/* Both halves of the product. */
static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_rest(uint32_t domain, uint16_t port, uint16_t other_port,
                                 uint8_t ip_protocol)
{
    return (uint64_t)domain << 40 ^ domain ^ (uint64_t)port << 24 ^ (uint64_t)other_port << 8 ^
           ip_protocol;
}

static inline uint64_t hash_finish(uint64_t mixed, uint64_t rest, const uint64_t secret[2])
{
    mixed = hash_fold(mixed ^ secret[0], rest ^ secret[1]);
    return hash_fold(mixed ^ secret[1], 0x9E3779B97F4A7C15u ^ secret[0]);
}

static inline uint64_t hash_v6(const uint64_t address[2], const uint64_t other[2],
                               const uint64_t secret[2])
{
    uint64_t mixed = hash_fold(address[0] ^ secret[0], address[1] ^ secret[1]);
    return hash_fold(mixed ^ other[0] ^ secret[1], other[1] ^ secret[0]);
}

/* Ports and domain, as they stand in the key: one word. */
static inline uint64_t flow_key_ports(const struct flow_key *key)
{
    uint64_t word;
    memcpy(&word, (const uint8_t *)key + offsetof(struct flow_key, port), sizeof word);
    return word;
}

static inline void flow_key_set_ports(struct flow_key *key, uint64_t word)
{
    memcpy((uint8_t *)key + offsetof(struct flow_key, port), &word, sizeof word);
}

/* Keyed: whoever does not know the key cannot choose flows that collide. Symmetric, as the key is
 * canonical. `mixed`: the addresses. One multiplication takes up 128 bits; the other one spreads
 * what is left of their order (neighbouring addresses or ports) over all bits. */
static inline uint64_t hash_flow(uint64_t mixed, uint64_t ports, uint8_t ip_protocol,
                                 const uint64_t secret[2])
{
    uint64_t hash = hash_fold(mixed ^ secret[0], ports ^ (uint64_t)ip_protocol << 56 ^ secret[1]);
    return hash_fold(hash, 0x9E3779B97F4A7C15u);
}

static inline uint64_t flow_key_hash(const struct flow_key *key, const uint64_t secret[2])
{
    uint64_t mixed =
        key->is_v6 ? hash_v6(key->address.v6[0], key->address.v6[1], secret) : key->address.v4_both;
    return hash_flow(mixed, flow_key_ports(key), key->ip_protocol, secret);
}

#endif
