/* SPDX-License-Identifier: MIT */
/*
 * Minecraft, Java edition (wiki.vg, Protocol): the client begins with a handshake,
 *
 *     length 00 version length host port(2) next(1)
 *
 * lengths and versions in groups of 7 bits, low first; next 1 status, 2 login, 3 transfer. Servers
 * answer a status request, and refuse a login, with length 00 length and JSON; a login goes on with
 * length 01, a server's name that is empty, and an RSA key; or, where nobody is asked who he is,
 * with 03 03 and the size from which packets are compressed, and length 00 02 identifier(16) and
 * the player's name. Old clients ping with fe, fe 01, or fe 01 fa 00 0b "MC|PingHost" in UTF-16;
 * ff, a size and UTF-16 answer that.
 * Clients of 1.3 to 1.6 log in with 02 version(1), then name and host, each behind its size(2) in
 * UTF-16, and port(4).
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum {
    NAME_MOST = 2048,
    HOST_BITS = 64,
    LAST_NEXT = 3,
    PACKET_ENOUGH = 24,
    PLAYER_MOST = 16,
    KICK = 0xff
};

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

/* Host names and addresses; modded clients and proxies append to them after a zero. How many bytes
 * the name has, 0: it is none. */
static uint32_t host_size(struct cursor c)
{
    uint32_t size = 0;
    for (; !cursor_at_end(&c); size++) {
        uint8_t byte = cursor_u8(&c);
        if (byte == 0)
            return size;
        if (byte < '-' || byte > 'z' || (byte > ':' && byte < 'A'))
            return 0;
    }
    return size;
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
    uint32_t letters = host_size(host);
    if (c.at - start != length || next < 1 || next > LAST_NEXT || letters == 0 || !is_version)
        return NO;
    /* a request for the status follows at once: length 1, number 0 */
    unsigned more = next == 1 && cursor_starts_with(&c, "\x01\0") ? 14 : 0;
    return answer_by_bits(in, 30 + (letters < HOST_BITS ? letters : HOST_BITS) + more, "handshake",
                          &c);
}

/* Characters of ASCII in UTF-16 behind their number. */
static bool take_wide(struct cursor *c, uint16_t most)
{
    uint16_t size = cursor_u16(c);
    if (!c->ran_short && (size == 0 || size > most))
        return false;
    for (; size > 0 && !c->ran_short; size--) {
        uint16_t letter = cursor_u16(c);
        if (!c->ran_short && (letter < '-' || letter > 'z'))
            return false;
    }
    return true;
}

static enum answer judge_old_login(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 2);
    if (!take_wide(&c, PLAYER_MOST) || !take_wide(&c, NAME_MOST))
        return NO;
    uint32_t port = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return port > 0 && port <= UINT16_MAX ? yes(in, "old login", &c) : NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) == 2 && (c.size < 5 || cursor_peek(&c, 2) == 0))
        return judge_old_login(in, c);
    if (cursor_peek(&c, 0) != 0xfe)
        return judge_handshake(in, c);
    if (!cursor_may_start_with(&c, "\xfe\x01\xfa\0\x0b\0M\0C\0|"))
        return NO;
    return cursor_accept_text(&c, "\xfe\x01\xfa\0\x0b\0M\0C\0|") ? yes(in, "ping of old", &c)
                                                                 : short_of(in, &c);
}

/* The status, or why a login is refused: JSON whose size agrees with the packet's. */
static bool is_json(const struct cursor *c, uint32_t length, uint32_t before)
{
    static const char *const names[] = {"version\"", "description\"", "players\"", "favicon\"",
                                        "enforce",   "preview",       "modinfo\"", "forgedata\"",
                                        "translate", "text\"",        "extra\"",   NULL};
    struct cursor text = *c;
    uint32_t from = c->at, size = varint(&text);
    if (text.ran_short || size != length - before - (text.at - from))
        return false;
    return cursor_accept_text(&text, "{\"") && text_any_of(&text, names) >= 0;
}

