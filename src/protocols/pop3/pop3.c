/* SPDX-License-Identifier: MIT */
/*
 * POP3, RFC 1939, RFC 2449, RFC 2595, RFC 5034: the server greets and answers with +OK or -ERR
 * (section 3), the client sends commands of four letters. Redis says +OK and -ERR too, and FTP logs
 * in with USER and PASS: what they share counts little, and the two sides add up.
 */
#include "framing/commands.h"
#include "protocols/protocol.h"
#include "protocols/starttls.h"

/* RFC 2449 section 4: 255 for commands, 512 for replies; servers are more generous. */
enum { LINE_LIMIT = 1024, STATUS_BITS = 16, TEXT_BITS = 26, STAMP_BITS = 44 };

static const struct command commands[] = {
    {.word = "apop", .bits = 32, .arguments = ARGUMENTS_SOME},
    {.word = "auth", .bits = 6, .arguments = ARGUMENTS_ANY, .is_last = true},
    {.word = "capa", .bits = 30, .arguments = ARGUMENTS_NONE},
    {.word = "dele", .bits = 26, .arguments = ARGUMENTS_NUMBERS},
    {.word = "list", .bits = 10, .arguments = ARGUMENTS_NONE_OR_NUMBERS},
    {.word = "last", .bits = 12, .arguments = ARGUMENTS_NONE},
    {.word = "lang", .bits = 6, .arguments = ARGUMENTS_ANY},
    {.word = "noop", .bits = 3, .arguments = ARGUMENTS_NONE},
    {.word = "pass", .bits = 12, .arguments = ARGUMENTS_ANY},
    {.word = "quit", .bits = 3, .arguments = ARGUMENTS_NONE, .is_last = true},
    {.word = "retr", .bits = 26, .arguments = ARGUMENTS_NUMBERS},
    {.word = "rset", .bits = 3, .arguments = ARGUMENTS_NONE},
    {.word = "stls", .bits = 32, .arguments = ARGUMENTS_NONE, .is_last = true},
    {.word = "stat", .bits = 12, .arguments = ARGUMENTS_NONE},
    {.word = "top", .bits = 24, .arguments = ARGUMENTS_NUMBERS},
    {.word = "uidl", .bits = 30, .arguments = ARGUMENTS_NONE_OR_NUMBERS},
    {.word = "user", .bits = 12, .arguments = ARGUMENTS_SOME},
    {.word = "utf8", .bits = 12, .arguments = ARGUMENTS_NONE},
    {.word = "xtnd", .bits = 26, .arguments = ARGUMENTS_SOME},
};

/* RFC 1939 section 7: a greeting for APOP ends with <process.clock@host>. */
static bool has_stamp(struct cursor line)
{
    int32_t from = cursor_find(&line, '<', LINE_LIMIT);
    if (from < 0)
        return false;
    cursor_skip(&line, (uint32_t)from);
    int32_t at = cursor_find(&line, '@', LINE_LIMIT), to = cursor_find(&line, '>', LINE_LIMIT);
    return at > 1 && to > at + 1;
}

/* Who speaks first with +OK or -ERR greets: Redis, which says both too, only answers. Where only
 * the server was captured, the words tell. */
static bool is_greeting(const struct inspection *in, struct cursor text)
{
    static const char *const refusals[] = {"connection", "too many", "busy",   "denied", "mail",
                                           "service",    "server",   "locked", NULL};
    if (in->first_speaker != SERVER || in->is_midstream)
        return false;
    for (unsigned i = 0; refusals[i]; i++) {
        if (text_has(text, refusals[i]))
            return true;
    }
    return both_spoke(in);
}

/* RFC 2449 section 6: the answer to CAPA, a word of these a line. */
static bool is_capability(struct cursor c)
{
    static const char *const words[] = {
        "capa",   "top",         "user", "sasl", "resp-codes",     "uidl", "pipelining",
        "expire", "login-delay", "stls", "utf8", "auth-resp-code", "lang", "implementation",
        NULL};
    struct cursor line;
    return text_line(&c, LINE_LIMIT, &line) == LINE_WHOLE && text_word(&line, words) >= 0;
}

static int weigh_server(const struct inspection *in, struct cursor c)
{
    if (c.size == 0)
        return 0;
    if (!cursor_may_start_with(&c, "+OK") && !cursor_may_start_with(&c, "-ERR"))
        return -1;
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state != LINE_WHOLE)
        return state == LINE_OPEN ? 0 : -1;
    bool is_ok = cursor_accept_text(&line, "+OK");
    if (!is_ok && !cursor_accept_text(&line, "-ERR"))
        return -1;
    if (!cursor_at_end(&line) && text_is_token(cursor_peek(&line, 0)))
        return -1;
    if (is_ok && is_capability(c))
        return STAMP_BITS;
    if (text_has(line, "pop3") || text_has(line, "pop server") || (is_ok && has_stamp(line)))
        return STAMP_BITS;
    return (is_ok && cursor_left(&line) > 1) || is_greeting(in, line) ? TEXT_BITS : STATUS_BITS;
}

static enum answer validate(struct inspection *in)
{
    int server = weigh_server(in, in->server);
    int client = in->client.size ? commands_weigh(in->client, COMMANDS(commands), LINE_LIMIT) : 0;
    return answer_by_sides(in, client, server, server > client ? "status line" : "commands");
}

static const struct signature signatures[] = {
    SIGNATURE(0, "+OK"),
    SIGNATURE(0, "-ERR"),
    SIGNATURE_MASKED(0, "CAPA\r\n", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "STLS\r\n", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "APOP ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "USER ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "AUTH", "\xdf\xdf\xdf\xdf"),
    SIGNATURE_MASKED(0, "UIDL", "\xdf\xdf\xdf\xdf"),
    SIGNATURE_MASKED(0, "STAT\r\n", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "RETR ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "DELE ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "TOP ", "\xdf\xdf\xdf\xff"),
};

const struct cdpi_protocol cdpi_protocol_pop3 = {
    .name = "POP3",
    .reference = "RFC 1939 sections 3 to 7, RFC 2449, RFC 2595, RFC 5034",
    .transports = OVER_TCP,
    .category = CATEGORY_MAIL,
    .tcp_ports = PORTS(110),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow_starttls, /* STLS, RFC 2595 section 4 */
};
