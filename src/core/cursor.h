/* SPDX-License-Identifier: MIT */
/*
 * The cursor: the only way to a payload's bytes.
 *
 * It reads forward, never past the end, and remembers that it ran short: a short read gives 0 (or
 * NULL) and stays put, so a parser reads on without checks and asks once, at the end, whether all
 * was there. Everything is big-endian unless the name says le.
 */
#ifndef CDPI_CORE_CURSOR_H
#define CDPI_CORE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
    const uint8_t *data;
    uint32_t size; /* bytes at data */
    uint32_t at;   /* next byte to read */
    uint8_t side;  /* whose bytes these are, for evidence: 0 client, 1 server */
    bool ran_short;
};

static inline struct cursor cursor_over(const void *data, size_t size)
{
    return (struct cursor){.data = data, .size = (uint32_t)size};
}

static inline uint32_t cursor_left(const struct cursor *c)
{
    return c->size - c->at;
}

static inline bool cursor_at_end(const struct cursor *c)
{
    return c->at == c->size;
}

/* The next n bytes, or NULL (and short) where they are not there. n may be 0. */
static inline const uint8_t *cursor_bytes(struct cursor *c, uint32_t n)
{
    if (n > cursor_left(c)) {
        c->ran_short = true;
        return NULL;
    }
    c->at += n;
    return c->data + c->at - n;
}

static inline bool cursor_skip(struct cursor *c, uint32_t n)
{
    return cursor_bytes(c, n) != NULL;
}

static inline void cursor_seek(struct cursor *c, uint32_t at)
{
    if (at > c->size)
        c->ran_short = true;
    else
        c->at = at;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
    const uint8_t *p = cursor_bytes(c, 1);
    return p ? p[0] : 0;
}

enum { CURSOR_SWAPS = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ };

static inline uint16_t cursor_u16(struct cursor *c)
{
    const uint8_t *p = cursor_bytes(c, 2);
    uint16_t value = 0;
    if (p)
        memcpy(&value, p, sizeof value);
    return CURSOR_SWAPS ? __builtin_bswap16(value) : value;
}

static inline uint32_t cursor_u24(struct cursor *c)
{
    const uint8_t *p = cursor_bytes(c, 3);
    return p ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
    const uint8_t *p = cursor_bytes(c, 4);
    uint32_t value = 0;
    if (p)
        memcpy(&value, p, sizeof value);
    return CURSOR_SWAPS ? __builtin_bswap32(value) : value;
}

static inline uint64_t cursor_u64(struct cursor *c)
{
    const uint8_t *p = cursor_bytes(c, 8);
    uint64_t value = 0;
    if (p)
        memcpy(&value, p, sizeof value);
    return CURSOR_SWAPS ? __builtin_bswap64(value) : value;
}

static inline uint16_t cursor_le16(struct cursor *c)
{
    return __builtin_bswap16(cursor_u16(c));
}

