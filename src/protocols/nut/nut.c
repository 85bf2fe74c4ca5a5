/* SPDX-License-Identifier: MIT */
/*
 * NUT, Network UPS Tools (NUT Developer Guide, Network protocol information): lines. The client:
 * "LIST VAR ups", "GET VAR ups battery.charge"; the server: "BEGIN LIST VAR ups", "VAR ups
 * battery.charge "100"", "ERR UNKNOWN-UPS".
 */
#include "framing/text.h"
#include "protocols/protocol.h"
#include "protocols/starttls.h"

enum { LINE_LIMIT = 512, LINES = 3 };

static const char *const subjects[] = {"ups",   "var",     "rw",        "cmd",     "enum",
                                       "range", "type",    "numlogins", "upsdesc", "client",
                                       "desc",  "cmddesc", NULL};

/* What the guide's table of errors lists. */
static const char *const errors[] = {"access-denied",
                                     "unknown-ups",
                                     "var-not-supported",
                                     "cmd-not-supported",
                                     "invalid-argument",
                                     "instcmd-failed",
                                     "set-failed",
                                     "readonly",
                                     "too-long",
                                     "feature-not-supported",
                                     "feature-not-configured",
                                     "already-ssl-mode",
                                     "driver-not-connected",
                                     "data-stale",
                                     "already-logged-in",
                                     "invalid-password",
                                     "already-set-password",
                                     "invalid-username",
                                     "already-set-username",
                                     "username-required",
                                     "password-required",
                                     "unknown-command",
                                     "invalid-value",
                                     NULL};

/* A subject in upper case. */
static bool is_subject(struct cursor *line)
{
    int first = cursor_peek(line, 0);
    return first >= 'A' && first <= 'Z' && text_word(line, subjects) >= 0;
}

/* What the client's first line is worth; -1: it is none. */
static int request_bits(struct cursor line)
{
    if (cursor_accept_text(&line, "LIST ") || cursor_accept_text(&line, "GET "))
        return is_subject(&line) ? 30 : -1;
    if (cursor_accept_text(&line, "USERNAME ") || cursor_accept_text(&line, "PASSWORD ") ||
        cursor_accept_text(&line, "INSTCMD "))
        return 20;
    if (cursor_accept_text(&line, "NETVER") || cursor_accept_text(&line, "PROTVER"))
        return 30;
    bool is_weak = cursor_accept_text(&line, "STARTTLS") || cursor_accept_text(&line, "LOGIN ") ||
                   cursor_accept_text(&line, "VER") || cursor_accept_text(&line, "HELP") ||
                   cursor_accept_text(&line, "SET VAR ");
    return is_weak ? 6 : -1;
}

/* A variable of a UPS: its name has a dot in it, its value stands in quotes. */
static bool is_variable(struct cursor line)
{
    int32_t name = cursor_find(&line, ' ', LINE_LIMIT);
    if (name <= 0)
        return false;
    cursor_skip(&line, (uint32_t)name + 1);
    int32_t value = cursor_find(&line, ' ', LINE_LIMIT), dot = cursor_find(&line, '.', LINE_LIMIT);
    return dot > 0 && dot < value && cursor_peek(&line, (uint32_t)value + 1) == '"' &&
           cursor_peek(&line, cursor_left(&line) - 1) == '"';
}

static int reply_bits(struct cursor line)
{
    if (cursor_accept_text(&line, "BEGIN LIST "))
        return is_subject(&line) ? 60 : -1;
    if (cursor_accept_text(&line, "VAR "))
        return is_variable(line) ? 36 : 20;
    if (cursor_accept_text(&line, "TYPE ") || cursor_accept_text(&line, "UPSDESC ") ||
        cursor_accept_text(&line, "NUMLOGINS ") || cursor_accept_text(&line, "DESC "))
        return 20;
    if (cursor_accept_text(&line, "ERR ")) {
        int first = cursor_peek(&line, 0);
        if (first < 'A' || first > 'Z' || cursor_find(&line, ' ', line.size) >= 0)
            return -1;
        return text_word(&line, errors) >= 0 ? 40 : 16;
    }
    if (cursor_accept_text(&line, "Network UPS Tools upsd"))
        return 60;
    /* The guide's answer to STARTTLS: no other protocol's says it so. */
    if (cursor_accept_text(&line, "OK STARTTLS"))
        return cursor_at_end(&line) ? 60 : -1;
    return cursor_accept_text(&line, "OK") ? 10 : -1;
}

/* What the side's first lines are worth; *bits 0 where it has not spoken. The first must be one of
 * the protocol's, what follows may be (a list's rows, or TLS after STARTTLS). */
static enum answer first_lines(struct inspection *in, struct cursor c, int *bits)
{
    struct cursor line;
    *bits = 0;
    if (c.size == 0)
        return YES;
    for (unsigned i = 0; i < LINES; i++) {
        enum text_line state = text_line(&c, LINE_LIMIT, &line);
        if (state != LINE_WHOLE && i == 0)
            return state == LINE_OPEN ? short_of(in, &c) : NO;
        int worth = state != LINE_WHOLE ? -1
                    : c.side == CLIENT  ? request_bits(line)
                                        : reply_bits(line);
        if (worth < 0)
            return i > 0 ? YES : NO;
        *bits += worth;
    }
    return YES;
}

static enum answer validate(struct inspection *in)
{
    int asked, told;
    enum answer client = first_lines(in, in->client, &asked);
    enum answer server = first_lines(in, in->server, &told);
    if (client != YES || server != YES)
        return client < server ? client : server;
    struct cursor c = in->server.size ? in->server : in->client;
    cursor_skip(&c, (uint32_t)cursor_find(&c, '\n', LINE_LIMIT) + 1);
    return answer_by_bits(in, (unsigned)(asked + told), "lines", &c);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "LIST "),      SIGNATURE(0, "GET VAR "),    SIGNATURE(0, "USERNAME "),
    SIGNATURE(0, "NETVER"),     SIGNATURE(0, "PROTVER"),     SIGNATURE(0, "GET UPSDESC "),
    SIGNATURE(0, "VER\n"),      SIGNATURE(0, "BEGIN LIST "), SIGNATURE(0, "Network UPS Tool"),
    SIGNATURE(0, "STARTTLS\n"), SIGNATURE(0, "ERR "),        SIGNATURE(0, "VAR "),
};

const struct cdpi_protocol cdpi_protocol_nut = {
    .name = "NUT",
    .reference = "Network UPS Tools Developer Guide: Network protocol information",
    .transports = OVER_TCP,
    .category = CATEGORY_MANAGEMENT,
    .tcp_ports = PORTS(3493),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow_starttls, /* STARTTLS */
};
