/* SPDX-License-Identifier: MIT */
/*
 * Ookla's Speedtest, its own protocol (G. Berkay, "Reverse engineering the Speedtest.net protocol",
 * 2014): lines of words.
 *
 *     HI [id]        HELLO 2.9 (2.9.1) 2021-12-10.2034.c4cb1e9
 *     PING 1234      PONG 1234
 *
 * Downloads and uploads follow.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 256 };

/* "HI", perhaps an id. */
static enum answer judge_client(struct inspection *in, struct cursor c)
{
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (!cursor_may_start_with(&line, "HI") || state == LINE_BAD)
        return NO;
    if (state == LINE_OPEN) {
        c.at = c.size;
        return short_of(in, &c);
    }
    if (!cursor_accept_text(&line, "HI") || (!cursor_at_end(&line) && cursor_u8(&line) != ' '))
        return NO;
    return in->server.size ? yes(in, "HI and HELLO", &c) : wants(in, SERVER, 1);
}

/* "HELLO", a version of two numbers; the same longer in parentheses, or the date of the build. */
static enum answer judge_server(struct inspection *in, struct cursor c)
{
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (!cursor_may_start_with(&line, "HELLO ") || state == LINE_BAD)
        return NO;
    if (state == LINE_OPEN) {
        c.at = c.size;
        return short_of(in, &c);
    }
    if (!cursor_accept_text(&line, "HELLO ") || text_digits(&line, 2, NULL) == 0 ||
        cursor_u8(&line) != '.' || text_digits(&line, 2, NULL) == 0 || cursor_u8(&line) != ' ')
        return NO;
    bool has_more = cursor_peek(&line, 0) == '(' || cursor_starts_with(&line, "20");
    return has_more ? yes(in, "HELLO", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "HI\n"),
    SIGNATURE(0, "HI\r\n"),
    SIGNATURE(0, "HI "),
    SIGNATURE(0, "HELLO "),
};

const struct cdpi_protocol cdpi_protocol_ookla = {
    .name = "Ookla",
    .reference = "gkbrk.com, Reverse engineering the Speedtest.net protocol (2014)",
    .transports = OVER_TCP,
    .category = CATEGORY_MANAGEMENT,
    .tcp_ports = PORTS(8080),
    SIGNATURES(signatures),
    .validate = validate,
};
