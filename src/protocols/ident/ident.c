/* SPDX-License-Identifier: MIT */
/*
 * Ident, RFC 1413 section 4: the client names a pair of ports, the server repeats them:
 *
 *     6193, 23 CRLF
 *     6193, 23 : USERID : UNIX : mary CRLF
 *     6193, 23 : ERROR : NO-USER CRLF
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 1000, QUERY_BITS = 26, REPLY_BITS = 44 };

struct pair {
    uint32_t local, remote;
};

static void pass_blanks(struct cursor *line)
{
    while (cursor_accept_text(line, " ") || cursor_accept_text(line, "\t"))
        ;
}

static bool pass_port(struct cursor *line, uint32_t *port)
{
    pass_blanks(line);
    bool is_number = text_digits(line, 5, port) > 0 && *port <= 65535;
    pass_blanks(line);
    return is_number;
}

static bool pass_pair(struct cursor *line, struct pair *pair)
{
    return pass_port(line, &pair->local) && cursor_accept_text(line, ",") &&
           pass_port(line, &pair->remote);
}

static int weigh_client(struct cursor c, struct pair *pair)
{
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state != LINE_WHOLE)
        return state == LINE_OPEN && (c.size == 0 || cursor_peek(&c, 0) <= '9') ? 0 : -1;
    if (!pass_pair(&line, pair) || !cursor_at_end(&line) || !pair->local || !pair->remote)
        return -1;
    return cursor_at_end(&c) ? QUERY_BITS : -1;
}

static int weigh_server(struct cursor c, const struct pair *asked)
{
    struct cursor line;
    struct pair pair;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state != LINE_WHOLE)
        return state == LINE_OPEN && (c.size == 0 || cursor_peek(&c, 0) <= '9') ? 0 : -1;
    if (!pass_pair(&line, &pair) || !cursor_accept_text(&line, ":"))
        return -1;
    if (asked->local && (asked->local != pair.local || asked->remote != pair.remote))
        return -1;
    pass_blanks(&line);
    if (!cursor_accept_nocase(&line, "userid") && !cursor_accept_nocase(&line, "error"))
        return -1;
    pass_blanks(&line);
    return cursor_accept_text(&line, ":") ? REPLY_BITS : -1;
}

static enum answer validate(struct inspection *in)
{
    struct pair pair = {0};
    int client = weigh_client(in->client, &pair);
    int server = weigh_server(in->server, &pair);
    return answer_by_sides(in, client, server, server > client ? "reply" : "pair of ports");
}

const struct cdpi_protocol cdpi_protocol_ident = {
    .name = "Ident",
    .reference = "RFC 1413 section 4",
    .transports = OVER_TCP,
    .category = CATEGORY_DIRECTORY,
    .tcp_ports = PORTS(113),
    .is_unsigned = true,
    .is_text = true,
    .validate = validate,
};
