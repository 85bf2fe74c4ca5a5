/* SPDX-License-Identifier: MIT */
/*
 * ICAP, RFC 3507 section 4.3: a request line or a status line of version ICAP/1.0. The methods are
 * REQMOD, RESPMOD and OPTIONS.
 */
#include "framing/start_line.h"
#include "protocols/protocol.h"

/* What no other protocol's line begins with. */
static bool begins(const struct cursor *c)
{
    return cursor_starts_with(c, "REQMOD icap") || cursor_starts_with(c, "RESPMOD icap") ||
           cursor_starts_with(c, "OPTIONS icap") || cursor_starts_with(c, "ICAP/1.");
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct cursor method, uri;
    switch (start_line(&c, "ICAP/1.", &method, &uri)) {
    case START_BAD:
        return NO;
    case START_OPEN:
        return begins(&in->client) || begins(&in->server) ? likely_at_end(in, "start line", &c)
                                                          : short_of(in, &c);
    case START_STATUS:
        return yes(in, "status line", &c);
    default:
        return yes(in, "request line", &c);
    }
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "ICAP/1."),
    SIGNATURE(0, "REQMOD "),
    SIGNATURE(0, "RESPMOD "),
    SIGNATURE(0, "OPTIONS icap"),
};

const struct cdpi_protocol cdpi_protocol_icap = {
    .name = "ICAP",
    .reference = "RFC 3507 section 4.3",
    .transports = OVER_TCP,
    .category = CATEGORY_WEB,
    .tcp_ports = PORTS(1344),
    SIGNATURES(signatures),
    .validate = validate,
};
