/* SPDX-License-Identifier: MIT */
/*
 * The short way for what nearly all frames are: Ethernet, perhaps with one VLAN tag, with IPv4 (no
 * options) or IPv6 (no extension headers), and TCP or UDP in it. Whatever else a frame is, the
 * answer is false, and the general way decodes it; both come to the same results, a test holds them
 * to it.
 *
 * It is inlined where batches are decoded: this is most of what happens to a packet, so it counts
 * its instructions. Fields that are only compared are compared as they lie in memory.
 */
#ifndef CDPI_DECODE_FAST_H
#define CDPI_DECODE_FAST_H

#include <string.h>

#include "decode/packet.h"

enum { LINK_ETHERNET = 1 };
enum {
    ETHERNET_SIZE = 14,
    VLAN_TAG_SIZE = 4,
    IPV4_SIZE = 20,
    IPV6_SIZE = 40,
    TCP_SIZE = 20,
    UDP_SIZE = 8,
    FAST_LEAST = ETHERNET_SIZE + IPV4_SIZE + UDP_SIZE
};

/* As they lie in memory. */
static inline uint16_t peek16(const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, at, 2);
    return value;
}

static inline uint32_t peek32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, 4);
    return value;
}

static inline uint64_t peek64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, 8);
    return value;
}

static inline uint16_t load16(const uint8_t *at)
{
    return __builtin_bswap16(peek16(at));
}

static inline uint32_t load32(const uint8_t *at)
{
    return __builtin_bswap32(peek32(at));
}

/* Where the payload lies; `left` bytes of the segment are captured, `wire` are promised. False:
 * take the general way. */
static inline bool fast_tcp(struct packet *p, const uint8_t *at, uint32_t left, uint32_t wire)
{
    if (left < TCP_SIZE)
        return false;
    uint32_t header = at[12] / 16u * 4;
    if (header < TCP_SIZE || header > left)
        return false; /* left <= wire */
    p->sequence = load32(at + 4);
    p->tcp_flags = at[13];
    p->payload = at + header;
    p->payload_wire = wire - header;
    p->payload_size = left - header;
    return true;
}

static inline bool fast_udp(struct packet *p, const uint8_t *at, uint32_t left, uint32_t wire)
{
    if (left < UDP_SIZE)
        return false;
    uint32_t length = load16(at + 4);
    if (length < UDP_SIZE)
        length = wire; /* as the general way reads it */
    if (length < wire)
        wire = length;
    if (left > wire)
        left = wire;
    p->tcp_flags = 0;
    p->payload = at + UDP_SIZE;
    p->payload_wire = wire - UDP_SIZE;
    p->payload_size = left - UDP_SIZE;
    return true;
}

static inline bool fast_transport(struct packet *p, uint8_t ip_protocol, const uint8_t *at,
                                  uint32_t left, uint32_t wire)
{
    if (ip_protocol == IP_TCP)
        return fast_tcp(p, at, left, wire);
    return ip_protocol == IP_UDP && fast_udp(p, at, left, wire);
}

/* Both halves change places, or do not: without a branch, as nobody could foresee which. */
static inline uint32_t turn_if(uint32_t word, bool is_turned)
{
    unsigned count = is_turned * 16u;
    return word >> count | word << (-count & 31u);
}

/* The ports, in the order of the addresses; and everything that IPv4 and IPv6 share. */
static inline void fast_finish(const struct decoder *decoder, struct packet *p, const uint8_t *ip,
                               uint32_t size, uint64_t mixed, uint32_t ports, bool swap)
{
    uint64_t ordered = turn_if(ports, !swap);
    p->ip = ip;
    p->ip_size = size;
    p->direction = swap;
    flow_key_set_ports(&p->key, ordered);
    p->hash = hash_flow(mixed, ordered, p->key.ip_protocol, decoder->hash_key);
}

/* Not a first fragment, nor one behind it. */
static inline bool fast_is_whole(const uint8_t *ip)
{
    return !(peek16(ip + 6) & __builtin_bswap16(0x3fff));
}

