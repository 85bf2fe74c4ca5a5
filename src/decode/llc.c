/* SPDX-License-Identifier: MIT */
/* IEEE 802.2 and SNAP: what stands between a link layer without types and IP. */
#include "decode/descent.h"

enum { NLPID_SNAP = 0x80, NLPID_IPV6 = 0x8e, NLPID_IPV4 = 0xcc };

/* SNAP behind its LLC: OUI and type. 00-80-C2 is a bridge's (RFC 2684 section 5.2), 7 a frame of
 * Ethernet without its checksum and 1 one with it. */
static enum decode_result decode_snap(struct descent *d, struct cursor c, uint32_t padding)
{
    uint32_t organization = cursor_u24(&c);
    uint16_t type = cursor_u16(&c);
    if (c.ran_short)
        return DECODE_MALFORMED;
    if (organization == 0 || organization == 0x0000f8)
        return decode_ethertype(d, c, type);
    if (organization == 0x0080c2 && (type == 1 || type == 7))
        return cursor_skip(&c, padding) ? decode_ethernet(d, c) : DECODE_MALFORMED;
    return DECODE_OTHER;
}

/* ISO's network layer protocol identifier (RFC 2427, RFC 2684 section 5.1). */
enum decode_result decode_nlpid(struct descent *d, struct cursor c)
{
    uint8_t identifier = cursor_u8(&c);
    if (identifier == NLPID_IPV4 || identifier == NLPID_IPV6)
        return decode_ip(d, c);
    return identifier == NLPID_SNAP ? decode_snap(d, c, 0) : DECODE_OTHER;
}

enum decode_result decode_llc_padded(struct descent *d, struct cursor c, uint32_t padding)
{
    if (cursor_accept(&c, "\xaa\xaa\x03", 3))
        return decode_snap(d, c, padding);
    if (cursor_accept(&c, "\x06\x06\x03", 3)) /* RFC 791's own */
        return decode_ip(d, c);
    if (cursor_accept(&c, "\xfe\xfe\x03", 3))
        return decode_nlpid(d, c);
    return cursor_left(&c) < 3 ? DECODE_MALFORMED : DECODE_OTHER;
}

enum decode_result decode_llc(struct descent *d, struct cursor c)
{
    return decode_llc_padded(d, c, 0);
}
