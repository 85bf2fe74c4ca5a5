/* SPDX-License-Identifier: MIT */
/*
 * Whether 64 bytes are a point of the curve secp256k1 (SEC 2, section 2.4.1): y^2 = x^3 + 7 modulo
 * p = 2^256 - 2^32 - 977. Peers that send a public key in the clear are known by it: by chance it
 * fits once in 2^256.
 */
#ifndef CDPI_FRAMING_SECP256K1_H
#define CDPI_FRAMING_SECP256K1_H

#include "core/cursor.h"

enum { SECP256K1_LIMBS = 4, SECP256K1_POINT = 64 };
/* What 2^256 comes to. */
#define SECP256K1_REST ((UINT64_C(1) << 32) + 977)

__extension__ typedef unsigned __int128 secp256k1_wide;

/* Least significant limb first. */
struct secp256k1 {
    uint64_t limb[SECP256K1_LIMBS];
};

static inline struct secp256k1 secp256k1_read(struct cursor *c)
{
    struct secp256k1 n;
#pragma GCC unroll 4
    for (int i = SECP256K1_LIMBS; i-- > 0;)
        n.limb[i] = cursor_u64(c);
    return n;
}

/* Adds a small number; the carry out of it. */
static inline uint64_t secp256k1_add(struct secp256k1 *n, secp256k1_wide carry)
{
#pragma GCC unroll 4
    for (int i = 0; i < SECP256K1_LIMBS; i++) {
        carry += n->limb[i];
        n->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
    return (uint64_t)carry;
}

/* 256 bits and what is above them, folded: 2^256 counts as 2^32 + 977. */
static inline struct secp256k1 secp256k1_fold(const uint64_t product[2 * SECP256K1_LIMBS])
{
    struct secp256k1 n;
    secp256k1_wide carry = 0;
#pragma GCC unroll 4
    for (int i = 0; i < SECP256K1_LIMBS; i++) {
        carry += (secp256k1_wide)product[i + SECP256K1_LIMBS] * SECP256K1_REST + product[i];
        n.limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
    while (carry)
        carry = secp256k1_add(&n, carry * SECP256K1_REST);
    return n;
}

static inline struct secp256k1 secp256k1_times(const struct secp256k1 *a, const struct secp256k1 *b)
{
    uint64_t product[2 * SECP256K1_LIMBS] = {0};
#pragma GCC unroll 4
    for (int i = 0; i < SECP256K1_LIMBS; i++) {
        secp256k1_wide carry = 0;
#pragma GCC unroll 4
        for (int j = 0; j < SECP256K1_LIMBS; j++) {
            carry += (secp256k1_wide)a->limb[i] * b->limb[j] + product[i + j];
            product[i + j] = (uint64_t)carry;
            carry >>= 64;
        }
        product[i + SECP256K1_LIMBS] = (uint64_t)carry;
    }
    return secp256k1_fold(product);
}

/* The number modulo p, one way to write it each. */
static inline void secp256k1_settle(struct secp256k1 *n)
{
    struct secp256k1 less = *n;
    if (secp256k1_add(&less, SECP256K1_REST)) /* n >= p */
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
    if (secp256k1_add(&right, 7))
        secp256k1_add(&right, SECP256K1_REST);
    if (memcmp(&left, &right, sizeof left) == 0)
        return true;
    secp256k1_settle(&left);
    secp256k1_settle(&right);
    return memcmp(&left, &right, sizeof left) == 0;
}

#endif
