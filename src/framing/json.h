/* SPDX-License-Identifier: MIT */
/*
 * JSON, RFC 8259: walks over the members of an object without building anything. What is not all
 * there makes the cursor run short; what is no JSON is told apart from that.
 */
#ifndef CDPI_FRAMING_JSON_H
#define CDPI_FRAMING_JSON_H

#include "framing/text.h"

enum json_step { JSON_BAD = 0, JSON_OPEN, JSON_MEMBER, JSON_END };

struct json_member {
    struct cursor key;   /* without quotes, as it was written */
    struct cursor value; /* with quotes and brackets */
};

static inline void json_blanks(struct cursor *c)
{
    while (cursor_peek(c, 0) == ' ' || (cursor_peek(c, 0) >= '\t' && cursor_peek(c, 0) <= '\r'))
        cursor_skip(c, 1);
}

/* Section 7. False: no string; short: not all there. */
static inline bool json_string(struct cursor *c, struct cursor *text)
{
    struct cursor from = *c;
    if (cursor_u8(c) != '"')
        return c->ran_short;
    for (;;) {
        uint8_t byte = cursor_u8(c);
        if (c->ran_short)
            return true;
        if (byte < ' ')
            return false;
        if (byte == '\\')
            cursor_u8(c);
        if (byte == '"')
            break;
    }
    cursor_skip(&from, 1);
    *text = cursor_take(&from, c->at - from.at - 1);
    return true;
}

/* Numbers, true, false, null: roughly. */
static inline bool json_scalar(struct cursor *c)
{
    uint32_t n = 0;
    for (; n < 64; n++) {
        int byte = cursor_peek(c, 0);
        bool is_part = text_is_digit(byte) || byte == '-' || byte == '+' || byte == '.' ||
                       byte == 'E' || (byte >= 'a' && byte <= 'z');
        if (!is_part)
            break;
        cursor_skip(c, 1);
    }
    if (cursor_at_end(c))
        c->ran_short = true;
    return n > 0 || c->ran_short;
}

/* Passes over a value of any kind. */
static inline bool json_value(struct cursor *c)
{
    struct cursor text;
    unsigned depth = 0;
    do {
        json_blanks(c);
        int byte = cursor_peek(c, 0);
        if (byte < 0) {
            c->ran_short = true;
        } else if (byte == '"') {
            if (!json_string(c, &text))
                return false;
        } else if (byte == '{' || byte == '[') {
            depth++;
            cursor_skip(c, 1);
        } else if (depth && (byte == '}' || byte == ']')) {
            depth--;
            cursor_skip(c, 1);
        } else if (depth && (byte == ',' || byte == ':')) {
            cursor_skip(c, 1);
        } else if (!json_scalar(c)) {
            return false;
        }
        if (c->ran_short)
            return true;
    } while (depth);
    return true;
}

/* The next member of an object; first with the cursor at its "{". */
static inline enum json_step json_next(struct cursor *c, struct json_member *member)
{
    json_blanks(c);
    int byte = cursor_peek(c, 0);
    if (byte < 0)
        return JSON_OPEN;
    if (byte == '}') {
        cursor_skip(c, 1);
        return JSON_END;
    }
    if (byte != '{' && byte != ',')
        return JSON_BAD;
    cursor_skip(c, 1);
    json_blanks(c);
    if (byte == '{' && cursor_accept_text(c, "}"))
        return JSON_END;
    if (!json_string(c, &member->key))
        return JSON_BAD;
    json_blanks(c);
    if (c->ran_short || cursor_at_end(c))
        return JSON_OPEN;
    if (cursor_u8(c) != ':')
        return JSON_BAD;
    json_blanks(c);
    struct cursor from = *c;
    bool is_value = json_value(c);
    member->value = cursor_take(&from, c->at - from.at);
    if (!is_value)
        return JSON_BAD;
    return c->ran_short ? JSON_OPEN : JSON_MEMBER;
}

/* Whether a key or a string is this text. */
static inline bool json_is(const struct cursor *text, const char *word)
{
    uint32_t size = (uint32_t)strlen(word);
    return text->size == size && cursor_starts(text, word, size);
}

/* The member of an object with this key; false where there is none, or not yet. */
static inline bool json_find(struct cursor object, const char *key, struct cursor *value)
{
    struct json_member member;
    if (cursor_peek(&object, 0) != '{')
        return false;
    while (json_next(&object, &member) == JSON_MEMBER) {
        if (json_is(&member.key, key)) {
            *value = member.value;
            return true;
        }
    }
    return false;
}

#endif
