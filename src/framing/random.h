/* SPDX-License-Identifier: MIT */
/*
 * Whether bytes look like a key or like ciphertext: nearly all of them differ. Headers, text and
 * padding do not look so.
 */
#ifndef CDPI_FRAMING_RANDOM_H
#define CDPI_FRAMING_RANDOM_H

#include "core/cursor.h"

/* The next n bytes (up to 64) are there, and no more than a quarter of them has occurred before
 * among them. Of 32 random bytes 2 have, of 64 about 7. */
static inline bool random_looks(struct cursor c, uint32_t n)
{
    uint64_t seen[4] = {0};
    uint32_t again = 0;
    const uint8_t *bytes = cursor_bytes(&c, n);
    for (uint32_t i = 0; bytes && i < n; i++) {
        uint8_t byte = bytes[i];
        uint64_t bit = UINT64_C(1) << (byte & 63);
        again += (seen[byte >> 6] & bit) != 0;
        seen[byte >> 6] |= bit;
    }
    return !c.ran_short && again <= n / 4;
}

#endif
