/* SPDX-License-Identifier: MIT */
/*
 * Checksums that protocols carry, by bits and halves of bytes: frames are short, and few are
 * checked.
 */
#ifndef CDPI_FRAMING_CRC_H
#define CDPI_FRAMING_CRC_H

#include "core/cursor.h"

/* All bytes of the cursor, whatever has been read. Highest bit first, polynomial x^16 + x^12 + x^5
 * + 1: CRC-CCITT starts from 0xffff (C37.118) or from 0 (XMODEM, Ether-S-Bus). */
static inline uint16_t crc16_ccitt(struct cursor c, uint16_t crc)
{
    for (cursor_seek(&c, 0); !cursor_at_end(&c);) {
        crc ^= (uint16_t)(cursor_u8(&c) << 8);
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc << 1 ^ (crc & 0x8000 ? 0x1021 : 0));
    }
    return crc;
}

/* IEEE 1815 (DNP3): lowest bit first, polynomial 0x3d65, inverted at the end; on the wire low byte
 * first. */
static inline uint16_t crc16_dnp(struct cursor c)
{
    uint16_t crc = 0;
    for (cursor_seek(&c, 0); !cursor_at_end(&c);) {
        crc ^= cursor_u8(&c);
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc >> 1 ^ (crc & 1 ? 0xa6bc : 0));
    }
    return (uint16_t)~crc;
}

/* IEEE 802.3, as Ethernet and zlib have it: starts from UINT32_MAX and is inverted at the end. */
static inline uint32_t crc32_byte(uint32_t crc, uint8_t byte)
{
    /* What four bits at the low end come to. */
    static const uint32_t of_half[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                         0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                         0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                         0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    crc ^= byte;
    crc = crc >> 4 ^ of_half[crc & 15];
    return crc >> 4 ^ of_half[crc & 15];
}

static inline uint32_t crc32_ethernet(struct cursor c)
{
    uint32_t crc = UINT32_MAX;
    for (cursor_seek(&c, 0); !cursor_at_end(&c);)
        crc = crc32_byte(crc, cursor_u8(&c));
    return ~crc;
}

#endif
