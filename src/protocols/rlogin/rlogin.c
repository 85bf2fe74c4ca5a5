/* SPDX-License-Identifier: MIT */
/*
 * rlogin, RFC 1282: the client begins with four strings that end in zeros: none, its user's name,
 * the server's user's name, terminal "/" speed. The server accepts with a zero, or says in text why
 * not.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { USER_LIMIT = 64, TERMINAL_LIMIT = 64 };

/* Text up to a zero, which it passes over; its length, or -1. */
static int pass_string(struct cursor *c, uint32_t limit)
{
    uint32_t n = 0;
    for (; n <= limit; n++) {
        uint8_t byte = cursor_u8(c);
        if (c->ran_short || byte == 0)
            return (int)n;
        if (byte <= ' ' || byte > '~')
            return -1;
    }
    return -1;
}

/* A name, "/", digits: xterm/38400. */
static bool is_terminal(struct cursor text)
{
    int32_t slash = cursor_find(&text, '/', TERMINAL_LIMIT);
    if (slash < 1)
        return false;
    cursor_skip(&text, (uint32_t)slash + 1);
    return text_digits(&text, 7, NULL) > 0 && cursor_u8(&text) == 0;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (cursor_u8(&c) != 0)
        return NO;
    int local = pass_string(&c, USER_LIMIT);
    int remote = c.ran_short ? 0 : pass_string(&c, USER_LIMIT);
    struct cursor terminal = c;
    int last = c.ran_short ? 0 : pass_string(&c, TERMINAL_LIMIT);
    if (local < 0 || remote < 0 || last < 0)
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    return local + remote > 0 && is_terminal(terminal) ? yes(in, "users and terminal", &c) : NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (in->client.size == 0)
        return cursor_peek(&c, 0) == 0 ? wants(in, CLIENT, 1) : NO;
    return cursor_peek(&c, 0) == 0 ? YES : LIKELY;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {SIGNATURE_MASKED(0, "\0\x40", "\xff\xc0")};

const struct cdpi_protocol cdpi_protocol_rlogin = {
    .name = "rlogin",
    .reference = "RFC 1282",
    .transports = OVER_TCP,
    .category = CATEGORY_REMOTE_ACCESS,
    .tcp_ports = PORTS(513),
    SIGNATURES(signatures),
    .validate = validate,
};
