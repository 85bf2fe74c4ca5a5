/* SPDX-License-Identifier: MIT */
/*
 * ICA, Citrix' remote desktop: no public specification. Servers on port 1494 greet with 7f 7f "ICA"
 * 00, repeatedly, and clients answer with the same; session reliability (CGP, port 2598) begins
 * with 1a "CGP/01".
 */
#include "protocols/protocol.h"

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_accept_text(&c, "\x7f\x7fICA\0"))
        return yes(in, "greeting", &c);
    if (cursor_accept_text(&c, "\x1a"
                               "CGP/01"))
        return yes(in, "CGP greeting", &c);
    if (cursor_may_start_with(&c, "\x7f\x7fICA\0") || cursor_may_start_with(&c, "\x1a"
                                                                                "CGP/01"))
        return short_of(in, &c);
    return NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "\x7f\x7fICA\0"),
                                              SIGNATURE(0, "\x1a"
                                                           "CGP/01")};

const struct cdpi_protocol cdpi_protocol_ica = {
    .name = "ICA",
    .reference = "no public one; the greetings of Citrix' servers and clients",
    .transports = OVER_TCP,
    .category = CATEGORY_REMOTE_ACCESS,
    .tcp_ports = PORTS(1494, 2598),
    SIGNATURES(signatures),
    .validate = validate,
};
