/* SPDX-License-Identifier: MIT */
/*
 * Syslog. A message begins with its priority, "<0>" to "<191>" without leading zeros. Then
 *
 *     "1 " and a date of ISO 8601, or "-"      RFC 5424 section 6
 *     "Mmm dd hh:mm:ss"                        RFC 3164 section 4.1.2
 *     other text                               as routers and small programs send: only likely
 *
 * Over TCP (RFC 6587) a count and a blank may stand before it, or each message ends a line.
 */
#include "protocols/protocol.h"

enum { LAST_PRIORITY = 191, LINE_LIMIT = 2048, LEAST_TEXT = 8 };

static bool is_digit(int byte)
{
    return byte >= '0' && byte <= '9';
}

static bool priority(struct cursor *c)
{
    unsigned value = 0, digits = 0;
    if (cursor_u8(c) != '<')
        return c->ran_short;
    for (; digits < 3 && is_digit(cursor_peek(c, 0)); digits++) {
        if (digits == 1 && value == 0)
            return false;
        value = value * 10 + (unsigned)(cursor_u8(c) - '0');
    }
    if (value > LAST_PRIORITY)
        return false;
    uint8_t close = cursor_u8(c);
    return c->ran_short || (digits > 0 && close == '>');
}

/* RFC 5424: version, then "YYYY-MM-DDT" or nil. */
static bool is_new_format(struct cursor c)
{
    if (!cursor_accept_text(&c, "1 "))
        return false;
    if (cursor_accept_text(&c, "- "))
        return true;
    for (unsigned i = 0; i < 4; i++) {
        if (!is_digit(cursor_u8(&c)))
            return false;
    }
    return cursor_peek(&c, 0) == '-' && cursor_peek(&c, 3) == '-' && cursor_peek(&c, 6) == 'T';
}

static bool is_month(struct cursor *c)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (unsigned i = 0; i < 36; i += 3) {
        if (cursor_accept(c, months + i, 3))
            return true;
    }
    return false;
}

static bool is_old_format(struct cursor c)
{
    return is_month(&c) && cursor_peek(&c, 0) == ' ' && is_digit(cursor_peek(&c, 2)) &&
           cursor_peek(&c, 3) == ' ' && cursor_find(&c, ':', 12) > 0;
}

/* How far the text goes: to the end of a line or of the bytes. False: bytes that are no text. */
static bool is_text(struct cursor *c)
{
    for (unsigned i = 0; i < LINE_LIMIT && cursor_left(c) > 0; i++) {
        uint8_t byte = cursor_u8(c);
        if (byte == '\n' || byte == 0)
            return true;
        if ((byte < ' ' && byte != '\t' && byte != '\r') || byte == 0x7f)
            return false;
    }
    return true;
}

static enum answer judge_message(struct inspection *in, struct cursor c)
{
    if (!priority(&c))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (cursor_left(&c) < 20 && !is_udp(in) && !in->is_final)
        return wants(in, (enum side)c.side, c.at + 20);
    if (is_new_format(c) || is_old_format(c))
        return yes(in, is_new_format(c) ? "priority and version" : "priority and date", &c);
    uint32_t began = c.at;
    if (!is_text(&c) || c.at - began < LEAST_TEXT)
        return NO;
    return likely(in, "priority and text", &c);
}

/* RFC 6587 section 3.4.1: the message's size in digits, the first of them not 0. A count is only
 * believed where all that it counts is there. */
static enum answer judge_counted(struct inspection *in, struct cursor c)
{
    uint32_t count = 0;
    if (cursor_peek(&c, 0) == '0')
        return NO;
    for (unsigned digits = 0; digits < 5 && is_digit(cursor_peek(&c, 0)); digits++)
        count = count * 10 + (uint32_t)(cursor_u8(&c) - '0');
    uint8_t blank = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (blank != ' ')
        return NO;
    uint32_t end = c.at + count;
    enum answer answer = judge_message(in, c);
    if (answer != YES || c.size >= end)
        return answer;
    return in->is_final || end > LINE_LIMIT ? LIKELY : wants(in, (enum side)c.side, end);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    bool is_counted = !is_udp(in) && is_digit(cursor_peek(&c, 0));
    return is_counted ? judge_counted(in, c) : judge_message(in, c);
}

/* A receiver says nothing; what a program that also answers says is not syslog's. */
static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge_client, is_udp(in) ? judge_client : NULL);
    return answer == LIKELY && both_spoke(in) && !is_udp(in) ? NO : answer;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "<00", "\xff\xf0\xf0"),
    SIGNATURE_MASKED(0, "<0>", "\xff\xf0\xff"),
    {.transports = OVER_TCP, .size = 4, .bytes = "00 <", .mask = "\xf0\xf0\xff\xff"},
    {.transports = OVER_TCP, .size = 5, .bytes = "000 <", .mask = "\xf0\xf0\xf0\xff\xff"},
    {.transports = OVER_TCP, .size = 6, .bytes = "0000 <", .mask = "\xf0\xf0\xf0\xf0\xff\xff"},
};

const struct cdpi_protocol cdpi_protocol_syslog = {
    .name = "Syslog",
    .reference = "RFC 5424 section 6, RFC 3164 section 4, RFC 6587",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_MANAGEMENT,
    .is_one_sided = true,
    .tcp_ports = PORTS(601),
    .udp_ports = PORTS(514),
    SIGNATURES(signatures),
    .validate = validate,
};
