/* SPDX-License-Identifier: MIT */
/*
 * ManageSieve, RFC 5804: the server lists what it can, a quoted name a line and for some a quoted
 * value, and ends with OK (section 1.7). IMPLEMENTATION must be among them, and comes first as
 * servers send it. The client's commands are words; strings stand in quotes or behind {size+}.
 */
#include "framing/text.h"
#include "protocols/protocol.h"
#include "protocols/starttls.h"

enum { LINE_LIMIT = 1024, LINES = 16 };

static const char *const capabilities[] = {
    "implementation", "sasl",  "sieve",   "starttls",       "maxredirects", "notify",
    "language",       "owner", "version", "unauthenticate", "extlists",     NULL};

static const char *const commands[] = {
    "authenticate", "starttls",    "capability", "listscripts",    "havespace",
    "putscript",    "setactive",   "getscript",  "deletescript",   "renamescript",
    "logout",       "checkscript", "noop",       "unauthenticate", NULL};

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

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    struct cursor line;
    unsigned known = 0;
    for (unsigned i = 0; i < LINES; i++) {
        enum text_line state = text_line(&c, LINE_LIMIT, &line);
        if (state == LINE_BAD)
            return NO;
        if (state == LINE_OPEN)
            return known >= 2 && in->is_final ? likely(in, "capabilities", &c) : short_of(in, &c);
        int which = capability(line);
        if (which < 0)
            return known >= 2 && cursor_accept_nocase(&line, "ok") ? yes(in, "capabilities", &c)
                                                                   : NO;
        if (i == 0 && which != 0)
            return NO;
        known += which < (int)(sizeof capabilities / sizeof capabilities[0]);
    }
    return NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state == LINE_BAD)
        return NO;
    if (state == LINE_OPEN)
        return short_of(in, &c);
    return text_word(&line, commands) < 0 ? NO : both_spoke(in) ? yes(in, "command", &c) : MORE;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {SIGNATURE(0, "\"IMPLEMENTATIO"),
                                              SIGNATURE(0, "\"implementatio"),
                                              SIGNATURE(0, "\"Implementatio")};

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
