/* SPDX-License-Identifier: MIT */
/*
 * Whether 64 bytes are a point of the curve secp256k1 (SEC 2, section 2.4.1): y^2 = x^3 + 7 modulo
 * p = 2^256 - 2^32 - 977. Peers that send a public key in the clear are known by it: by chance it
 * fits once in 2^256.
 */
#ifndef CDPI_FRAMING_SECP256K1_H
#define CDPI_FRAMING_SECP256K1_H

#include "core/cursor.h"

enum { SECP256K1_LIMBS = 8, SECP256K1_POINT = 64, SECP256K1_REST = 977 };

/* Least significant limb first. */
struct secp256k1 {
    uint32_t limb[SECP256K1_LIMBS];
};

static inline struct secp256k1 secp256k1_read(struct cursor *c)
{
    struct secp256k1 n;
    for (int i = SECP256K1_LIMBS; i-- > 0;)
        n.limb[i] = cursor_u32(c);
    return n;
}

/* Adds 2^32 + 977 once: what 2^256 comes to. The carry out of it. */
static inline uint32_t secp256k1_add_rest(struct secp256k1 *n, uint64_t times)
{
    uint64_t low = (times & UINT32_MAX) * SECP256K1_REST, high = (times >> 32) * SECP256K1_REST;
    uint64_t add[4] = {low & UINT32_MAX, (low >> 32) + (times & UINT32_MAX) + (high & UINT32_MAX),
                       (times >> 32) + (high >> 32), 0};
    uint64_t carry = 0;
    for (int i = 0; i < SECP256K1_LIMBS; i++) {
        carry += n->limb[i] + (i < 4 ? add[i] : 0);
        n->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return (uint32_t)carry;
}

/* The product of two numbers folded to 256 bits: 2^256 counts as 2^32 + 977. */
static inline struct secp256k1 secp256k1_times(const struct secp256k1 *a, const struct secp256k1 *b)
{
    uint32_t product[2 * SECP256K1_LIMBS] = {0};
    for (int i = 0; i < SECP256K1_LIMBS; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < SECP256K1_LIMBS; j++) {
            carry += (uint64_t)a->limb[i] * b->limb[j] + product[i + j];
            product[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        product[i + SECP256K1_LIMBS] = (uint32_t)carry;
    }
    struct secp256k1 n;
    const uint32_t *high = product + SECP256K1_LIMBS;
    uint64_t carry = 0, over;
    for (int i = 0; i < SECP256K1_LIMBS; i++) {
        carry += (uint64_t)high[i] * SECP256K1_REST + product[i];
        uint64_t shifted = i ? high[i - 1] : 0;
        carry += shifted;
        n.limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    over = carry + high[SECP256K1_LIMBS - 1];
    while (over)
        over = secp256k1_add_rest(&n, over);
    return n;
}

/* The number modulo p, one way to write it each. */
static inline void secp256k1_settle(struct secp256k1 *n)
{
    struct secp256k1 less = *n;
    if (secp256k1_add_rest(&less, 1)) /* n >= p */
        *n = less;
}

/* The next 64 bytes: x, then y. */
static inline bool secp256k1_is_point(struct cursor c)
{
    struct secp256k1 x = secp256k1_read(&c), y = secp256k1_read(&c);
    if (c.ran_short)
        return false;
    struct secp256k1 left = secp256k1_times(&y, &y), square = secp256k1_times(&x, &x);
    struct secp256k1 right = secp256k1_times(&square, &x);
    uint64_t carry = 7;
    for (int i = 0; i < SECP256K1_LIMBS; i++) {
        carry += right.limb[i];
        right.limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        secp256k1_add_rest(&right, 1);
    secp256k1_settle(&left);
    secp256k1_settle(&right);
    return memcmp(&left, &right, sizeof left) == 0;
}

#endif
