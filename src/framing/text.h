/* SPDX-License-Identifier: MIT */
/*
 * Text protocols: lines that end with LF or CR LF, numbers, status codes, tokens.
 */
#ifndef CDPI_FRAMING_TEXT_H
#define CDPI_FRAMING_TEXT_H

#include "core/cursor.h"

/* What the next line is: no text, not all there yet, or passed over. */
enum text_line { LINE_BAD = 0, LINE_OPEN, LINE_WHOLE };

static inline bool text_is_plain(uint8_t byte)
{
    return byte >= ' ' ? byte != 0x7f : byte == '\t';
}

/* Sixteen bytes at a time: GCC's and clang's vectors, on any machine. */
typedef uint8_t text_block __attribute__((vector_size(16)));

static inline bool text_block_is_plain(const uint8_t *at)
{
    text_block block;
    uint64_t odd[2];
    memcpy(&block, at, sizeof block);
    text_block is_odd = (text_block)(((block < ' ') & (block != '\t')) | (block == 0x7f));
    memcpy(odd, &is_odd, sizeof odd);
    return (odd[0] | odd[1]) == 0;
}

/* Fewer than sixteen: the first and the last that make up a half, or a quarter, among blanks. */
static inline bool text_short_is_plain(const uint8_t *at, uint32_t size)
{
    uint8_t padded[sizeof(text_block)];
    memset(padded, ' ', sizeof padded);
    if (size >= 8) {
        memcpy(padded, at, 8);
        memcpy(padded + 8, at + size - 8, 8);
    } else if (size >= 4) {
        memcpy(padded, at, 4);
        memcpy(padded + 4, at + size - 4, 4);
    } else {
        for (uint32_t i = 0; i < size; i++)
            padded[i] = at[i];
    }
    return text_block_is_plain(padded);
}

/* What is left of the cursor. */
static inline bool text_all_plain(struct cursor c)
{
    uint32_t size = cursor_left(&c);
    const uint8_t *at = cursor_bytes(&c, size);
    if (size < sizeof(text_block))
        return text_short_is_plain(at, size);
    for (uint32_t i = 0; i + sizeof(text_block) < size; i += sizeof(text_block)) {
        if (!text_block_is_plain(at + i))
            return false;
    }
    return text_block_is_plain(at + size - sizeof(text_block));
}

/* The next line without its end, in *line (as much of it as there is). Any byte goes: colours,
 * shell codes, other alphabets; what the line begins with has to tell. A line of `limit` bytes or
 * more is none. */
static inline enum text_line text_raw_line(struct cursor *c, uint32_t limit, struct cursor *line)
{
    int32_t end = cursor_find(c, '\n', limit);
    uint32_t left = cursor_left(c), size = end < 0 ? left : (uint32_t)end;
    while (size > 0 && cursor_peek(c, size - 1) == '\r')
        size--;
    *line = cursor_ahead(c, size);
    if (end < 0)
        return left >= limit ? LINE_BAD : LINE_OPEN;
    cursor_skip(c, (uint32_t)end + 1);
    return LINE_WHOLE;
}

/* As that, of text: bytes from 0x80 on pass (UTF-8 and older sets), control bytes do not. */
static inline enum text_line text_line(struct cursor *c, uint32_t limit, struct cursor *line)
{
    struct cursor rest = *c;
    enum text_line state = text_raw_line(&rest, limit, line);
    if (state == LINE_BAD || !text_all_plain(*line))
        return LINE_BAD;
    *c = rest;
    return state;
}

static inline int text_lower(int byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte + 'a' - 'A' : byte;
}

static inline bool text_is_digit(int byte)
{
    return byte >= '0' && byte <= '9';
}

/* Passes over up to `most` digits; how many there were. *value may be NULL. */
static inline uint32_t text_digits(struct cursor *c, uint32_t most, uint32_t *value)
{
    uint32_t n = 0, sum = 0;
    for (int byte; n < most && text_is_digit(byte = cursor_peek(c, 0)); n++) {
        sum = sum * 10 + (uint32_t)(byte - '0');
        cursor_skip(c, 1);
    }
    if (value)
        *value = sum;
    return n;
}

