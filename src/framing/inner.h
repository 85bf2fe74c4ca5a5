/* SPDX-License-Identifier: MIT */
/*
 * What tunnels carry: an IP packet or an Ethernet frame, checked strictly enough to tell it from
 * chance.
 */
#ifndef CDPI_FRAMING_INNER_H
#define CDPI_FRAMING_INNER_H

#include "core/cursor.h"

/* RFC 791: version and header length, total length within what is there, header checksum. 16 bits
 * and more. */
static inline bool inner_ipv4(struct cursor c, bool is_cut)
{
    uint32_t left = cursor_left(&c);
    uint32_t header = (uint32_t)(cursor_peek(&c, 0) & 0x0f) * 4;
    if (cursor_peek(&c, 0) >> 4 != 4 || header < 20 || left < header)
        return false;
    uint32_t total = cursor_peek_u16(&c, 2);
    if (total < header || (total > left && !is_cut))
        return false;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < header; i += 2)
        sum += cursor_u16(&c);
    sum = (sum & 0xffff) + (sum >> 16);
    return ((sum & 0xffff) + (sum >> 16)) == 0xffff;
}

/* RFC 8200: version, payload length that is exactly what is there, a next header that is common. */
static inline bool inner_ipv6(struct cursor c, bool is_cut)
{
    uint32_t left = cursor_left(&c);
    if (cursor_peek(&c, 0) >> 4 != 6 || left < 40)
        return false;
    uint32_t size = 40u + cursor_peek_u16(&c, 4);
    int next = cursor_peek(&c, 6);
    bool is_known = next == 0 || next == 6 || next == 17 || next == 43 || next == 44 ||
                    next == 50 || next == 58 || next == 59 || next == 60 || next == 132;
    return is_known && (size == left || (is_cut && size > left));
}

static inline bool inner_ip(struct cursor c, bool is_cut)
{
    return inner_ipv4(c, is_cut) || inner_ipv6(c, is_cut);
}

/* IEEE 802.3 and 802.1Q: two addresses, tags, then IPv4, IPv6 or ARP. */
static inline bool inner_ethernet(struct cursor c, bool is_cut)
{
    cursor_skip(&c, 12);
    for (int tags = 0; tags < 2; tags++) {
        uint16_t type = cursor_peek_u16(&c, 0);
        if (type == 0x8100 || type == 0x88a8)
            cursor_skip(&c, 4);
    }
    switch (cursor_u16(&c)) {
    case 0x0800:
        return inner_ipv4(c, is_cut);
    case 0x86dd: /* frames may be padded, so the length is not exact */
        return cursor_peek(&c, 0) >> 4 == 6 && cursor_left(&c) >= 40;
    case 0x0806: /* RFC 826: Ethernet, IPv4, 6, 4 */
        return cursor_starts_with(&c, "\0\x01\x08\0\x06\x04\0");
    default:
        return false;
    }
}

#endif
