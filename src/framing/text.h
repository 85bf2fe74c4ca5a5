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

/* Eight bytes at a time: none is below a blank, but for TABs, and none is DEL. */
static inline bool text_word_is_plain(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    uint64_t low = word & ~tops;
    uint64_t odd = (~(low + ones * (0x80 - ' ')) | (low + ones)) & ~word & tops;
    if (odd == 0)
        return true;
    uint64_t from_tab = word ^ ones * '\t';
    return (odd & (((from_tab & ~tops) + ~tops) | from_tab)) == 0;
}

static inline bool text_all_plain(struct cursor c)
{
    while (cursor_left(&c) >= 8) {
        if (!text_word_is_plain(cursor_raw64(&c)))
            return false;
    }
    if (!cursor_at_end(&c) && c.size >= 8) { /* what is left, and what was seen before it */
        cursor_seek(&c, c.size - 8);
        return text_word_is_plain(cursor_raw64(&c));
    }
    while (!cursor_at_end(&c)) {
        if (!text_is_plain(cursor_u8(&c)))
            return false;
    }
    return true;
}

/* The next line without its end, in *line (as much of it as there is). Bytes from 0x80 on pass
 * (UTF-8 and older sets), control bytes do not. A line of `limit` bytes or more is none. */
static inline enum text_line text_line(struct cursor *c, uint32_t limit, struct cursor *line)
{
    int32_t end = cursor_find(c, '\n', limit);
    struct cursor rest = *c;
    *line = cursor_take(&rest, end < 0 ? cursor_left(c) : (uint32_t)end);
    if (end < 0 && cursor_left(c) >= limit)
        return LINE_BAD;
    while (line->size > 0 && cursor_peek(line, line->size - 1) == '\r')
        line->size--;
    if (!text_all_plain(*line))
        return LINE_BAD;
    if (end < 0)
        return LINE_OPEN;
    cursor_skip(c, (uint32_t)end + 1);
    return LINE_WHOLE;
}

/* As text_line, but any byte goes: colours, shell codes, other alphabets. What the line begins with
 * has to tell. */
static inline enum text_line text_raw_line(struct cursor *c, uint32_t limit, struct cursor *line)
{
    int32_t end = cursor_find(c, '\n', limit);
    struct cursor rest = *c;
    *line = cursor_take(&rest, end < 0 ? cursor_left(c) : (uint32_t)end);
    if (end < 0)
        return cursor_left(c) >= limit ? LINE_BAD : LINE_OPEN;
    while (line->size > 0 && cursor_peek(line, line->size - 1) == '\r')
        line->size--;
    cursor_skip(c, (uint32_t)end + 1);
    return LINE_WHOLE;
}

static inline bool text_is_digit(int byte)
{
    return byte >= '0' && byte <= '9';
}

/* Passes over up to `most` digits; how many there were. *value may be NULL. */
static inline uint32_t text_digits(struct cursor *c, uint32_t most, uint32_t *value)
{
    uint32_t n = 0, sum = 0;
    for (; n < most && text_is_digit(cursor_peek(c, 0)); n++)
        sum = sum * 10 + (uint32_t)(cursor_u8(c) - '0');
    if (value)
        *value = sum;
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
    int first = cursor_peek(line, 0);
    if (first >= 'A' && first <= 'Z')
        first += 'a' - 'A';
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
    int first = cursor_peek(line, 0);
    if (first >= 'A' && first <= 'Z')
        first += 'a' - 'A';
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

#endif
