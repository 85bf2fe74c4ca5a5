/* SPDX-License-Identifier: MIT */
/*
 * Echo, RFC 862: the server sends back what it gets. Others do so too for a time (greetings that
 * are alike, pings), so the specification's port is part of it, and it is likely at the most.
 */
#include "protocols/protocol.h"

enum { PORT = 7, LEAST = 2 };

static enum answer validate(struct inspection *in)
{
    if (in->server_port != PORT)
        return NO;
    if (!both_spoke(in))
        return in->is_final ? NO : MORE;
    struct cursor sent = in->client;
    if (in->server.size > sent.size || (is_udp(in) && in->server.size != sent.size))
        return NO;
    if (!cursor_accept(&sent, in->server.data, in->server.size))
        return NO;
    return in->server.size >= LEAST ? likely(in, "the client's bytes", &in->server) : MORE;
}

const struct cdpi_protocol cdpi_protocol_echo = {
    .name = "Echo",
    .reference = "RFC 862",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_NETWORK,
    .tcp_ports = PORTS(PORT),
    .udp_ports = PORTS(PORT),
    .is_unsigned = true,
    .is_port_bound = true,
    .validate = validate,
};
