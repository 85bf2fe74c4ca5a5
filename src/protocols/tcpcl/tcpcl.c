/* SPDX-License-Identifier: MIT */
/*
 * TCPCL, the TCP convergence layer of delay-tolerant networks (RFC 7242 section 4.2, RFC 9174
 * section 4.2): both sides begin with "dtn!", a version and flags; version 3 goes on with a
 * keep-alive time and the node's name.
 */
#include "protocols/protocol.h"

enum { VERSION_3 = 3, VERSION_4 = 4, FLAGS_3 = 0x07, FLAGS_4 = 0x01 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "dtn!"))
        return NO;
    cursor_skip(&c, 4);
    uint8_t version = cursor_u8(&c), flags = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (version == VERSION_4)
        return flags & ~FLAGS_4 ? NO : yes(in, "contact header", &c);
    if (version != VERSION_3 || flags & ~FLAGS_3)
        return NO;
    return yes(in, "contact header", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "dtn!")};

const struct cdpi_protocol cdpi_protocol_tcpcl = {
    .name = "TCPCL",
    .reference = "RFC 7242 section 4.2, RFC 9174 section 4.2",
    .transports = OVER_TCP,
    .category = CATEGORY_NETWORK,
    .tcp_ports = PORTS(4556),
    SIGNATURES(signatures),
    .validate = validate,
};
