/* SPDX-License-Identifier: MIT */
/*
 * MPD, the Music Player Daemon ("The Music Player Daemon protocol", Protocol overview): the server
 * greets with "OK MPD version"; the client sends lines that begin with a command in lower case.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { GREETING_LIMIT = 64, LINE_LIMIT = 4096 };

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    for (uint32_t i = 0; i < c.size; i++) {
        int byte = cursor_peek(&c, i);
        if (byte == ' ' || byte == '\n')
            return i > 0 ? YES : NO;
        if ((byte < 'a' || byte > 'z') && byte != '_')
            return NO;
    }
    return short_of(in, &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    struct cursor line;
    if (!cursor_may_start_with(&c, "OK MPD "))
        return NO;
    enum text_line state = text_line(&c, GREETING_LIMIT, &line);
    if (state != LINE_WHOLE)
        return state == LINE_OPEN ? short_of(in, &c) : NO;
    cursor_skip(&line, 7);
    if (text_digits(&line, 2, NULL) == 0 || cursor_u8(&line) != '.' ||
        !text_is_digit(cursor_u8(&line)))
        return NO;
    return yes(in, "greeting", &c);
}

static enum answer validate(struct inspection *in)
{
    if (in->server.size == 0)
        return wants(in, SERVER, 1);
    enum answer client = in->client.size ? judge_client(in, in->client) : YES;
    enum answer server = judge_server(in, in->server);
    return client < server ? client : server;
}

static const struct signature signatures[] = {SIGNATURE(0, "OK MPD ")};

const struct cdpi_protocol cdpi_protocol_mpd = {
    .name = "MPD",
    .reference = "The Music Player Daemon protocol: Protocol overview",
    .transports = OVER_TCP,
    .category = CATEGORY_STREAMING,
    .tcp_ports = PORTS(6600),
    SIGNATURES(signatures),
    .validate = validate,
};
