/* SPDX-License-Identifier: MIT */
/*
 * T3, of WebLogic servers. No public specification; as the servers behave: the client says "t3" (or
 * t3s in TLS) and its version, then AS:, HL:, MS: and other lines, and an empty one; the server
 * "HELO:" or another word, its version, the same lines.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE = 256 };

static bool is_version(struct cursor *c)
{
    uint32_t dots = 0;
    while (text_digits(c, 3, NULL) > 0 && cursor_peek(c, 0) == '.') {
        cursor_skip(c, 1);
        dots++;
    }
    return dots > 0;
}

/* A line like AS:255 behind the first. */
static enum answer judge_lines(struct inspection *in, struct cursor c, const char *rule)
{
    struct cursor line;
    enum text_line first = text_line(&c, LINE, &line);
    if (first != LINE_WHOLE)
        return first == LINE_OPEN ? short_of(in, &c) : NO;
    if (!cursor_may_start_with(&c, "AS:"))
        return NO;
    if (!cursor_accept_text(&c, "AS:"))
        return short_of(in, &c);
    return text_line(&c, LINE, &line) == LINE_BAD ? NO : yes(in, rule, &c);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    struct cursor version = c;
    if (!cursor_may_start_with(&c, "t3 ") && !cursor_may_start_with(&c, "t3s "))
        return NO;
    int32_t blank = cursor_find(&version, ' ', 4);
    if (blank < 0)
        return short_of(in, &c);
    cursor_skip(&version, (uint32_t)blank + 1);
    if (!is_version(&version) && !cursor_at_end(&version))
        return NO;
    return judge_lines(in, c, "client's version");
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    return cursor_may_start_with(&c, "HELO:") ? judge_lines(in, c, "server's version") : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {SIGNATURE(0, "t3 "), SIGNATURE(0, "t3s "),
                                              SIGNATURE(0, "HELO:")};

const struct cdpi_protocol cdpi_protocol_t3 = {
    .name = "T3",
    .reference = "no public specification; as WebLogic servers and their clients behave",
    .transports = OVER_TCP,
    .category = CATEGORY_RPC,
    .tcp_ports = PORTS(7001),
    SIGNATURES(signatures),
    .validate = validate,
};
