/* SPDX-License-Identifier: MIT */
/*
 * Time, RFC 868: the server sends the seconds since 1900 in 32 bits and closes, the client nothing,
 * or an empty datagram. Four bytes tell little, so the specification's port is part of it, and it
 * is likely at the most. Programs that take a "long" of their machine send zeros behind.
 */
#include "protocols/protocol.h"

/* 2000-01-01; the counter ends in 2036. */
enum { PORT = 37 };
#define YEAR_2000 0xbc17c200u

static enum answer validate(struct inspection *in)
{
    struct cursor c = in->server;
    if (in->server_port != PORT)
        return NO;
    if (c.size == 0)
        return is_udp(in) || in->is_final ? NO : wants(in, SERVER, 4);
    uint32_t seconds = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (seconds < YEAR_2000 || c.size > 8)
        return NO;
    while (!cursor_at_end(&c)) {
        if (cursor_u8(&c) != 0)
            return NO;
    }
    if (c.size == 8 || (c.size == 4 && (is_udp(in) || in->is_final)))
        return likely(in, "seconds", &c);
    /* A stream that goes on is something else, but for the rest of eight. */
    return is_udp(in) || in->is_final ? NO : wants(in, SERVER, c.size + 1);
}

const struct cdpi_protocol cdpi_protocol_time = {
    .name = "Time",
    .reference = "RFC 868",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_NETWORK,
    .tcp_ports = PORTS(PORT),
    .udp_ports = PORTS(PORT),
    .is_unsigned = true,
    .is_port_bound = true,
    .validate = validate,
};
