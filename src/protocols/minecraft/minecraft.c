/* SPDX-License-Identifier: MIT */
/*
 * Minecraft, Java edition (wiki.vg, Protocol): the client begins with a handshake,
 *
 *     length 00 version length host port(2) next(1)
 *
 * lengths and versions in groups of 7 bits, low first; next 1 status, 2 login, 3 transfer. Servers
 * answer a status request with length 00 length and JSON. Old clients ping with fe 01 fa 00 0b
 * "MC|PingHost" in UTF-16.
 */
#include "protocols/protocol.h"

enum { NAME_MOST = 255, LAST_NEXT = 3 };

/* Seven bits an octet, low first, five octets at the most. */
static uint32_t varint(struct cursor *c)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte = cursor_u8(c);
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    c->ran_short = true;
    return 0;
}

/* Host names and addresses; modded clients append to them after a zero. */
static bool is_host(struct cursor c)
{
    for (uint32_t i = 0; !cursor_at_end(&c); i++) {
        uint8_t byte = cursor_u8(&c);
        if (byte == 0)
            return i > 0;
        if (byte < '-' || byte > 'z' || (byte > ':' && byte < 'A'))
            return false;
    }
    return c.size > 0;
}

static enum answer judge_handshake(struct inspection *in, struct cursor c)
{
    uint32_t length = varint(&c), start = c.at;
    if (c.ran_short)
        return short_of(in, &c);
    uint8_t id = cursor_u8(&c);
    uint32_t version = varint(&c), size = varint(&c);
    if (!c.ran_short && (id != 0 || size == 0 || size > NAME_MOST || length < size + 6))
        return NO;
    if (c.ran_short)
        return id == 0 && c.size < 16 ? short_of(in, &c) : NO;
    struct cursor host = cursor_take(&c, size);
    cursor_skip(&c, 2);
    uint8_t next = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_version = version < 0x1000 || version == 0xffffffff || version >> 30 == 1;
    if (c.at - start != length || next < 1 || next > LAST_NEXT || !is_host(host) || !is_version)
        return NO;
    return answer_by_bits(in, 30 + size, "handshake", &c);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) != 0xfe)
        return judge_handshake(in, c);
    if (!cursor_may_start_with(&c, "\xfe\x01\xfa\0\x0b\0M\0C\0|"))
        return NO;
    return cursor_accept_text(&c, "\xfe\x01\xfa\0\x0b\0M\0C\0|") ? yes(in, "ping of old", &c)
                                                                 : short_of(in, &c);
}

/* A client that asks for the status gets JSON; else what follows is of many kinds. */
static enum answer validate(struct inspection *in)
{
    if (!in->client.size)
        return wants(in, CLIENT, 1);
    enum answer answer = judge_client(in, in->client);
    if (answer < LIKELY || !in->server.size)
        return answer;
    struct cursor server = in->server;
    uint32_t length = varint(&server);
    if (cursor_peek(&in->server, 0) == 0xff) /* the old ping's answer */
        return answer;
    return !server.ran_short && length == 0 ? NO : answer;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0", "\x80\xff"),
    SIGNATURE(0, "\xfe\x01\xfa"),
};

const struct cdpi_protocol cdpi_protocol_minecraft = {
    .name = "Minecraft",
    .reference =
        "wiki.vg (minecraft.wiki): Java Edition protocol, handshaking and server list ping",
    .transports = OVER_TCP,
    .category = CATEGORY_GAME,
    .tcp_ports = PORTS(25565),
    SIGNATURES(signatures),
    .validate = validate,
};
