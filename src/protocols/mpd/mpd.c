/* SPDX-License-Identifier: MIT */
/*
 * MPD, the Music Player Daemon ("The Music Player Daemon protocol", Protocol overview): the server
 * greets with "OK MPD version"; the client sends lines that begin with a command in lower case.
 * Joined behind the greeting, what they say adds up: answers are "name: value", "OK", or
 * "ACK [code@line] {command} text".
 */
#include "framing/commands.h"
#include "protocols/protocol.h"

enum { GREETING_LIMIT = 64, LINE_LIMIT = 4096 };

static const struct command commands[] = {
    {"binarylimit", 26, ARGUMENTS_NUMBER, false},
    {"command_list_begin", 44, ARGUMENTS_NONE, false},
    {"command_list_ok_begin", 50, ARGUMENTS_NONE, false},
    {"currentsong", 30, ARGUMENTS_NONE, false},
    {"idle", 8, ARGUMENTS_ANY, false},
    {"listplaylists", 30, ARGUMENTS_NONE, false},
    {"listplaylistinfo", 30, ARGUMENTS_SOME, false},
    {"lsinfo", 20, ARGUMENTS_ANY, false},
    {"noidle", 18, ARGUMENTS_NONE, false},
    {"outputs", 14, ARGUMENTS_NONE, false},
    {"playlistinfo", 30, ARGUMENTS_ANY, false},
    {"plchanges", 30, ARGUMENTS_NUMBER, false},
    {"plchangesposid", 40, ARGUMENTS_NUMBER, false},
    {"setvol", 20, ARGUMENTS_NUMBER, false},
    {"stats", 8, ARGUMENTS_NONE, false},
    {"status", 8, ARGUMENTS_NONE, false},
};

static const struct command answers[] = {
    {"changed:", 26, ARGUMENTS_ONE, false},   {"consume:", 16, ARGUMENTS_ONE, false},
    {"file:", 8, ARGUMENTS_SOME, false},      {"outputid:", 26, ARGUMENTS_NUMBER, false},
    {"ok", 2, ARGUMENTS_NONE, false},         {"partition:", 12, ARGUMENTS_SOME, false},
    {"random:", 16, ARGUMENTS_NUMBER, false}, {"repeat:", 16, ARGUMENTS_NUMBER, false},
    {"single:", 12, ARGUMENTS_ONE, false},    {"updating_db:", 26, ARGUMENTS_NUMBER, false},
    {"volume:", 12, ARGUMENTS_NUMBER, false},
};

static bool is_refusal(struct cursor c)
{
    return cursor_accept_text(&c, "ACK [") && text_digits(&c, 3, NULL) > 0 &&
           cursor_accept_text(&c, "@") && text_digits(&c, 5, NULL) > 0 &&
           cursor_accept_text(&c, "] {");
}

static int weigh_late(struct cursor c, bool is_client)
{
    int first = cursor_peek(&c, 0);
    if (first < 0)
        return 0;
    if (!is_client && first == 'A')
        return is_refusal(c) ? BITS_FOR_YES : cursor_find(&c, '\n', LINE_LIMIT) < 0 ? 0 : -1;
    if (first < 'a' && !(first == 'O' && !is_client))
        return -1;
    struct cursor line;
    int bits = 0;
    while (bits < BITS_FOR_LIKELY && text_line(&c, LINE_LIMIT, &line) == LINE_WHOLE) {
        const struct command *command =
            command_of(is_client ? COMMANDS(commands) : COMMANDS(answers), line);
        if (!command)
            return bits ? bits : -1;
        bits += command->bits;
    }
    return bits;
}

/* Without the greeting no more than likely. */
static enum answer judge_late(struct inspection *in)
{
    int client = weigh_late(in->client, true), server = weigh_late(in->server, false);
    enum answer answer = answer_by_sides(in, client, server, "commands and answers");
    return answer == YES ? LIKELY : answer;
}

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
    struct cursor server = in->server;
    if (server.size == 0 || !cursor_may_start_with(&server, "OK MPD "))
        return judge_late(in);
    enum answer client = in->client.size ? judge_client(in, in->client) : YES;
    enum answer greeting = judge_server(in, server);
    return client < greeting ? client : greeting;
}

static const struct signature signatures[] = {
    SIGNATURE(0, "OK MPD "),    SIGNATURE(0, "command_list_"), SIGNATURE(0, "currentsong\n"),
    SIGNATURE(0, "plchanges"),  SIGNATURE(0, "noidle\n"),      SIGNATURE(0, "status\n"),
    SIGNATURE(0, "outputs\n"),  SIGNATURE(0, "changed: "),     SIGNATURE(0, "volume: "),
    SIGNATURE(0, "repeat: "),   SIGNATURE(0, "outputid: "),    SIGNATURE(0, "ACK ["),
    SIGNATURE(0, "playlistin"), SIGNATURE(0, "updating_db: "),
};

const struct cdpi_protocol cdpi_protocol_mpd = {
    .name = "MPD",
    .reference = "The Music Player Daemon protocol: Protocol overview",
    .transports = OVER_TCP,
    .category = CATEGORY_STREAMING,
    .tcp_ports = PORTS(6600),
    SIGNATURES(signatures),
    .validate = validate,
};
