/* SPDX-License-Identifier: MIT */
/*
 * What the model looks at: the first payload of each side. Counts of byte pairs, the first four
 * bytes where they stand, sizes in steps of the square root of two, who spoke first.
 *
 * A feature is a key and a value. Keys are stable: models on disk name them.
 */
#ifndef CDPI_MODULES_ML_FEATURES_H
#define CDPI_MODULES_ML_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PAIR_BYTES = 256, /* of each side are counted */
    FIXED_BYTES = 12, /* of each side are looked at where they stand */
    SIZE_STEPS = 32,

    KEY_PAIRS = 0,       /* side << 16 | pair */
    KEY_FIXED = 1 << 17, /* (side * FIXED_BYTES + place) << 8 | byte */
    KEY_SIZE = KEY_FIXED + 2 * FIXED_BYTES * 256,
    KEY_SERVER_FIRST = KEY_SIZE + 2 * SIZE_STEPS,
    KEYS,

    MOST_FEATURES = 2 * (PAIR_BYTES + FIXED_BYTES + 1) + 1
};

struct feature {
    uint32_t key;
    double value;
};

struct payloads {
    const uint8_t *bytes[2];
    uint32_t size[2]; /* of the first payload packet, captured */
    uint32_t wire[2]; /* on the wire; 0: this side is silent */
    bool server_first;
};

/* Fills up to MOST_FEATURES, in rising order of keys; returns how many. */
size_t features_of(const struct payloads *payloads, struct feature features[MOST_FEATURES]);

#endif
