/* SPDX-License-Identifier: MIT */
/*
 * Checksums that protocols carry, bit by bit: frames are short, and few are checked.
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
    crc ^= byte;
    for (int bit = 0; bit < 8; bit++)
        crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    return crc;
}

static inline uint32_t crc32_ethernet(struct cursor c)
{
    uint32_t crc = UINT32_MAX;
    for (cursor_seek(&c, 0); !cursor_at_end(&c);)
        crc = crc32_byte(crc, cursor_u8(&c));
    return ~crc;
}

#endif
