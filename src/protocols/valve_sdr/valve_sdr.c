/* SPDX-License-Identifier: MIT */
/*
 * Valve's Steam Datagram Relay. Clients measure the way to relays with pings that name themselves,
 *
 *     01 flags(1) "sdping" ...
 *
 * as Steam sends them (seen in nDPI's steam.pcapng); what follows is encrypted.
 */
#include "protocols/protocol.h"

enum { LEAST = 32 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t kind = cursor_u8(&c);
    cursor_skip(&c, 1);
    return c.size >= LEAST && kind == 1 && cursor_accept_text(&c, "sdping") ? yes(in, "ping", &c)
                                                                            : NO;
}

static enum answer validate(struct inspection *in)
{
    return in->client.size ? judge(in, in->client) : NO;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x01\0sdping", "\xff\0\xff\xff\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_valve_sdr = {
    .name = "Valve-SDR",
    .reference = "no public specification; Steam's pings as seen in nDPI's steam.pcapng",
    .transports = OVER_UDP,
    .category = CATEGORY_GAME,
    .is_encrypted = true,
    SIGNATURES(signatures),
    .validate = validate,
};
