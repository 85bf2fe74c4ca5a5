/* SPDX-License-Identifier: MIT */
/*
 * The remote shell and its sister rexec, as rshd(8) and rexecd(8) of 4.2BSD and later tell it:
 * strings that end in zeros. A port for errors in digits (or nothing), the client's user (rexec:
 * the user), the server's user (rexec: the password), the command. The server answers with a zero,
 * or with a one and words.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { USER_LIMIT = 64, COMMAND_LIMIT = 2048 };

/* Text up to a zero, which it passes over; its length, or -1. Blanks only where they may be. */
static int pass_string(struct cursor *c, uint32_t limit, uint8_t lowest)
{
    uint32_t n = 0;
    for (; n <= limit; n++) {
        uint8_t byte = cursor_u8(c);
        if (c->ran_short)
            return 1; /* it may well be one */
        if (byte == 0)
            return (int)n;
        if (byte < lowest || byte == 0x7f)
            return -1;
    }
    return -1;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint32_t port;
    uint32_t digits = text_digits(&c, 5, &port);
    uint8_t end = cursor_u8(&c);
    if (digits == 0 || end != 0 || port > 65535)
        return NO;
    int local = c.ran_short ? 1 : pass_string(&c, USER_LIMIT, '!');
    int remote = c.ran_short ? 1 : pass_string(&c, USER_LIMIT, '!');
    int command = c.ran_short ? 1 : pass_string(&c, COMMAND_LIMIT, '\t');
    if (local < 1 || remote < 1 || command < 1)
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    bool is_long = local + remote + command >= 6 && digits >= 3;
    if (!is_long && in->is_midstream)
        return NO; /* a few bytes from anywhere may look so */
    return is_long ? yes(in, "users and command", &c) : likely(in, "users and command", &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (in->client.size == 0)
        return cursor_peek(&c, 0) <= 1 ? wants(in, CLIENT, 1) : NO;
    return cursor_peek(&c, 0) <= 1 ? YES : LIKELY;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

const struct cdpi_protocol cdpi_protocol_rsh = {
    .name = "RSH",
    .reference = "rshd(8) and rexecd(8) of BSD",
    .transports = OVER_TCP,
    .category = CATEGORY_REMOTE_ACCESS,
    .tcp_ports = PORTS(514, 512),
    .is_unsigned = true,
    .validate = validate,
};
