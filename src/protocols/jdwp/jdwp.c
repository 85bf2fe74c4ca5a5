/* SPDX-License-Identifier: MIT */
/* Java's debug wire protocol (Oracle, JDWP Specification): both sides begin with the same words. */
#include "protocols/protocol.h"

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "JDWP-Handshake"))
        return NO;
    return cursor_accept_text(&c, "JDWP-Handshake") ? yes(in, "handshake", &c)
                                                    : wants(in, (enum side)c.side, 14);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "JDWP-Handshake")};

const struct cdpi_protocol cdpi_protocol_jdwp = {
    .name = "JDWP",
    .reference = "Java Debug Wire Protocol specification, Handshake",
    .transports = OVER_TCP,
    .category = CATEGORY_DEVELOPMENT,
    .tcp_ports = PORTS(8000, 5005),
    SIGNATURES(signatures),
    .validate = validate,
};
