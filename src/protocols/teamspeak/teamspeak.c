/* SPDX-License-Identifier: MIT */
/*
 * TeamSpeak 3, as its client and server speak it (the handshake of ts3init): the client's datagram
 * is
 *
 *     "TS3INIT1" packet(2) = 0065, client(2) = 0 flags(1) = 88, version(4) step(1) ...
 *
 * the server's the same without client. Voice and commands after it are encrypted. TeamSpeak 2
 * begins with f4 be 03 00.
 */
#include "protocols/protocol.h"

enum { LAST_STEP = 4 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_starts_with(&c, "\xf4\xbe\x03\0")) {
        cursor_skip(&c, 16);
        return !c.ran_short && c.size == 180 ? yes(in, "TeamSpeak 2 login", &c) : NO;
    }
    if (!cursor_accept_text(&c, "TS3INIT1"))
        return NO;
    uint16_t packet = cursor_u16(&c);
    if (c.side == CLIENT)
        cursor_skip(&c, 2);
    uint8_t flags = cursor_u8(&c);
    return !c.ran_short && packet == 0x65 && (flags & 0x0f) == 8 ? yes(in, "TS3INIT1", &c) : NO;
}

/* The server's query interface, over TCP (TeamSpeak's "Server Query Manual"): it greets with its
 * name, LF before CR; the client sends lines. */
static enum answer judge_query(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "TS3\n\r"))
        return NO;
    return cursor_accept_text(&c, "TS3\n\r") ? yes(in, "query interface", &c) : short_of(in, &c);
}

/* After the handshake a client's datagrams begin with a tag (8) that was agreed upon. */
static enum answer validate(struct inspection *in)
{
    if (!is_udp(in))
        return judge_sides(in, NULL, judge_query);
    enum answer client = in->client.size ? judge(in, in->client) : NO;
    enum answer server = in->server.size ? judge(in, in->server) : NO;
    if (client == server || !both_spoke(in))
        return client > server ? client : server;
    return LIKELY;
}

static const struct signature signatures[] = {
    {.transports = OVER_UDP, .size = 8, .bytes = "TS3INIT1"},
    {.transports = OVER_TCP, .size = 5, .bytes = "TS3\n\r"},
    {.transports = OVER_UDP,
     .size = 4,
     .bytes = "\xf4\xbe\x03\0",
     .min_size = 180,
     .max_size = 180},
};

const struct cdpi_protocol cdpi_protocol_teamspeak = {
    .name = "TeamSpeak",
    .reference = "how TeamSpeak 3's client and server begin (ts3init), seen in captures of both",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_VOICE,
    .is_encrypted = true,
    .tcp_ports = PORTS(10011),
    .udp_ports = PORTS(9987),
    SIGNATURES(signatures),
    .validate = validate,
};
