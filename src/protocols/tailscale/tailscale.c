/* SPDX-License-Identifier: MIT */
/*
 * Tailscale's discovery (github.com/tailscale/tailscale, disco/disco.go): six bytes "TS" and a
 * speech balloon in UTF-8, the sender's key (32), a nonce (24), a sealed box of 16 bytes at least.
 * What it finds is used by WireGuard in the same flow.
 */
#include "protocols/protocol.h"

enum { KEY = 32, NONCE = 24, LEAST = 6 + KEY + NONCE + 16 + 2, MOST = 1280 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "TS\xf0\x9f\x92\xac") || c.size < LEAST || c.size > MOST)
        return NO;
    cursor_skip(&c, KEY + NONCE);
    return yes(in, "disco", &c);
}

/* WireGuard's datagrams may stand on the other side: then one alone tells. */
static enum answer validate(struct inspection *in)
{
    enum answer client = in->client.size ? judge(in, in->client) : NO;
    enum answer server = in->server.size ? judge(in, in->server) : NO;
    if (client == server || !both_spoke(in))
        return client > server ? client : server;
    return LIKELY;
}

static const struct signature signatures[] = {
    {.size = 6, .bytes = "TS\xf0\x9f\x92\xac", .min_size = LEAST, .max_size = MOST}};

const struct cdpi_protocol cdpi_protocol_tailscale = {
    .name = "Tailscale",
    .reference = "github.com/tailscale/tailscale: disco/disco.go",
    .transports = OVER_UDP,
    .category = CATEGORY_VPN,
    .is_encrypted = true,
    .udp_ports = PORTS(41641),
    SIGNATURES(signatures),
    .validate = validate,
};