/* A hex digit's value, in either case; -1: it is none. */
static inline int text_hex_value(int byte)
{
    if (text_is_digit(byte))
        return byte - '0';
    int lower = text_lower(byte);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Passes over up to `most` hex digits; how many there were. The last eight make up the value. */
static inline uint32_t text_hex(struct cursor *c, uint32_t most, uint32_t *value)
{
    uint32_t n = 0;
    *value = 0;
    for (int digit; n < most && (digit = text_hex_value(cursor_peek(c, 0))) >= 0; n++) {
        *value = *value << 4 | (uint32_t)digit;
        cursor_skip(c, 1);
    }
    return n;
}

/* A reply's code, RFC 5321 section 4.2, RFC 959 section 4.2: three digits, then a blank, a hyphen
 * or the line's end. *is_last: no further line of the same reply follows. */
static inline bool text_reply_code(struct cursor *line, uint32_t *code, bool *is_last)
{
    if (text_digits(line, 3, code) != 3 || *code < 100 || *code > 699)
        return false;
    int next = cursor_peek(line, 0);
    *is_last = next != '-';
    if (next >= 0)
        cursor_skip(line, 1);
    return next < 0 || next == ' ' || next == '-';
}

/* RFC 9110 section 5.6.2. */
static inline bool text_is_token(int byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || text_is_digit(byte) ||
           (byte > 0 && memchr("!#$%&'*+-.^_`|~", byte, 15) != NULL);
}

/* Passes over a token; its length. */
static inline uint32_t text_token(struct cursor *c)
{
    uint32_t n = 0;
    while (text_is_token(cursor_peek(c, 0))) {
        cursor_skip(c, 1);
        n++;
    }
    return n;
}

/* Whether the word (in lower case) stands anywhere in what is left, in either case. */
static inline bool text_has(struct cursor c, const char *lower)
{
    return cursor_has_nocase(&c, lower);
}

/* Passes over one of the words (lower case, NULL at the end), in either case; its index, or -1. */
static inline int text_any_of(struct cursor *line, const char *const *words)
{
    int first = text_lower(cursor_peek(line, 0));
    for (int i = 0; words[i]; i++) {
        if (first == words[i][0] && cursor_accept_nocase(line, words[i]))
            return i;
    }
    return -1;
}

/* Passes over one of the words (lower case, NULL at the end), in either case, that a blank or the
 * line's end follows; its index, or -1. */
static inline int text_word(struct cursor *line, const char *const *words)
{
    int first = text_lower(cursor_peek(line, 0));
    for (int i = 0; words[i]; i++) {
        struct cursor rest = *line;
        if (first != words[i][0] || !cursor_accept_nocase(&rest, words[i]))
            continue;
        if (!cursor_at_end(&rest) && cursor_peek(&rest, 0) != ' ')
            continue;
        *line = rest;
        return i;
    }
    return -1;
}

/* What up to `most` lines are worth together, passed over; -1 where one is no text, or worth
 * nothing. `ends_line`: the bytes' end ends a line too, as a datagram's does. */
static inline int text_weigh_lines(struct cursor *c, uint32_t limit, unsigned most, bool ends_line,
                                   unsigned (*weigh)(struct cursor line))
{
    unsigned bits = 0;
    for (unsigned i = 0; i < most && !cursor_at_end(c); i++) {
        struct cursor line;
        enum text_line state = text_line(c, limit, &line);
        if (state == LINE_OPEN && !ends_line)
            break;
        unsigned worth = state == LINE_BAD ? 0 : weigh(line);
        if (worth == 0)
            return -1;
        bits += worth;
        if (state == LINE_OPEN)
            cursor_seek(c, c->size);
    }
    return (int)bits;
}

#endif
