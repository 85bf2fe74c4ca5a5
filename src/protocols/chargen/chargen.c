/* SPDX-License-Identifier: MIT */
/*
 * Character Generator, RFC 864: the server sends lines of 72 printable characters in their order,
 * each line begins one further. The client's words are thrown away.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE = 72, FIRST = ' ', LAST = '~' };

/* After the last comes the first; some count DEL among them. */
static bool follows(int byte, int next)
{
    return next == byte + 1 || (next == FIRST && byte >= LAST);
}

static bool is_run(struct cursor *c, uint32_t length)
{
    struct cursor line = cursor_take(c, cursor_left(c) < length ? cursor_left(c) : length);
    int byte = cursor_peek(&line, 0);
    if (byte < FIRST || byte > LAST)
        return false;
    for (uint32_t i = 1; i < line.size; i++) {
        int next = cursor_peek(&line, i);
        if (!follows(byte, next))
            return false;
        byte = next;
    }
    return true;
}

/* A line's length and its end are what tells it from any other counting. */
static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint8_t first = (uint8_t)cursor_peek(&c, 0);
    if (!is_run(&c, LINE))
        return NO;
    if (is_udp(in) && c.at == LINE && cursor_left(&c) == 2)
        return cursor_accept_text(&c, "\r\n") ? yes(in, "pattern", &c) : NO;
    if (cursor_left(&c) < 3)
        return short_of(in, &c);
    if (!cursor_accept_text(&c, "\r\n"))
        return NO;
    uint8_t second = (uint8_t)cursor_peek(&c, 0);
    if (!follows(first, second) || !is_run(&c, LINE))
        return NO;
    return yes(in, "pattern", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, NULL, judge_server);
}

const struct cdpi_protocol cdpi_protocol_chargen = {
    .name = "Chargen",
    .reference = "RFC 864",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_OTHER,
    .is_one_sided = true,
    .tcp_ports = PORTS(19),
    .udp_ports = PORTS(19),
    .is_unsigned = true,
    .is_text = true,
    .validate = validate,
};
