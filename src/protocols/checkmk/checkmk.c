/* SPDX-License-Identifier: MIT */
/*
 * The agent of Checkmk ("Monitoring agents", output format): it prints sections and closes. The
 * first is "<<<check_mk>>>" with "Version: ..." in it. The client says nothing.
 */
#include "protocols/protocol.h"

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "<<<check_mk>>>"))
        return NO;
    cursor_skip(&c, 14);
    uint8_t end = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return end == '\n' || end == '\r' ? yes(in, "section", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return in->server.size ? judge_server(in, in->server) : wants(in, SERVER, 1);
}

static const struct signature signatures[] = {SIGNATURE(0, "<<<check_mk>>>")};

const struct cdpi_protocol cdpi_protocol_checkmk = {
    .name = "CheckMK",
    .reference = "Checkmk's manual: The output of the agent",
    .transports = OVER_TCP,
    .category = CATEGORY_MANAGEMENT,
    .is_one_sided = true,
    .tcp_ports = PORTS(6556),
    SIGNATURES(signatures),
    .validate = validate,
};
