/* SPDX-License-Identifier: MIT */
/* IEEE 802.11, and the headers that captures put before it. */
#include "decode/descent.h"

/* IEEE 802.11 section 9.2: data frames that are not encrypted. Of several in one (A-MSDU, section
 * 9.3.2.2) the first is taken: two addresses and a size stand before it. Some controllers send the
 * first two bytes the other way round. `word`: the header is filled up to so many bytes. */
static enum decode_result decode_wireless_padded(struct descent *d, struct cursor c, uint32_t word)
{
    uint32_t start = c.at;
    uint8_t control = cursor_u8(&c), flags = cursor_u8(&c);
    if (control & 3 && (flags & 15) == 8) {
        uint8_t first = control;
        control = flags;
        flags = first;
    }
    unsigned type = control >> 2 & 3, subtype = control >> 4;
    bool is_relayed = (flags & 3) == 3, has_quality = subtype & 8;
    if (control & 3 || type != 2 || subtype & 4 || flags & 0x40)
        return c.ran_short ? DECODE_MALFORMED : DECODE_OTHER;
    cursor_skip(&c, 22u + (is_relayed ? 6u : 0));
    bool are_several = has_quality && cursor_u8(&c) & 0x80;
    cursor_skip(&c, (has_quality ? 1u : 0) + (has_quality && flags & 0x80 ? 4u : 0));
    cursor_skip(&c, (word - (c.at - start) % word) % word);
    if (are_several)
        cursor_skip(&c, 14);
    if (!cursor_starts(&c, "\xaa\xaa\x03", 3))
        return DECODE_OTHER;
    return decode_llc(d, c);
}

enum decode_result decode_wireless(struct descent *d, struct cursor c)
{
    return decode_wireless_padded(d, c, 1);
}

/* radiotap.org, fields: words of bits that say which there are, the last with bit 31 clear; the
 * time (bit 0) at a multiple of 8 bytes; then flags (bit 1). `c` stands behind the first 4 bytes.
 */
static bool has_padding_flag(struct cursor c)
{
    enum { TIME = 1, FLAGS = 2, DATA_PAD = 0x20, WORDS = 32 };
    uint32_t fields = cursor_le32(&c), at = 8;
    for (uint32_t more = fields; more >> 31 && at < 4 * WORDS; at += 4)
        more = cursor_le32(&c);
    if (fields & TIME)
        cursor_skip(&c, (8 - at % 8) % 8 + 8);
    return fields & FLAGS && cursor_u8(&c) & DATA_PAD && !c.ran_short;
}

/* Version 0, a byte of padding, the header's size. */
enum decode_result decode_radiotap(struct descent *d, struct cursor c)
{
    uint8_t version = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint16_t size = cursor_le16(&c);
    uint32_t word = has_padding_flag(c) ? 4 : 1;
    if (version != 0 || size < 8 || !cursor_skip(&c, size - 4u))
        return DECODE_MALFORMED;
    return decode_wireless_padded(d, c, word);
}

/* AVS: a version that begins with 0x8021, then the header's size. Prism: a message's code and size,
 * in the writing host's order; sizes are below 64 Ki. */
enum decode_result decode_prism(struct descent *d, struct cursor c)
{
    struct cursor begin = c;
    uint32_t code = cursor_u32(&c), size = cursor_u32(&c);
    if (code >> 16 != 0x8021 && size > 0xffff)
        size = __builtin_bswap32(size);
    if (c.ran_short || size < 8 || !cursor_skip(&begin, size))
        return DECODE_MALFORMED;
    return decode_wireless(d, begin);
}

/* CACE's per-packet information: version 0(1) flags(1) size(2) link type(4), little-endian. */
enum decode_result decode_ppi(struct descent *d, struct cursor c)
{
    enum { PPI = 192 };
    struct cursor begin = c;
    cursor_skip(&c, 2);
    uint16_t size = cursor_le16(&c);
    uint32_t link_type = cursor_le32(&c);
    if (c.ran_short || size < 8 || !cursor_skip(&begin, size))
        return DECODE_MALFORMED;
    return link_type == PPI ? DECODE_OTHER : decode_link(d, begin, link_type);
}
