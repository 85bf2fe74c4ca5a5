/* SPDX-License-Identifier: MIT */
/*
 * libp2p, by which IPFS's peers connect: each side begins with multistream-select
 * (github.com/multiformats/multistream-select), lines with their length as a varint before them:
 *
 *     19 "/multistream/1.0.0" LF  length "/noise" LF
 */
#include "protocols/protocol.h"

enum { LINE = 20 };

/* Joined after that: the choice of what secures the connection. */
static bool chooses_security(struct cursor c)
{
    return cursor_accept_text(&c, "\x07/noise\n") || cursor_accept_text(&c, "\x0b/tls/1.0.0\n");
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (chooses_security(c))
        return likely(in, "choice of security", &c);

    static const char line[LINE + 1] = "\x13/multistream/1.0.0\n";
    if (!cursor_may_start(&c, line, LINE))
        return NO;
    if (!cursor_skip(&c, LINE))
        return c.size >= 8 ? likely_at_end(in, "multistream", &c) : short_of(in, &c);
    return yes(in, "multistream", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "\x13/multistr"),
    SIGNATURE(0, "\x07/noise\n"),
    SIGNATURE(0, "\x0b/tls/1.0.0\n"),
};

const struct cdpi_protocol cdpi_protocol_ipfs = {
    .name = "IPFS",
    .reference = "github.com/multiformats/multistream-select; libp2p specifications, connections",
    .transports = OVER_TCP,
    .category = CATEGORY_FILE_SHARING,
    .is_encrypted = true,
    .tcp_ports = PORTS(4001),
    SIGNATURES(signatures),
    .validate = validate,
};
