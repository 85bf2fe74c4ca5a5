/* SPDX-License-Identifier: MIT */
/*
 * The messages of a radio network's application protocols (S1AP, X2AP, NGAP, XnAP: 3GPP TS 36.413,
 * 36.423, 38.413, 38.423 section 9), ASN.1 in aligned packed encoding (X.691):
 *
 *     choice(1) = 00 | 20 | 40, procedure(1) criticality(1) = 00 | 40 | 80, size(1 or 2) value
 *
 * where the value is a sequence of elements: 00 count(2), each id(2) criticality(1) size value.
 */
#ifndef CDPI_FRAMING_APER_H
#define CDPI_FRAMING_APER_H

#include "core/cursor.h"

enum { APER_ELEMENTS = 8 };

/* X.691 section 11.9: below 128 in one byte, below 16384 in two. */
static inline bool aper_size(struct cursor *c, uint32_t *size)
{
    *size = cursor_u8(c);
    if (*size & 0x80)
        *size = (*size & 0x3fu) << 8 | cursor_u8(c);
    return !c->ran_short;
}

static inline bool aper_criticality(uint8_t byte)
{
    return byte == 0 || byte == 0x40 || byte == 0x80;
}

/* Whether a message stands here that ends where the bytes end; what follows it may be the next. */
static inline bool aper_message(struct cursor *c)
{
    uint8_t choice = cursor_u8(c);
    cursor_skip(c, 1);
    uint8_t criticality = cursor_u8(c);
    uint32_t size = 0;
    if ((choice != 0 && choice != 0x20 && choice != 0x40) || !aper_criticality(criticality) ||
        !aper_size(c, &size) || size < 3 || size > cursor_left(c))
        return false;
    struct cursor value = cursor_take(c, size);
    uint8_t extension = cursor_u8(&value);
    uint16_t count = cursor_u16(&value);
    for (unsigned i = 0; i < count && i < APER_ELEMENTS; i++) {
        cursor_skip(&value, 2);
        uint8_t how = cursor_u8(&value);
        uint32_t bytes = 0;
        if (!aper_criticality(how) || !aper_size(&value, &bytes) || !cursor_skip(&value, bytes))
            return false;
    }
    return extension == 0 && (count > APER_ELEMENTS || cursor_at_end(&value));
}

#endif