static inline bool fast_ipv4(const struct decoder *decoder, struct packet *p, const uint8_t *ip,
                             uint32_t left)
{
    uint32_t total = load16(ip + 2);
    uint8_t ip_protocol = ip[9];
    if (left > total)
        left = total;
    if (total < IPV4_SIZE || !fast_is_whole(ip) ||
        !fast_transport(p, ip_protocol, ip + IPV4_SIZE, left - IPV4_SIZE, total - IPV4_SIZE))
        return false;
    /* The lower address first: of both orders, as one number, the higher. */
    uint64_t addresses = peek64(ip + 12), turned = addresses << 32 | addresses >> 32;
    uint32_t ports = load32(ip + IPV4_SIZE);
    bool swap = turned > addresses;
    if (__builtin_expect(turned == addresses, 0))
        swap = ports >> 16 > (uint16_t)ports;
    addresses = turned > addresses ? turned : addresses;
    p->key.address.v4_both = addresses;
    p->key.is_v6 = false;
    p->key.ip_protocol = ip_protocol;
    fast_finish(decoder, p, ip, left, addresses, ports, swap);
    return true;
}

static inline bool fast_ipv6(const struct decoder *decoder, struct packet *p, const uint8_t *ip,
                             uint32_t left)
{
    uint32_t length = load16(ip + 4);
    if (left < IPV6_SIZE + UDP_SIZE || length == 0 || ip[0] >> 4 != 6)
        return false;
    if (left > length + IPV6_SIZE)
        left = length + IPV6_SIZE;
    if (!fast_transport(p, ip[6], ip + IPV6_SIZE, left - IPV6_SIZE, length))
        return false;
    uint64_t source[2], target[2];
    uint32_t ports = load32(ip + IPV6_SIZE);
    memcpy(source, ip + 8, 16);
    memcpy(target, ip + 24, 16);
    bool swap = source[0] != target[0]   ? source[0] > target[0]
                : source[1] != target[1] ? source[1] > target[1]
                                         : ports >> 16 > (uint16_t)ports;
    uint64_t(*address)[2] = p->key.address.v6;
    memcpy(address[0], swap ? target : source, 16);
    memcpy(address[1], swap ? source : target, 16);
    p->key.is_v6 = true;
    p->key.ip_protocol = ip[6];
    fast_finish(decoder, p, ip, left, hash_v6(address[0], address[1], decoder->hash_key), ports,
                swap);
    return true;
}

enum fast { FAST_NOT, FAST_IPV4, FAST_IPV6 };

static inline enum fast decode_fast(const struct decoder *decoder, const uint8_t *data,
                                    uint32_t captured, uint32_t length, uint32_t link_type,
                                    struct packet *p)
{
    if (link_type != LINK_ETHERNET)
        return FAST_NOT;
    if (captured < FAST_LEAST)
        return FAST_NOT;
    const uint8_t *ip = data + ETHERNET_SIZE;
    uint32_t left = captured - ETHERNET_SIZE;
    uint16_t type = peek16(data + 12);
    p->frame_length = length;
    p->vlan = 0;
    if (type == __builtin_bswap16(0x8100)) { /* one tag; behind it, a second one is no type of IP */
        if (decoder->vlan_strict || captured < FAST_LEAST + VLAN_TAG_SIZE)
            return FAST_NOT;
        p->vlan = load16(ip) & 0xfff;
        type = peek16(ip + 2);
        ip += VLAN_TAG_SIZE;
        left -= VLAN_TAG_SIZE;
    }
    if (type == __builtin_bswap16(0x0800) && ip[0] == 0x45)
        return fast_ipv4(decoder, p, ip, left) ? FAST_IPV4 : FAST_NOT;
    if (type == __builtin_bswap16(0x86dd) && fast_ipv6(decoder, p, ip, left))
        return FAST_IPV6;
    return FAST_NOT;
}

#endif