/* Which of a server's first packets this is. */
static enum answer judge_packet(struct inspection *in, struct cursor c)
{
    uint32_t length = varint(&c), from = c.at;
    uint8_t id = cursor_u8(&c);
    if (c.ran_short || (c.size < PACKET_ENOUGH && length > c.size))
        return short_of(in, &c);
    if (id == 0 && is_json(&c, length, c.at - from))
        return yes(in, "JSON", &c);
    /* X.509's public key, as long as RSA's of 1024 bits */
    return id == 1 && cursor_accept(&c, "\0\xa2\x01\x30\x81\x9f\x30\x0d\x06\x09", 10)
               ? yes(in, "server's key", &c)
               : NO;
}

/* The old ping's answer: ff, how many characters, and of the newer kind a paragraph sign and
 * "1". */
static enum answer judge_kick(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 1);
    uint32_t size = 3 + 2u * cursor_u16(&c);
    if (cursor_left(&c) < 6)
        return short_of(in, &c);
    if (!cursor_accept(&c, "\0\xa7\0\x31\0\0", 6))
        return NO;
    return size == c.size || !cursor_skip(&c, size - c.at) ? yes(in, "answer to a ping of old", &c)
                                                           : NO;
}

/* A login without a key: the limit is 256 as servers come. */
static enum answer judge_login(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 4);
    uint8_t length = cursor_u8(&c);
    uint32_t from = c.at;
    bool is_success = cursor_accept(&c, "\0\x02", 2);
    cursor_skip(&c, 16);
    struct cursor name = cursor_take(&c, cursor_u8(&c));
    if (c.ran_short)
        return is_success || c.at < 7 ? short_of(in, &c) : NO;
    if (!is_success || name.size == 0 || name.size > PLAYER_MOST || c.at - from > length ||
        length > c.at - from + 2)
        return NO;
    while (!cursor_at_end(&name)) {
        int letter = text_lower(cursor_u8(&name));
        if ((letter < 'a' || letter > 'z') && !text_is_digit(letter) && letter != '_')
            return NO;
    }
    return yes(in, "login", &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (cursor_may_start(&c, "\x03\x03\x80\x02", 4))
        return judge_login(in, c);
    return cursor_peek(&c, 0) == KICK ? judge_kick(in, c) : judge_packet(in, c);
}

/* The oldest pings are a byte or two: the answer tells. */
static bool is_short_ping(const struct cursor *c)
{
    return cursor_peek(c, 0) == 0xfe && (c->size == 1 || (c->size == 2 && cursor_peek(c, 1) == 1));
}

/* What a server says beside the status is of many kinds. */
static enum answer validate(struct inspection *in)
{
    if (in->client.size == 0 || is_short_ping(&in->client)) {
        return in->server.size ? judge_server(in, in->server) : wants(in, SERVER, 1);
    }
    enum answer answer = judge_client(in, in->client);
    if (answer < LIKELY || !in->server.size)
        return answer;
    struct cursor server = in->server;
    uint32_t length = varint(&server);
    if (cursor_peek(&in->server, 0) == KICK)
        return answer;
    return !server.ran_short && length == 0 ? NO : answer;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0", "\x80\xff"),
    SIGNATURE_MASKED(0, "\x80\0\0", "\x80\x80\xff"),
    SIGNATURE_MASKED(0, "\x02\0\0\0\0", "\xff\x80\xff\xe0\xff"),
    SIGNATURE(0, "\xfe\x01\xfa"),
    SIGNATURE_MASKED(0, "\x03\x03\x80\x02\0\0\x02", "\xff\xff\xff\xff\0\xff\xff"),
    SIGNATURE(2, "\x01\0\xa2\x01\x30\x81\x9f"),
    SIGNATURE_MASKED(0, "\0\0\0{\"", "\x80\xff\x80\xff\xff"),
    SIGNATURE_MASKED(0, "\x80\0\0\0{\"", "\x80\x80\xff\x80\xff\xff"),
    SIGNATURE_MASKED(0, "\x80\0\0\x80\0{\"", "\x80\x80\xff\x80\x80\xff\xff"),
    SIGNATURE_MASKED(0, "\x80\x80\0\0\x80\x80\0{\"", "\x80\x80\x80\xff\x80\x80\x80\xff\xff"),
    SIGNATURE_MASKED(0, "\xff\0\0\0\xa7\0\x31\0\0", "\xff\xff\0\xff\xff\xff\xff\xff\xff"),
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
