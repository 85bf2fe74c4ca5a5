/* SPDX-License-Identifier: MIT */
/*
 * tinc's meta connection, its manual section 6.2: each side begins with the line
 *
 *     0 NAME 17        or 17.1 to 17.9
 *
 * and goes on with METAKEY "1 94 64 0 0 HEX" or, from 17.2 on, the records of its own security
 * layer. A joining node says "0 ?KEY 17.1".
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 128, NAME_LIMIT = 64 };

static bool is_name(struct cursor name)
{
    if (cursor_left(&name) == 0 || cursor_left(&name) > NAME_LIMIT)
        return false;
    while (cursor_left(&name) > 0) {
        uint8_t byte = cursor_u8(&name), lower = byte | 0x20;
        bool is_letter = lower >= 'a' && lower <= 'z';
        if (!is_letter && !text_is_digit(byte) && byte != '_' && byte != '?' && byte != '^' &&
            byte != '-')
            return false;
    }
    return true;
}

/* METAKEY: cipher, digest, the digest's size, compression, and in hexadecimals an RSA key's worth. */
static enum answer judge_key(struct inspection *in, struct cursor c)
{
    enum { NUMBERS = 4, DIGITS = 48, LEAST_KEY = 128, MOST_KEY = 2048 };
    uint32_t last;
    for (unsigned i = 0; i < NUMBERS; i++) {
        uint32_t digits = text_digits(&c, 4, NULL);
        if (cursor_at_end(&c))
            return short_of(in, &c);
        if (digits == 0 || cursor_u8(&c) != ' ')
            return NO;
    }
    if (cursor_left(&c) < DIGITS)
        return short_of(in, &c);
    if (text_hex(&c, DIGITS, &last) != DIGITS)
        return NO;
    int32_t end = cursor_find(&c, '\n', MOST_KEY);
    if (end < 0)
        return cursor_left(&c) < MOST_KEY ? short_of(in, &c) : NO;
    return end >= LEAST_KEY - DIGITS ? yes(in, "key", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_accept_text(&c, "1 ")) /* joined late */
        return judge_key(in, c);
    if (!cursor_accept_text(&c, "0 "))
        return cursor_may_start(&c, "0 ", 2) || cursor_may_start(&c, "1 ", 2) ? short_of(in, &c)
                                                                              : NO;
    int32_t blank = cursor_find(&c, ' ', NAME_LIMIT + 1);
    if (blank < 0)
        return cursor_left(&c) <= NAME_LIMIT ? short_of(in, &c) : NO;
    struct cursor name = cursor_take(&c, (uint32_t)blank);
    cursor_skip(&c, 1);
    if (cursor_left(&c) < 3)
        return short_of(in, &c);
    if (!is_name(name) || !cursor_accept_text(&c, "17"))
        return NO;
    if (cursor_accept_text(&c, ".") && !text_is_digit(cursor_u8(&c)))
        return c.ran_short ? short_of(in, &c) : NO;
    uint8_t end = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return end == '\n' ? yes(in, "name and version", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
}

/* The tunnel itself is encrypted datagrams to the same port (manual, section 6.1). */
static enum follow_answer follow(struct follow *f, struct cursor *payload)
{
    (void)payload;
    struct announcement *a = announce(f, "TINC", OVER_UDP, f->server_port);
    if (a)
        a->at = AT_SERVER;
    return FOLLOW_DONE;
}

static const struct signature signatures[] = {
    SIGNATURE(0, "0 "),
    SIGNATURE_MASKED(0, "1 00", "\xff\xff\xf0\xf0"),
};

const struct cdpi_protocol cdpi_protocol_tinc = {
    .name = "TINC",
    .reference = "tinc manual, section 6.2: the meta-protocol",
    .transports = OVER_TCP,
    .category = CATEGORY_VPN,
    .is_encrypted = true,
    .tcp_ports = PORTS(655),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow,
};
