/* SPDX-License-Identifier: MIT */
/*
 * Munin (guide.munin-monitoring.org, "Data exchange between master and node"): the node begins with
 * "# munin node at HOST", the master asks: cap, list, nodes, config, fetch, spoolfetch, version,
 * quit. Joined late: what a plugin draws ("graph_title Load") and measures ("load.value 0.25"),
 * each list ended by a dot.
 */
#include "framing/commands.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 256, LINES = 3 };

static const struct command commands[] = {
    {.word = "cap", .bits = 12},
    {.word = "config", .bits = 16, .arguments = ARGUMENTS_SOME},
    {.word = "fetch", .bits = 16, .arguments = ARGUMENTS_SOME},
    {.word = "list", .bits = 8},
    {.word = "nodes", .bits = 16},
    {.word = "quit", .bits = 8},
    {.word = "spoolfetch", .bits = 30, .arguments = ARGUMENTS_NUMBER},
    {.word = "starttls", .bits = 8},
    {.word = "version", .bits = 8},
};

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    struct cursor line;
    if (!cursor_accept_nocase(&c, "# munin node at "))
        return cursor_left(&c) < 16 && cursor_may_start_with(&c, "# ") ? short_of(in, &c) : NO;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state == LINE_OPEN)
        return short_of(in, &c);
    return state == LINE_WHOLE ? yes(in, "greeting", &c) : NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state == LINE_OPEN)
        return short_of(in, &c);
    return state == LINE_WHOLE && command_of(COMMANDS(commands), line) ? yes(in, "command", &c)
                                                                       : NO;
}

/* What munin-update can do, in its own words: it asks so first of all. */
static bool may_name_its_skills(struct cursor c)
{
    return cursor_may_start_with(&c, "cap multigraph") ||
           cursor_may_start_with(&c, "cap dirtyconf");
}

/* "graph_title Load", "multigraph disks", "load.label load", "load.value 0.25". */
static unsigned line_bits(struct cursor line)
{
    if (cursor_accept_text(&line, "graph_"))
        return 24;
    if (cursor_accept_text(&line, "multigraph "))
        return 30;
    while (text_is_token(cursor_peek(&line, 0)) && cursor_peek(&line, 0) != '.')
        cursor_skip(&line, 1);
    if (cursor_accept_text(&line, ".value ")) {
        cursor_accept_text(&line, "-");
        return text_digits(&line, 20, NULL) > 0 || cursor_accept_text(&line, "U") ? 22 : 0;
    }
    return cursor_accept_text(&line, ".label ") || cursor_accept_text(&line, ".draw ") ? 16 : 0;
}

static int weigh_lines(struct cursor c)
{
    struct cursor line;
    unsigned bits = 0, lines = 0;
    while (lines < LINES && text_line(&c, LINE_LIMIT, &line) == LINE_WHOLE) {
        if (line.size == 1 && cursor_starts_with(&line, "."))
            return bits ? (int)bits + 8 : -1;
        unsigned more = line_bits(line);
        if (more == 0)
            return -1;
        bits += more;
        lines++;
    }
    return (int)bits;
}

/* A question about a plugin and its answer, or the answer alone: no more than likely. */
static enum answer judge_late(struct inspection *in)
{
    int server = weigh_lines(in->server), client = 0;
    if (in->client.size) {
        enum answer asked = judge_client(in, in->client);
        client = asked == NO ? -1 : asked == YES ? 16 : 0;
    }
    enum answer answer = answer_by_sides(in, client, server, "plugin's lines");
    return answer == YES ? LIKELY : answer;
}

/* The node speaks first: its greeting tells, and the master's words need but be its own. Without
 * the node, the master's first question tells. */
static enum answer validate(struct inspection *in)
{
    if (in->server.size == 0) {
        enum answer asked = judge_client(in, in->client);
        return may_name_its_skills(in->client) || asked != YES ? asked : wants(in, SERVER, 1);
    }
    if (!cursor_may_start_with(&in->server, "#"))
        return judge_late(in);
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "# MUNIN NODE AT ",
                     "\xff\xff\xdf\xdf\xdf\xdf\xdf\xff\xdf\xdf\xdf\xdf\xff\xdf\xdf\xff"),
    SIGNATURE(0, "config "),
    SIGNATURE(0, "fetch "),
    SIGNATURE(0, "graph_title "),
    SIGNATURE(0, "multigraph "),
    SIGNATURE(0, "cap multigraph"),
    SIGNATURE(0, "cap dirtyconfig"),
};

const struct cdpi_protocol cdpi_protocol_munin = {
    .name = "Munin",
    .reference = "guide.munin-monitoring.org: data exchange between master and node",
    .transports = OVER_TCP,
    .category = CATEGORY_MANAGEMENT,
    .tcp_ports = PORTS(4949),
    SIGNATURES(signatures),
    .validate = validate,
};
