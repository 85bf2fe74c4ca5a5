/* SPDX-License-Identifier: MIT */
/*
 * Checksums that protocols carry. Those of 16 bits go by halves of bytes, as their frames are
 * short.
 */
#ifndef CDPI_FRAMING_CRC_H
#define CDPI_FRAMING_CRC_H

#include "core/cursor.h"

/* All bytes of the cursor, whatever has been read. Highest bit first, polynomial x^16 + x^12 + x^5
 * + 1: CRC-CCITT starts from 0xffff (C37.118) or from 0 (XMODEM, Ether-S-Bus). */
static inline uint16_t crc16_ccitt(struct cursor c, uint16_t crc)
{
    static const uint16_t of_half[16] = {0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5,
                                         0x60c6, 0x70e7, 0x8108, 0x9129, 0xa14a, 0xb16b,
                                         0xc18c, 0xd1ad, 0xe1ce, 0xf1ef};
    for (cursor_seek(&c, 0); !cursor_at_end(&c);) {
        uint8_t byte = cursor_u8(&c);
        crc = (uint16_t)(crc << 4 ^ of_half[crc >> 12 ^ byte >> 4]);
        crc = (uint16_t)(crc << 4 ^ of_half[crc >> 12 ^ (byte & 15)]);
    }
    return crc;
}

/* IEEE 1815 (DNP3): lowest bit first, polynomial 0x3d65, inverted at the end; on the wire low byte
 * first. */
static inline uint16_t crc16_dnp(struct cursor c)
{
    static const uint16_t of_half[16] = {0x0000, 0xb26b, 0x29af, 0x9bc4, 0x535e, 0xe135,
                                         0x7af1, 0xc89a, 0xa6bc, 0x14d7, 0x8f13, 0x3d78,
                                         0xf5e2, 0x4789, 0xdc4d, 0x6e26};
    uint16_t crc = 0;
    for (cursor_seek(&c, 0); !cursor_at_end(&c);) {
        crc ^= cursor_u8(&c);
        crc = (uint16_t)(crc >> 4 ^ of_half[crc & 15]);
        crc = (uint16_t)(crc >> 4 ^ of_half[crc & 15]);
    }
    return (uint16_t)~crc;
}

/* Lowest bit first, polynomial x^16 + x^12 + x^5 + 1: one byte more. */
static inline uint16_t crc16_low_first(uint16_t crc, uint8_t byte)
{
    static const uint16_t of_half[16] = {0x0000, 0x1081, 0x2102, 0x3183, 0x4204, 0x5285,
                                         0x6306, 0x7387, 0x8408, 0x9489, 0xa50a, 0xb58b,
                                         0xc60c, 0xd68d, 0xe70e, 0xf78f};
    crc ^= byte;
    crc = (uint16_t)(crc >> 4 ^ of_half[crc & 15]);
    return (uint16_t)(crc >> 4 ^ of_half[crc & 15]);
}

/* MCRF4XX (MAVLink): from 0xffff; one byte more that is not sent stands behind the others. */
static inline uint16_t crc16_mcrf4xx(struct cursor c, uint8_t behind)
{
    uint16_t crc = 0xffff;
    for (cursor_seek(&c, 0); !cursor_at_end(&c);)
        crc = crc16_low_first(crc, cursor_u8(&c));
    return crc16_low_first(crc, behind);
}

/* ISO/IEC 13239 (HDLC): from 0xffff and inverted at the end; on the wire low byte first. */
static inline uint16_t crc16_hdlc(struct cursor c)
{
    uint16_t crc = 0xffff;
    for (cursor_seek(&c, 0); !cursor_at_end(&c);)
        crc = crc16_low_first(crc, cursor_u8(&c));
    return (uint16_t)~crc;
}

/* IEEE 802.3, as Ethernet and zlib have it: starts from UINT32_MAX and is inverted at the end. In
 * parts: what has been read of the cursor is left out. */
uint32_t crc32_add(uint32_t crc, struct cursor part);

static inline uint32_t crc32_ethernet(struct cursor c)
{
    cursor_seek(&c, 0);
    return ~crc32_add(UINT32_MAX, c);
}

#endif
