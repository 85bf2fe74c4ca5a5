/* SPDX-License-Identifier: MIT */
/*
 * Beanstalk, the work queue (beanstalkd's doc/protocol.txt): lines that end with CR LF, "put 0 0 60
 * 5" and five bytes, answered by "INSERTED 1".
 */
#include "framing/commands.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 224 };

static const struct command requests[] = {
    {"bury", 24, ARGUMENTS_NUMBERS, false},
    {"delete", 10, ARGUMENTS_NUMBERS, false},
    {"ignore", 10, ARGUMENTS_SOME, false},
    {"kick", 16, ARGUMENTS_NUMBERS, false},
    {"kick-job", 40, ARGUMENTS_NUMBERS, false},
    {"list-tubes", 40, ARGUMENTS_NONE, false},
    {"list-tube-used", 60, ARGUMENTS_NONE, false},
    {"list-tubes-watched", 60, ARGUMENTS_NONE, false},
    {"put", 20, ARGUMENTS_NUMBERS, true},
    {"peek", 20, ARGUMENTS_NUMBERS, false},
    {"peek-ready", 40, ARGUMENTS_NONE, false},
    {"peek-delayed", 40, ARGUMENTS_NONE, false},
    {"peek-buried", 40, ARGUMENTS_NONE, false},
    {"pause-tube", 40, ARGUMENTS_SOME, false},
    {"quit", 4, ARGUMENTS_NONE, false},
    {"reserve", 28, ARGUMENTS_NONE, false},
    {"reserve-with-timeout", 60, ARGUMENTS_NUMBERS, false},
    {"reserve-job", 60, ARGUMENTS_NUMBERS, false},
    {"release", 20, ARGUMENTS_NUMBERS, false},
    {"stats", 8, ARGUMENTS_NONE, false},
    {"stats-job", 40, ARGUMENTS_NUMBERS, false},
    {"stats-tube", 40, ARGUMENTS_SOME, false},
    {"touch", 12, ARGUMENTS_NUMBERS, false},
    {"use", 8, ARGUMENTS_SOME, false},
    {"watch", 8, ARGUMENTS_SOME, false},
};

static const struct command responses[] = {
    {"buried", 28, ARGUMENTS_ANY, false},          {"bad_format", 16, ARGUMENTS_NONE, false},
    {"deleted", 16, ARGUMENTS_NONE, false},        {"deadline_soon", 40, ARGUMENTS_NONE, false},
    {"draining", 20, ARGUMENTS_NONE, false},       {"expected_crlf", 40, ARGUMENTS_NONE, false},
    {"found", 16, ARGUMENTS_NUMBERS, true},        {"inserted", 40, ARGUMENTS_NUMBERS, false},
    {"internal_error", 20, ARGUMENTS_NONE, false}, {"job_too_big", 40, ARGUMENTS_NONE, false},
    {"kicked", 24, ARGUMENTS_ANY, false},          {"not_ignored", 40, ARGUMENTS_NONE, false},
    {"not_found", 12, ARGUMENTS_NONE, false},      {"ok", 12, ARGUMENTS_NUMBERS, true},
    {"out_of_memory", 20, ARGUMENTS_NONE, false},  {"paused", 16, ARGUMENTS_NONE, false},
    {"reserved", 40, ARGUMENTS_NUMBERS, true},     {"released", 28, ARGUMENTS_NONE, false},
    {"touched", 12, ARGUMENTS_NONE, false},        {"timed_out", 24, ARGUMENTS_NONE, false},
    {"using", 16, ARGUMENTS_SOME, false},          {"unknown_command", 16, ARGUMENTS_NONE, false},
    {"watching", 32, ARGUMENTS_NUMBERS, false},
};

/* commands.h takes words in lower case; the server's are in upper case. */
static bool is_upper(const struct cursor *c)
{
    int first = cursor_peek(c, 0);
    return first < 0 || (first >= 'A' && first <= 'Z');
}

static bool is_lower(const struct cursor *c)
{
    int first = cursor_peek(c, 0);
    return first < 0 || (first >= 'a' && first <= 'z');
}

/* "put PRI DELAY TTR BYTES": four numbers are worth more than the word. */
static int put_bits(struct cursor c)
{
    if (!cursor_accept_text(&c, "put"))
        return 0;
    for (unsigned i = 0; i < 4; i++) {
        if (!cursor_accept_text(&c, " ") || text_digits(&c, 10, NULL) == 0)
            return 0;
    }
    return cursor_starts_with(&c, "\r\n") ? 20 : 0;
}

static enum answer validate(struct inspection *in)
{
    if (!is_lower(&in->client) || !is_upper(&in->server))
        return NO;
    int asked = commands_weigh(in->client, COMMANDS(requests), LINE_LIMIT) + put_bits(in->client);
    int told = commands_weigh(in->server, COMMANDS(responses), LINE_LIMIT);
    if (asked < 0 || told < 0)
        return NO;
    const struct cursor *last = in->server.size ? &in->server : &in->client;
    if (both_spoke(in) && (asked == 0 || told == 0))
        return short_of(in, asked == 0 ? &in->client : &in->server);
    enum answer answer =
        answer_by_bits(in, (unsigned)(asked + told), told ? "reply" : "command", last);
    if (answer == YES || answer == LIKELY)
        in->evidence_size = (uint32_t)cursor_find(last, '\n', LINE_LIMIT) + 1;
    return answer;
}

/* What memcached says too (delete, touch and their answers) proposes nobody. */
static const struct signature signatures[] = {
    SIGNATURE(0, "put "),          SIGNATURE(0, "use "),
    SIGNATURE(0, "watch "),        SIGNATURE(0, "reserve"),
    SIGNATURE(0, "list-tube"),     SIGNATURE(0, "stats"),
    SIGNATURE(0, "peek"),          SIGNATURE(0, "kick"),
    SIGNATURE(0, "release "),      SIGNATURE(0, "bury "),
    SIGNATURE(0, "ignore "),       SIGNATURE(0, "pause-tube "),

    SIGNATURE(0, "INSERTED "),     SIGNATURE(0, "RESERVED "),
    SIGNATURE(0, "WATCHING "),     SIGNATURE(0, "USING "),
    SIGNATURE(0, "FOUND "),        SIGNATURE(0, "OK "),
    SIGNATURE(0, "RELEASED\r\n"),  SIGNATURE(0, "BURIED"),
    SIGNATURE(0, "KICKED"),        SIGNATURE(0, "NOT_IGNORED\r\n"),
    SIGNATURE(0, "TIMED_OUT\r\n"), SIGNATURE(0, "DEADLINE_SOON\r\n"),
};

const struct cdpi_protocol cdpi_protocol_beanstalk = {
    .name = "Beanstalk",
    .reference = "beanstalkd's doc/protocol.txt",
    .transports = OVER_TCP,
    .category = CATEGORY_MESSAGING,
    .tcp_ports = PORTS(11300),
    SIGNATURES(signatures),
    .validate = validate,
};
