/* SPDX-License-Identifier: MIT */
/*
 * libp2p, by which IPFS's peers connect: each side begins with multistream-select
 * (github.com/multiformats/multistream-select), lines with their length as a varint before them:
 *
 *     19 "/multistream/1.0.0" LF  length "/noise" LF
 */
#include "protocols/protocol.h"

enum { LINE = 20 };

static enum answer judge(struct inspection *in, struct cursor c)
{
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

static const struct signature signatures[] = {SIGNATURE(0, "\x13/multistr")};

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
