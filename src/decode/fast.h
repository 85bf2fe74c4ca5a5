/* SPDX-License-Identifier: MIT */
/*
 * The short way for what nearly all frames are: Ethernet with IPv4 (no options) or IPv6 (no
 * extension headers), and TCP or UDP in it. Whatever else a frame is, the answer is false, and the
 * general way decodes it; both come to the same results, a test holds them to it.
 *
 * It is inlined where batches are decoded: this is most of what happens to a packet, so it counts
 * its instructions.
 */
#ifndef CDPI_DECODE_FAST_H
#define CDPI_DECODE_FAST_H

#include <string.h>

#include "decode/packet.h"

enum { LINK_ETHERNET = 1, FAST_IPV6 = 0x86dd };
enum { ETHERNET_SIZE = 14, IPV4_SIZE = 20, IPV6_SIZE = 40, TCP_SIZE = 20, UDP_SIZE = 8 };

static inline uint16_t load16(const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, at, 2);
    return __builtin_bswap16(value);
}

static inline uint32_t load32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, 4);
    return __builtin_bswap32(value);
}

/* Where the payload lies; `left` bytes of the segment are captured, `wire` are promised. False:
 * take the general way. */
static inline bool fast_tcp(struct packet *p, const uint8_t *at, uint32_t left, uint32_t wire)
{
    if (left < TCP_SIZE)
        return false;
    uint32_t header = (uint32_t)(at[12] >> 4) * 4;
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

/* The ports, in the order of the addresses; and everything that IPv4 and IPv6 share. Returns the
 * hash over `mixed` addresses. */
static inline void fast_finish(const struct decoder *decoder, struct packet *p, const uint8_t *ip,
                               uint32_t size, uint64_t mixed, uint32_t ports, bool swap)
{
    uint16_t first = (uint16_t)(swap ? ports : ports >> 16);
    uint16_t second = (uint16_t)(swap ? ports >> 16 : ports);
    p->ip = ip;
    p->ip_size = size;
    p->vlan = 0;
    p->direction = swap;
    p->key.port[0] = first;
    p->key.port[1] = second;
    p->key.domain = 0;
    p->hash =
        hash_finish(mixed, hash_rest(0, first, second, p->key.ip_protocol), decoder->hash_key);
}

static inline bool fast_ipv4(const struct decoder *decoder, struct packet *p, const uint8_t *ip,
                             uint32_t left)
{
    uint32_t total = load16(ip + 2);
    uint8_t ip_protocol = ip[9];
    if (left > total)
        left = total;
    if (total < IPV4_SIZE || load16(ip + 6) & 0x3fff ||
        !fast_transport(p, ip_protocol, ip + IPV4_SIZE, left - IPV4_SIZE, total - IPV4_SIZE))
        return false;
    uint32_t source, target, ports = load32(ip + IPV4_SIZE);
    memcpy(&source, ip + 12, 4);
    memcpy(&target, ip + 16, 4);
    bool swap = source > target || (source == target && ports >> 16 > (uint16_t)ports);
    uint32_t first = swap ? target : source, second = swap ? source : target;
    p->key.address.v4[0] = first;
    p->key.address.v4[1] = second;
    p->key.is_v6 = false;
    p->key.ip_protocol = ip_protocol;
    fast_finish(decoder, p, ip, left, hash_v4(first, second), ports, swap);
    return true;
}

static inline bool fast_ipv6(const struct decoder *decoder, struct packet *p, const uint8_t *ip,
                             uint32_t left)
{
    uint32_t length = left < IPV6_SIZE ? 0 : load16(ip + 4);
    if (length == 0 || ip[0] >> 4 != 6)
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

static inline bool decode_fast(const struct decoder *decoder, const uint8_t *data,
                               uint32_t captured, uint32_t length, uint32_t link_type,
                               struct packet *p)
{
    if (link_type != LINK_ETHERNET || captured < ETHERNET_SIZE + IPV4_SIZE)
        return false;
    const uint8_t *ip = data + ETHERNET_SIZE;
    uint32_t kind = load32(data + 12) >> 8; /* type, version and header size */
    p->frame_length = length;
    if (kind == 0x080045)
        return fast_ipv4(decoder, p, ip, captured - ETHERNET_SIZE);
    return kind >> 8 == FAST_IPV6 && fast_ipv6(decoder, p, ip, captured - ETHERNET_SIZE);
}

#endif
