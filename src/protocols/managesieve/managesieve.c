/* SPDX-License-Identifier: MIT */
/*
 * ManageSieve, RFC 5804: the server lists what it can, a quoted name a line and for some a quoted
 * value, and ends with OK (section 1.7). IMPLEMENTATION must be among them, and comes first as most
 * servers send it. The client's commands are words; strings stand in quotes or behind {size+}. What
 * answers them ends with OK, NO or BYE, as a rule with words in quotes.
 */
#include "framing/commands.h"
#include "protocols/protocol.h"
#include "protocols/starttls.h"

enum { LINE_LIMIT = 1024, LINES = 16 };

static const char *const capabilities[] = {
    "implementation", "sasl",  "sieve",   "starttls",       "maxredirects", "notify",
    "language",       "owner", "version", "unauthenticate", "extlists",     NULL};

/* Section 2; what takes a string is told by it. */
static const struct command commands[] = {
    {"authenticate", 40, ARGUMENTS_SOME, false}, {"capability", 8, ARGUMENTS_NONE, false},
    {"checkscript", 40, ARGUMENTS_SOME, false},  {"deletescript", 40, ARGUMENTS_SOME, false},
    {"getscript", 40, ARGUMENTS_SOME, false},    {"havespace", 40, ARGUMENTS_SOME, false},
    {"listscripts", 30, ARGUMENTS_NONE, false},  {"logout", 8, ARGUMENTS_NONE, false},
    {"noop", 8, ARGUMENTS_ANY, false},           {"putscript", 40, ARGUMENTS_SOME, false},
    {"renamescript", 40, ARGUMENTS_SOME, false}, {"starttls", 16, ARGUMENTS_NONE, false},
    {"setactive", 40, ARGUMENTS_SOME, false},    {"unauthenticate", 30, ARGUMENTS_NONE, false},
};

/* Section 1.7: a name in quotes; unknown ones are to be passed over. */
static int capability(struct cursor line)
{
    struct cursor name = line;
    int32_t end = cursor_accept_text(&name, "\"") ? cursor_find(&name, '"', LINE_LIMIT) : -1;
    if (end <= 0)
        return -1;
    name = cursor_take(&name, (uint32_t)end);
    int which = text_word(&name, capabilities);
    return which < 0 ? (int)(sizeof capabilities / sizeof capabilities[0]) : which;
}

/* As much as both sides come to with the client's command. */
static enum answer judge_answer(struct inspection *in, struct cursor line)
{
    static const char *const words[] = {"ok", "no", "bye", NULL};
    struct cursor rest = line;
    if (in->client.size == 0 || text_word(&rest, words) < 0)
        return NO;
    cursor_accept_text(&rest, " ");
    int next = cursor_peek(&rest, 0);
    return next == '"' || next == '(' || next == '{' ? yes(in, "answer", &rest)
           : next < 0                                ? likely(in, "answer", &rest)
                                                     : NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    struct cursor line;
    unsigned known = 0;
    bool is_named = false;
    for (unsigned i = 0; i < LINES; i++) {
        enum text_line state = text_line(&c, LINE_LIMIT, &line);
        if (state == LINE_BAD)
            return NO;
        if (state == LINE_OPEN)
            return known >= 2 && in->is_final ? likely(in, "capabilities", &c) : short_of(in, &c);
        int which = capability(line);
        if (which < 0 && i == 0)
            return judge_answer(in, line);
        if (which < 0)
            return known >= 2 && is_named && cursor_accept_nocase(&line, "ok")
                       ? yes(in, "capabilities", &c)
                       : NO;
        is_named |= which == 0;
        known += which < (int)(sizeof capabilities / sizeof capabilities[0]);
    }
    return NO;
}

/* A string in quotes, or behind its size, section 1.2. */
static bool has_string(struct cursor line)
{
    int32_t blank = cursor_find(&line, ' ', LINE_LIMIT);
    cursor_skip(&line, blank < 0 ? cursor_left(&line) : (uint32_t)blank + 1);
    return cursor_peek(&line, 0) == '"' || cursor_peek(&line, 0) == '{';
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state == LINE_BAD)
        return NO;
    if (state == LINE_OPEN)
        return short_of(in, &c);
    const struct command *command = command_of(COMMANDS(commands), line);
    if (!command || (command->arguments == ARGUMENTS_SOME && !has_string(line)))
        return NO;
    if (both_spoke(in))
        return yes(in, "command", &c);
    return answer_by_bits(in, command->bits, "command", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

#define WORD(literal) SIGNATURE_MASKED(0, literal, "\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf")

static const struct signature signatures[] = {SIGNATURE(0, "\"IMPLEMENTATIO"),
                                              SIGNATURE(0, "\"implementatio"),
                                              SIGNATURE(0, "\"Implementatio"),
                                              SIGNATURE(0, "\"SASL\" \""),
                                              SIGNATURE(0, "\"SIEVE\" \""),
                                              SIGNATURE(0, "\"VERSION\" \""),
                                              WORD("AUTHENTI"),
                                              WORD("CHECKSCR"),
                                              WORD("DELETESC"),
                                              WORD("GETSCRIP"),
                                              WORD("HAVESPAC"),
                                              WORD("LISTSCRI"),
                                              WORD("PUTSCRIP"),
                                              WORD("RENAMESC"),
                                              WORD("SETACTIV"),
                                              WORD("STARTTLS")};

const struct cdpi_protocol cdpi_protocol_managesieve = {
    .name = "ManageSieve",
    .reference = "RFC 5804 sections 1.7 and 2",
    .transports = OVER_TCP,
    .category = CATEGORY_MAIL,
    .tcp_ports = PORTS(4190, 2000),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow_starttls, /* RFC 5804 section 2.2 */
};
