/* SPDX-License-Identifier: MIT */
/*
 * rsync's daemon: both sides begin with "@RSYNCD: ", the version as number.number, since version 32
 * the digests that they know, and a line's end. As in rsync's own rsync-daemon protocol
 * (clientserver.c's exchange_protocols).
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 512 };

/* What the server says later of a module: granted, wants a password, the list's end. */
static bool says_outcome(struct cursor line)
{
    return cursor_accept_text(&line, "OK") || cursor_accept_text(&line, "EXIT") ||
           cursor_accept_text(&line, "AUTHREQD ");
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct cursor line, from = c;
    if (!cursor_may_start_with(&c, "@RSYNCD: "))
        return NO;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state != LINE_WHOLE)
        return state == LINE_OPEN ? short_of(in, &from) : NO;
    if (!cursor_accept_text(&line, "@RSYNCD: "))
        return NO;
    if (says_outcome(line))
        return likely(in, "outcome", &c);
    if (text_digits(&line, 3, NULL) == 0)
        return NO;
    if (cursor_accept_text(&line, ".") && text_digits(&line, 3, NULL) == 0)
        return NO;
    if (!cursor_at_end(&line) && cursor_peek(&line, 0) != ' ')
        return NO;
    return yes(in, "greeting", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "@RSYNCD: ")};

const struct cdpi_protocol cdpi_protocol_rsync = {
    .name = "rsync",
    .reference = "rsync's daemon greeting, seen of rsync 2.6 to 3.2",
    .transports = OVER_TCP,
    .category = CATEGORY_FILE_TRANSFER,
    .tcp_ports = PORTS(873),
    SIGNATURES(signatures),
    .validate = validate,
};
