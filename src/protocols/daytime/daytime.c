/* SPDX-License-Identifier: MIT */
/*
 * Daytime, RFC 867: the server sends the time as one line and closes; the client's words are thrown
 * away. Unix sends what ctime(3) makes, NIST's servers a format of their own:
 *
 *     Mon Nov 23 12:04:27 2026 CR LF
 *     LF 61367 26-11-23 12:04:27 00 0 0 123.4 UTC(NIST) * LF
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 64 };

static bool pass_number(struct cursor *c, uint32_t digits, uint32_t most)
{
    uint32_t value;
    return text_digits(c, digits, &value) == digits && value <= most;
}

static bool pass_clock(struct cursor *c)
{
    return pass_number(c, 2, 23) && cursor_u8(c) == ':' && pass_number(c, 2, 59) &&
           cursor_u8(c) == ':' && pass_number(c, 2, 60) && cursor_u8(c) == ' ';
}

static bool pass_one_of(struct cursor *c, const char *const *names)
{
    for (; *names; names++) {
        if (cursor_accept(c, *names, 4))
            return true;
    }
    return false;
}

/* ctime(3), some with a time zone before the year. */
static bool is_ctime(struct cursor c)
{
    static const char *const days[] = {"Mon ", "Tue ", "Wed ", "Thu ",
                                       "Fri ", "Sat ", "Sun ", NULL};
    static const char *const months[] = {"Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ", "Jul ",
                                         "Aug ", "Sep ", "Oct ", "Nov ", "Dec ", NULL};
    if (!pass_one_of(&c, days) || !pass_one_of(&c, months))
        return false;
    cursor_accept_text(&c, " ");
    if (text_digits(&c, 2, NULL) == 0 || cursor_u8(&c) != ' ' || !pass_clock(&c))
        return false;
    if (!text_is_digit(cursor_peek(&c, 0)) && (text_token(&c) > 5 || cursor_u8(&c) != ' '))
        return false;
    return pass_number(&c, 4, 2200) && cursor_at_end(&c);
}

/* Days since 1858 (MJD), date, time, then fields of the leap second and the delay. */
static bool is_nist(struct cursor c)
{
    bool is_date = pass_number(&c, 5, 99999) && cursor_u8(&c) == ' ' && pass_number(&c, 2, 99) &&
                   cursor_u8(&c) == '-' && pass_number(&c, 2, 12) && cursor_u8(&c) == '-' &&
                   pass_number(&c, 2, 31) && cursor_u8(&c) == ' ' && pass_clock(&c);
    return is_date && text_has(c, "utc(");
}

/* The RFC's own example and its like: "Tuesday, February 22, 1982 17:37:43-PST", "2:05:33 PM
 * 11/23/2026". Words of a date, numbers and their marks, a clock, nothing else. */
static bool is_other(struct cursor c)
{
    static const char *const words[] = {
        "monday",    "tuesday",  "wednesday", "thursday", "friday", "saturday", "sunday",
        "january",   "february", "march",     "april",    "june",   "july",     "august",
        "september", "october",  "november",  "december", "mon",    "tue",      "wed",
        "thu",       "fri",      "sat",       "sun",      "jan",    "feb",      "mar",
        "apr",       "may",      "jun",       "jul",      "aug",    "sep",      "oct",
        "nov",       "dec",      "am",        "pm",       "utc",    "gmt",      NULL};
    unsigned numbers = 0, colons = 0, names = 0;
    while (!cursor_at_end(&c)) {
        uint32_t value;
        if (text_digits(&c, 4, &value)) {
            numbers++;
            if (cursor_peek(&c, 0) == ':' && value > (colons ? 59 : 23))
                return false;
            continue;
        }
        bool is_letter = (cursor_peek(&c, 0) | 0x20) >= 'a';
        if (is_letter && text_any_of(&c, words) >= 0) {
            names++;
            continue;
        }
        uint8_t byte = cursor_u8(&c);
        bool is_zone = byte >= 'A' && byte <= 'Z' && colons == 2;
        colons += byte == ':';
        if (!is_zone && byte != ' ' && byte != ',' && byte != ':' && byte != '/' && byte != '-' &&
            byte != '+' && byte != '.')
            return false;
    }
    return colons == 2 && numbers >= 5 && numbers <= 7 && names >= 1;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    struct cursor line, from = c;
    cursor_accept_text(&c, "\n");
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state == LINE_BAD || (c.size > 6 && state == LINE_OPEN && is_udp(in)))
        return NO;
    if (state == LINE_OPEN)
        return short_of(in, &from);
    cursor_accept_text(&c, "\n");
    cursor_accept_text(&c, "\0");
    if (!cursor_at_end(&c))
        return NO;
    bool is_known = is_ctime(line) || is_nist(line);
    if (!is_known && !is_other(line))
        return NO;
    /* A stream that goes on is something else: a log, say. */
    if (!is_udp(in) && !in->is_final)
        return wants_more(in, &c);
    return is_known ? yes(in, "date and time", &c) : likely(in, "date and time", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, NULL, judge_server);
}

const struct cdpi_protocol cdpi_protocol_daytime = {
    .name = "Daytime",
    .reference = "RFC 867; ctime(3); NIST's Daytime format",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_NETWORK,
    .is_one_sided = true,
    .tcp_ports = PORTS(13),
    .udp_ports = PORTS(13),
    .is_unsigned = true,
    .is_text = true,
    .validate = validate,
};
