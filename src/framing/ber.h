/* SPDX-License-Identifier: MIT */
/*
 * ASN.1 in its Basic and Distinguished Encoding Rules, ITU-T X.690 section 8.1: tag, length,
 * contents. Only what classifiers meet: tags of one byte (30 and less), lengths in definite form.
 */
#ifndef CDPI_FRAMING_BER_H
#define CDPI_FRAMING_BER_H

#include "core/cursor.h"

enum {
    BER_BOOLEAN = 0x01,
    BER_INTEGER = 0x02,
    BER_OCTETS = 0x04,
    BER_OID = 0x06,
    BER_ENUMERATED = 0x0a,
    BER_SEQUENCE = 0x30,
    BER_SET = 0x31
};

/* The length in definite form: one byte, or 0x81 to 0x84 and as many bytes. False where it is
 * neither. What has not arrived is no fault: the cursor ran short. */
static inline bool ber_length(struct cursor *c, uint32_t *length)
{
    uint8_t first = cursor_u8(c);
    *length = first;
    if (first < 0x80)
        return true;
    if (first == 0x80 || first > 0x84)
        return false;
    *length = 0;
    for (unsigned i = first & 0x7fu; i > 0; i--)
        *length = *length << 8 | cursor_u8(c);
    return *length <= INT32_MAX;
}

/* An element's head with this tag. False: another tag, or no length. */
static inline bool ber_enter(struct cursor *c, uint8_t tag, uint32_t *length)
{
    *length = 0;
    uint8_t found = cursor_u8(c);
    if (c->ran_short)
        return true;
    return found == tag && ber_length(c, length);
}

/* Enters an element that must end exactly `end` bytes from the stream's start; sets *end when it is
 * 0. */
static inline bool ber_enter_within(struct cursor *c, uint8_t tag, uint32_t *end)
{
    uint32_t length;
    if (!ber_enter(c, tag, &length))
        return false;
    if (c->ran_short)
        return true;
    if (*end && c->at + length != *end)
        return false;
    *end = c->at + length;
    return true;
}

/* An integer of at most 4 bytes (5 with a leading zero). */
static inline bool ber_number(struct cursor *c, uint8_t tag, uint32_t *value)
{
    uint32_t length;
    *value = 0;
    if (!ber_enter(c, tag, &length))
        return false;
    if (c->ran_short)
        return true;
    if (length == 0 || length > 5)
        return false;
    for (; length > 0; length--)
        *value = *value << 8 | cursor_u8(c);
    return true;
}

static inline bool ber_integer(struct cursor *c, uint32_t *value)
{
    return ber_number(c, BER_INTEGER, value);
}

/* A whole element with this tag, passed over. */
static inline bool ber_skip(struct cursor *c, uint8_t tag)
{
    uint32_t length;
    if (!ber_enter(c, tag, &length))
        return false;
    cursor_skip(c, length);
    return true;
}

#endif
