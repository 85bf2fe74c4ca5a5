/* SPDX-License-Identifier: MIT */
/*
 * Munin (guide.munin-monitoring.org, "Data exchange between master and node"): the node begins with
 * "# munin node at HOST", the master asks: cap, list, nodes, config, fetch, spoolfetch, version,
 * quit.
 */
#include "framing/commands.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 256 };

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

/* The node speaks first: its greeting tells, and the master's words need but be its own. Without
 * the node, the master's first question tells. */
static enum answer validate(struct inspection *in)
{
    if (in->server.size == 0)
        return may_name_its_skills(in->client) ? judge_client(in, in->client) : NO;
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "# MUNIN NODE AT ",
                     "\xff\xff\xdf\xdf\xdf\xdf\xdf\xff\xdf\xdf\xdf\xdf\xff\xdf\xdf\xff"),
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
