/* SPDX-License-Identifier: MIT */
/*
 * WhatsApp's chat stream. No public specification; the layout is that of open clients (whatsmeow,
 * Baileys) and was seen in recorded traffic:
 *
 *     "ED" 0 1  length (3)  routing        sometimes, before all else
 *     "WA" major minor                     the client's first bytes, once
 *     length (3)  body                     from there on, both sides
 *
 * Since 2016 the first bodies are the Noise handshake as a protobuf: field 2 (client hello)
 * or 3 (server hello) fills it, and begins with an ephemeral key of 32 bytes. Before that, bodies
 * are packed XMPP: a list (0xf8 or 0xf9), with flags in the length's upper four bits.
 */
#include "protocols/protocol.h"

enum { ROUTING_LIMIT = 1024, HELLO_LIMIT = 2048, CLIENT_HELLO = 0x12, SERVER_HELLO = 0x1a };

/* A protobuf varint of up to two bytes. */
static uint32_t varint(struct cursor *c)
{
    uint8_t low = cursor_u8(c);
    return low < 0x80 ? low : (low & 0x7fu) | (uint32_t)cursor_u8(c) << 7;
}

static enum answer judge_hello(struct inspection *in, struct cursor c, uint8_t field)
{
    uint32_t length = cursor_u24(&c), from = c.at;
    uint8_t tag = cursor_u8(&c);
    uint32_t inner = varint(&c), head = c.at - from;
    uint16_t key = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length > HELLO_LIMIT || tag != field || inner + head != length || key != 0x0a20)
        return NO;
    return yes(in, field == CLIENT_HELLO ? "client hello" : "server hello", &c);
}

/* The old stream: flags and length, a list and how many items it has. */
static enum answer judge_list(struct inspection *in, struct cursor c)
{
    uint8_t flags = cursor_u8(&c);
    uint16_t length = cursor_u16(&c);
    uint8_t list = cursor_u8(&c), items = cursor_u8(&c);
    if (flags)
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (length < 2 || (list != 0xf8 && list != 0xf9) || items == 0 || items > length)
        return NO;
    return yes(in, "packed stream", &c);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "ED\0\1") && !cursor_may_start_with(&c, "WA"))
        return NO;
    if (cursor_accept_text(&c, "ED\0\1")) {
        uint32_t routing = cursor_u24(&c);
        if (routing > ROUTING_LIMIT)
            return NO;
        cursor_skip(&c, routing);
    }
    if (c.ran_short || (c.at == 0 && cursor_starts_with(&c, "E")))
        return short_of(in, &c);
    if (!cursor_may_start_with(&c, "WA"))
        return NO;
    cursor_skip(&c, 2);
    uint8_t major = cursor_u8(&c), minor = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (major == 0 || major > 9 || minor > 9)
        return NO;
    if (cursor_left(&c) < 4)
        return wants(in, CLIENT, c.at + 4);
    return cursor_peek(&c, 3) == CLIENT_HELLO ? judge_hello(in, c, CLIENT_HELLO)
                                              : judge_list(in, c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (c.size < 4)
        return cursor_peek(&c, 0) == 0 ? short_of(in, &c) : NO;
    return cursor_peek(&c, 3) == SERVER_HELLO ? judge_hello(in, c, SERVER_HELLO)
                                              : judge_list(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "ED\0\1"),
    SIGNATURE_MASKED(0, "WA\0\0\0", "\xff\xff\xf0\xf0\xff"),
    /* Server hellos of less than 128 bytes, and of more. */
    SIGNATURE_MASKED(0, "\0\0\0\x1a\0\x0a\x20", "\xff\xff\0\xff\x80\xff\xff"),
    SIGNATURE_MASKED(0, "\0\0\0\x1a\x80\0\x0a\x20", "\xff\xf0\0\xff\x80\xf0\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_whatsapp = {
    .name = "WhatsApp",
    .reference = "open clients (whatsmeow, Baileys): edge routing, prologue, Noise handshake",
    .transports = OVER_TCP,
    .category = CATEGORY_CHAT,
    .is_encrypted = true,
    .tcp_ports = PORTS(5222, 5242),
    SIGNATURES(signatures),
    .validate = validate,
};
