/* SPDX-License-Identifier: MIT */
#include "ml/features.h"

#include <math.h>

/* One pass of a radix sort: by eight bits of each pair, keeping the order of equals. */
static void sort_by(const uint16_t *from, uint16_t *to, size_t count, unsigned shift)
{
    uint16_t place[257] = {0};
    for (size_t i = 0; i < count; i++)
        place[(from[i] >> shift & 255) + 1]++;
    for (unsigned value = 0; value < 256; value++)
        place[value + 1] = (uint16_t)(place[value + 1] + place[value]);
    for (size_t i = 0; i < count; i++)
        to[place[from[i] >> shift & 255]++] = from[i];
}

/* Logarithms of counts, scaled to length one: a long payload weighs as much as a short one. */
static size_t add_pairs(const uint8_t *bytes, uint32_t size, unsigned side, struct feature *out)
{
    uint16_t pairs[PAIR_BYTES] = {0}, half[PAIR_BYTES];
    size_t count = 0, n = 0;
    double square = 0;
    for (uint32_t i = 0; i + 1 < size && i + 1 < PAIR_BYTES; i++)
        pairs[count++] = (uint16_t)((unsigned)bytes[i] << 8 | bytes[i + 1]);
    sort_by(pairs, half, count, 0);
    sort_by(half, pairs, count, 8);
    for (size_t i = 0, run; i < count; i += run) {
        for (run = 1; i + run < count && pairs[i + run] == pairs[i];)
            run++;
        double value = log1p((double)run);
        out[n++] = (struct feature){KEY_PAIRS + (side << 16) + pairs[i], value};
        square += value * value;
    }
    for (size_t i = 0; i < n; i++)
        out[i].value /= sqrt(square);
    return n;
}

static size_t add_fixed(const uint8_t *bytes, uint32_t size, unsigned side, struct feature *out)
{
    size_t n = 0;
    for (uint32_t i = 0; i < FIXED_BYTES && i < size; i++)
        out[n++] = (struct feature){KEY_FIXED + ((side * FIXED_BYTES + i) << 8) + bytes[i], 0.5};
    return n;
}

static uint32_t size_step(uint32_t wire)
{
    double step = 2 * log2((double)wire);
    return step < SIZE_STEPS - 1 ? (uint32_t)step : SIZE_STEPS - 1;
}

size_t features_of(const struct payloads *p, struct feature features[MOST_FEATURES])
{
    size_t n = 0;
    for (unsigned side = 0; side < 2; side++)
        n += add_pairs(p->bytes[side], p->size[side], side, features + n);
    for (unsigned side = 0; side < 2; side++)
        n += add_fixed(p->bytes[side], p->size[side], side, features + n);
    for (unsigned side = 0; side < 2; side++) {
        if (p->wire[side])
            features[n++] =
                (struct feature){KEY_SIZE + side * SIZE_STEPS + size_step(p->wire[side]), 0.5};
    }
    if (p->server_first)
        features[n++] = (struct feature){KEY_SERVER_FIRST, 0.5};
    return n;
}
