/* SPDX-License-Identifier: MIT */
/*
 * Bencoding, BEP 3: 4:spam, i3e, l...e, d...e.
 */
#ifndef CDPI_FRAMING_BENCODE_H
#define CDPI_FRAMING_BENCODE_H

#include "framing/text.h"

enum { BENCODE_DEPTH = 16 };

/* Reads a string; *s is its bytes. False where there is none; c->ran_short where it goes on. */
static inline bool bencode_string(struct cursor *c, struct cursor *s)
{
    uint32_t length = 0;
    if (text_digits(c, 5, &length) == 0 || cursor_u8(c) != ':')
        return false;
    *s = cursor_take(c, length);
    return !s->ran_short;
}

/* Passes over a number: i, a sign, digits, e. */
static inline bool bencode_number(struct cursor *c)
{
    if (cursor_u8(c) != 'i')
        return false;
    (void)cursor_accept_text(c, "-");
    return text_digits(c, 19, NULL) > 0 && cursor_u8(c) == 'e';
}

/* Passes over a value of any kind. */
static inline bool bencode_skip(struct cursor *c)
{
    unsigned depth = 0;
    do {
        int next = cursor_peek(c, 0);
        struct cursor s;
        bool is_fine = true;
        if (next == 'l' || next == 'd') {
            cursor_skip(c, 1);
            depth++;
        } else if (next == 'e' && depth > 0) {
            cursor_skip(c, 1);
            depth--;
        } else {
            is_fine = next == 'i' ? bencode_number(c) : bencode_string(c, &s);
        }
        if (!is_fine || depth > BENCODE_DEPTH)
            return false;
    } while (depth > 0);
    return true;
}

#endif
