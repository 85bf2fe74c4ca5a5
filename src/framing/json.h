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

/* The small steps are part of the large ones, which keep a cursor of their own: the compiler then
 * has it in registers, a third of the cost. */
#define JSON_STEP static inline __attribute__((always_inline))

JSON_STEP void json_blanks(struct cursor *c)
{
    for (int byte; (byte = cursor_peek(c, 0)) <= ' '; cursor_skip(c, 1)) {
        if (byte != ' ' && (byte < '\t' || byte > '\r'))
            return;
    }
}

/* Passes over characters that stand for themselves, eight at a time: no quotes, no backslashes, no
 * control bytes. */
JSON_STEP void json_plain(struct cursor *c)
{
    const uint64_t ones = 0x0101010101010101u;
    while (cursor_left(c) >= 8) {
        struct cursor rest = *c;
        uint64_t word = cursor_le64(&rest);
        uint64_t odd = cursor_same_bytes(word, '"') | cursor_same_bytes(word, '\\') |
                       ((word - ones * ' ') & ~word & ones << 7);
        if (odd) {
            cursor_skip(c, (uint32_t)__builtin_ctzll(odd) / 8);
            return;
        }
        *c = rest;
    }
}

/* Passes over a string, section 7. False: no string; short: not all there. */
JSON_STEP bool json_skip_string(struct cursor *c)
{
    if (cursor_u8(c) != '"')
        return c->ran_short;
    for (;;) {
        json_plain(c);
        uint8_t byte = cursor_u8(c);
        if (c->ran_short || byte == '"')
            return true;
        if (byte < ' ')
            return false;
        if (byte == '\\')
            cursor_u8(c);
    }
}

/* As that, and what stands between the quotes. */
JSON_STEP bool json_string(struct cursor *c, struct cursor *text)
{
    struct cursor from = *c;
    bool is_string = json_skip_string(c);
    cursor_skip(&from, 1);
    if (is_string && !c->ran_short)
        *text = cursor_take(&from, c->at - from.at - 1);
    return is_string;
}

/* Numbers, true, false, null: roughly. */
JSON_STEP bool json_scalar(struct cursor *c)
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
static inline bool json_value(struct cursor *value)
{
    struct cursor c = *value;
    unsigned depth = 0;
    bool is_fine = true;
    do {
        json_blanks(&c);
        int byte = cursor_peek(&c, 0);
        if (byte == '"') {
            is_fine = json_skip_string(&c);
        } else if (byte == '{' || byte == '[') {
            depth++;
            cursor_skip(&c, 1);
        } else if (depth && (byte == '}' || byte == ']')) {
            depth--;
            cursor_skip(&c, 1);
        } else if (depth && (byte == ',' || byte == ':')) {
            cursor_skip(&c, 1);
        } else {
            is_fine = json_scalar(&c);
        }
    } while (depth && is_fine && !c.ran_short);
    *value = c;
    return is_fine;
}

/* The next key of an object and its colon; first with the cursor at its "{". */
JSON_STEP enum json_step json_key(struct cursor *c, struct cursor *key)
{
    json_blanks(c);
    int byte = cursor_peek(c, 0);
    if (byte < 0)
        return JSON_OPEN;
    cursor_skip(c, 1);
    if (byte == '}')
        return JSON_END;
    if (byte != '{' && byte != ',')
        return JSON_BAD;
    json_blanks(c);
    if (byte == '{' && cursor_accept_text(c, "}"))
        return JSON_END;
    if (!json_string(c, key))
        return JSON_BAD;
    json_blanks(c);
    if (c->ran_short || cursor_at_end(c))
        return JSON_OPEN;
    return cursor_u8(c) == ':' ? JSON_MEMBER : JSON_BAD;
}

/* The next member of an object, first with the cursor at its "{": its key, and all that is left
 * from its value on, where the cursor then stands. */
JSON_STEP enum json_step json_begin(struct cursor *object, struct json_member *member)
{
    struct cursor c = *object, key = c;
    enum json_step step = json_key(&c, &key);
    json_blanks(&c);
    member->key = key;
    *object = c;
    member->value = cursor_ahead(&c, cursor_left(&c));
    return step;
}

/* Passes over the value of a member that was begun. */
JSON_STEP enum json_step json_end(struct cursor *object, struct json_member *member)
{
    struct cursor c = *object;
    bool is_value = json_value(object);
    member->value = cursor_take(&c, object->at - c.at);
    if (!is_value)
        return JSON_BAD;
    return object->ran_short ? JSON_OPEN : JSON_MEMBER;
}

/* The next member of an object; first with the cursor at its "{". */
static inline enum json_step json_next(struct cursor *object, struct json_member *member)
{
    enum json_step step = json_begin(object, member);
    return step == JSON_MEMBER ? json_end(object, member) : step;
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
