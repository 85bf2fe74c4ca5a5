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

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "0 "))
        return cursor_may_start(&c, "0 ", 2) ? short_of(in, &c) : NO;
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
    return judge_sides(in, judge, judge);
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

static const struct signature signatures[] = {SIGNATURE(0, "0 ")};

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