static inline uint32_t cursor_le24(struct cursor *c)
{
    const uint8_t *p = cursor_bytes(c, 3);
    return p ? (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

static inline uint32_t cursor_le32(struct cursor *c)
{
    return __builtin_bswap32(cursor_u32(c));
}

static inline uint64_t cursor_le64(struct cursor *c)
{
    return __builtin_bswap64(cursor_u64(c));
}

/* Looks ahead without moving and without running short: the byte `ahead` from here, or -1. */
static inline int cursor_peek(const struct cursor *c, uint32_t ahead)
{
    return ahead < cursor_left(c) ? c->data[c->at + ahead] : -1;
}

/* The 16 or 32 bits `ahead` from here without moving; 0 where they are not there. */
static inline uint16_t cursor_peek_u16(const struct cursor *c, uint32_t ahead)
{
    struct cursor copy = *c;
    return cursor_skip(&copy, ahead) ? cursor_u16(&copy) : 0;
}

static inline uint32_t cursor_peek_u32(const struct cursor *c, uint32_t ahead)
{
    struct cursor copy = *c;
    return cursor_skip(&copy, ahead) ? cursor_u32(&copy) : 0;
}

/* A cursor over the next n bytes, which this one passes over. Short: an empty cursor. */
static inline struct cursor cursor_take(struct cursor *c, uint32_t n)
{
    const uint8_t *p = cursor_bytes(c, n);
    struct cursor part = {
        .data = p ? p : c->data, .size = p ? n : 0, .side = c->side, .ran_short = !p};
    return part;
}

/* A cursor over bytes that are there (n is at most what is left); does not move. */
static inline struct cursor cursor_ahead(const struct cursor *c, uint32_t n)
{
    return (struct cursor){.data = c->data + c->at, .size = n, .side = c->side};
}

/* Whether the bytes from here begin with these; does not move. What has not arrived does not
 * match. */
static inline bool cursor_starts(const struct cursor *c, const void *bytes, uint32_t n)
{
    return n <= cursor_left(c) && memcmp(c->data + c->at, bytes, n) == 0;
}

/* For string literals: cursor_starts_with(&c, "GET ") */
#define cursor_starts_with(c, literal)                                                             \
    cursor_starts((c), "" literal, (uint32_t)(sizeof(literal) - 1))

/* Whether what is there from here could still become these bytes (it may be shorter, not
 * different). */
static inline bool cursor_may_start(const struct cursor *c, const void *bytes, uint32_t n)
{
    uint32_t have = cursor_left(c) < n ? cursor_left(c) : n;
    return have == 0 || memcmp(c->data + c->at, bytes, have) == 0;
}
#define cursor_may_start_with(c, literal)                                                          \
    cursor_may_start((c), "" literal, (uint32_t)(sizeof(literal) - 1))

/* Passes over these bytes if they are next. */
static inline bool cursor_accept(struct cursor *c, const void *bytes, uint32_t n)
{
    if (!cursor_starts(c, bytes, n))
        return false;
    c->at += n;
    return true;
}
#define cursor_accept_text(c, literal)                                                             \
    cursor_accept((c), "" literal, (uint32_t)(sizeof(literal) - 1))

/* Whether the bytes begin with this text, ASCII letters in either case; `lower` is in lower case.
 * Returns its length, or 0. */
static inline uint32_t cursor_match_nocase(const uint8_t *at, const uint8_t *end, const char *lower)
{
    const uint8_t *from = at;
    for (int wanted; (wanted = (uint8_t)*lower) != '\0'; at++, lower++) {
        if (at == end)
            return 0;
        int differs = *at ^ wanted;
        if (differs != 0 && (differs != ('a' ^ 'A') || wanted < 'a' || wanted > 'z'))
            return 0;
    }
    return (uint32_t)(at - from);
}

/* As cursor_accept, ASCII letters in either case; `lower` is in lower case. */
static inline bool cursor_accept_nocase(struct cursor *c, const char *lower)
{
    uint32_t n = cursor_match_nocase(c->data + c->at, c->data + c->size, lower);
    c->at += n;
    return n > 0;
}

/* Which of eight bytes are this one, as their top bits; some above the first that is may be
 * wrong. */
static inline uint64_t cursor_same_bytes(uint64_t word, uint8_t byte)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t differs = word ^ ones * byte;
    return (differs - ones) & ~differs & ones << 7;
}

/* Whether the text begins with one of the eight bytes here (there may be more, or fewer up to
 * `end`). */
static inline bool cursor_has_in_word(const uint8_t *at, const uint8_t *end, const char *lower)
{
    struct cursor eight = cursor_over(at, 8);
    uint64_t word = cursor_le64(&eight) | 0x2020202020202020u;
    uint64_t hits = cursor_same_bytes(word, (uint8_t)lower[0] | 0x20);
    for (; hits; hits &= hits - 1) {
        if (cursor_match_nocase(at + __builtin_ctzll(hits) / 8, end, lower))
            return true;
    }
    return false;
}

/* Whether the text (in lower case, not empty) stands anywhere from here, in either case. Eight
 * bytes at a time are searched for its first. */
static inline bool cursor_has_nocase(const struct cursor *c, const char *lower)
{
    const uint8_t *at = c->data + c->at, *end = c->data + c->size;
    for (; end - at >= 8; at += 8) {
        if (cursor_has_in_word(at, end, lower))
            return true;
    }
    if (at < end && cursor_left(c) >= 8) /* the last ones, with some that were seen before */
        return cursor_has_in_word(end - 8, end, lower);
    uint8_t few[8] = {0};
    for (size_t i = 0; at + i < end; i++)
        few[i] = at[i];
    return at < end && cursor_has_in_word(few, few + (end - at), lower);
}

/* How far from here the byte stands, or -1. Looks at `within` bytes at the most. */
static inline int32_t cursor_find(const struct cursor *c, uint8_t byte, uint32_t within)
{
    uint32_t n = cursor_left(c) < within ? cursor_left(c) : within;
    const uint8_t *hit = n ? memchr(c->data + c->at, byte, n) : NULL;
    return hit ? (int32_t)(hit - (c->data + c->at)) : -1;
}

/* How far from here these bytes stand, or -1. Looks at `within` bytes at the most. */
static inline int32_t cursor_find_bytes(const struct cursor *c, const void *bytes, uint32_t n,
                                        uint32_t within)
{
    uint32_t room = cursor_left(c) < within ? cursor_left(c) : within;
    if (room < n)
        return -1;
    const uint8_t *from = c->data + c->at, *last = from + (room - n);
    for (const uint8_t *at = from; at <= last; at++) {
        at = memchr(at, *(const uint8_t *)bytes, (size_t)(last - at) + 1);
        if (!at)
            return -1;
        if (memcmp(at, bytes, n) == 0)
            return (int32_t)(at - from);
    }
    return -1;
}
#define cursor_find_text(c, literal, within)                                                       \
    cursor_find_bytes((c), "" literal, (uint32_t)(sizeof(literal) - 1), (within))

#endif
