/* SPDX-License-Identifier: MIT */
/*
 * Finger, RFC 1288 section 2: the client sends one line, [/W] [user][@host], the server answers in
 * text and closes. Its programs print the columns of who(1) or a user's card, alike since BSD.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { QUERY_LIMIT = 128, LINE_LIMIT = 512, LINES = 12, VERBOSE_BITS = 10 };

static int weigh_client(struct cursor c)
{
    struct cursor line;
    enum text_line state = text_line(&c, QUERY_LIMIT, &line);
    if (state == LINE_BAD || (state == LINE_WHOLE && !cursor_at_end(&c)))
        return -1;
    bool is_verbose = cursor_accept_nocase(&line, "/w");
    while (cursor_accept_text(&line, " "))
        ;
    if (state == LINE_WHOLE && cursor_find(&line, ' ', QUERY_LIMIT) >= 0)
        return -1;
    return is_verbose ? VERBOSE_BITS : 0;
}

static int line_bits(struct cursor line)
{
    static const char *const sayings[] = {
        "no one logged on", "never logged in.", "no plan.",     "no mail.",
        "on since ",        "last login ",      "directory: /", NULL};
    struct cursor rest = line;
    if (cursor_accept_nocase(&rest, "login: ") || cursor_accept_nocase(&rest, "login name: "))
        return text_has(rest, "name: ") || text_has(rest, "in real life:") ? 44 : 0;
    if (cursor_accept_nocase(&rest, "login ") && text_has(rest, " name ") &&
        (text_has(rest, "tty") || text_has(rest, "idle")))
        return 48;
    for (unsigned i = 0; sayings[i]; i++) {
        rest = line;
        if (cursor_accept_nocase(&rest, sayings[i]))
            return i == 0 ? 36 : 22;
    }
    return text_has(line, "no such user") ? 30 : 0;
}

static int weigh_server(struct cursor c)
{
    int bits = 0, first = -1;
    struct cursor line;
    if (cursor_starts_with(&c, "finger: "))
        return 30; /* an error of the program itself */
    for (unsigned i = 0; i < LINES && !cursor_at_end(&c); i++) {
        enum text_line state = text_line(&c, LINE_LIMIT, &line);
        if (state == LINE_BAD)
            return -1;
        if (state == LINE_OPEN)
            break;
        int more = line_bits(line);
        bool is_forwarded = cursor_peek(&line, 0) == '[' || cursor_at_end(&line);
        if (first < 0 && !is_forwarded)
            first = more;
        bits += more;
    }
    /* A card that does not begin as one may be part of something else. */
    return first > 0 || bits < BITS_FOR_YES ? bits : BITS_FOR_YES - 1;
}

static enum answer validate(struct inspection *in)
{
    int client = in->client.size ? weigh_client(in->client) : 0;
    int server = in->server.size ? weigh_server(in->server) : 0;
    return answer_when_asked(in, client, server, "user's card");
}

const struct cdpi_protocol cdpi_protocol_finger = {
    .name = "Finger",
    .reference = "RFC 1288 section 2; answers as BSD's finger prints them",
    .transports = OVER_TCP,
    .category = CATEGORY_DIRECTORY,
    .tcp_ports = PORTS(79),
    .is_unsigned = true,
    .is_text = true,
    .validate = validate,
};
