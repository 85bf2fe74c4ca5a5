/* SPDX-License-Identifier: MIT */
/*
 * Soulseek (nicotine-plus.org/doc/SLSKPROTOCOL). Numbers and texts' lengths are of 4 bytes,
 * little-endian. With the server:
 *
 *     length  code  body        1: login: name, password, version, digest (32 digits), version
 *
 * and among peers, whose first message has a code of one byte:
 *
 *     length  0  token                       comes back through a firewall
 *     length  1  name  "P", "F" or "D"  token
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LOGIN = 1, PIERCE = 0, INIT = 1, TEXT_LIMIT = 256, DIGEST = 32, LENGTH_LIMIT = 8192 };
enum { PIERCE_LENGTH = 5, PEER_LIMIT = 64 << 20, PEER_CODES = 52 };

/* Passes over a text of printable bytes; false where there is none or it goes on. */
static bool passes_text(struct cursor *c, struct cursor *text)
{
    uint32_t size = cursor_le32(c);
    if (size > TEXT_LIMIT)
        return false;
    *text = cursor_take(c, size);
    return !text->ran_short && text_all_plain(*text);
}

static bool passes_digest(struct cursor *c)
{
    struct cursor text;
    if (!passes_text(c, &text) || text.size != DIGEST)
        return false;
    while (!cursor_at_end(&text)) {
        uint8_t digit = cursor_u8(&text);
        if (!text_is_digit(digit) && (digit < 'a' || digit > 'f'))
            return false;
    }
    return true;
}

static bool is_login(struct cursor body)
{
    struct cursor text;
    cursor_skip(&body, 4);
    if (!passes_text(&body, &text) || text.size == 0 || !passes_text(&body, &text))
        return false;
    uint32_t version = cursor_le32(&body);
    return version > 0 && version < 1024 && passes_digest(&body);
}

/* Success: a greeting, an address, a digest. Else: the reason. */
static bool is_welcome(struct cursor body)
{
    struct cursor text;
    cursor_skip(&body, 4);
    uint8_t succeeded = cursor_u8(&body);
    if (succeeded > 1 || !passes_text(&body, &text))
        return false;
    if (!succeeded)
        return text.size > 3 && cursor_left(&body) < TEXT_LIMIT;
    return cursor_skip(&body, 4) && passes_digest(&body);
}

static bool is_init(struct cursor body)
{
    struct cursor name, type;
    cursor_skip(&body, 1);
    if (!passes_text(&body, &name) || name.size == 0 || !passes_text(&body, &type))
        return false;
    uint8_t letter = cursor_u8(&type);
    return type.size == 1 && (letter == 'P' || letter == 'F' || letter == 'D') &&
           cursor_left(&body) == 4;
}

static enum answer judge_message(struct inspection *in, struct cursor c)
{
    uint32_t length = cursor_le32(&c);
    uint8_t code = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length < PIERCE_LENGTH || length > LENGTH_LIMIT || code > INIT)
        return NO;
    cursor_seek(&c, 4);
    struct cursor body = cursor_take(&c, length);
    if (body.ran_short) {
        c.at = c.size;
        return short_of(in, &c);
    }
    /* Little enough: the other side has to speak as a peer does. */
    if (code == PIERCE && in->server.size == 0)
        return length == PIERCE_LENGTH ? wants(in, SERVER, 1) : NO;
    if (code == PIERCE)
        return length == PIERCE_LENGTH ? likely(in, "through a firewall", &c) : NO;
    if (is_init(body))
        return yes(in, "peer's first message", &c);
    if (cursor_peek_u32(&body, 0) != 0x01000000)
        return NO;
    if (is_login(body))
        return yes(in, "login", &c);
    return is_welcome(body) ? yes(in, "login's answer", &c) : NO;
}

/* Who was told a peer's name answers with any message of theirs: a length and a code. */
static enum answer judge_server(struct inspection *in, struct cursor c)
{
    struct cursor first = in->client;
    if (first.size > 0 && first.size < 9)
        return wants(in, CLIENT, 9);
    cursor_skip(&first, 4);
    bool is_peer = first.size > 0 &&
                   (cursor_peek(&first, 0) == PIERCE || cursor_peek_u32(&first, 0) != 0x01000000);
    if (!is_peer)
        return judge_message(in, c);
    uint32_t length = cursor_le32(&c), code = cursor_le32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length < 4 || length > PEER_LIMIT || (code & 0xff) > PEER_CODES)
        return NO;
    return yes(in, "peer's first message", &in->client);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_message, judge_server);
}

static const struct signature signatures[] = {
    /* A length below 8 KiB, and the code. */
    SIGNATURE_MASKED(0, "\0\0\0\0\1", "\0\xe0\xff\xff\xff"),
    SIGNATURE(0, "\5\0\0\0\0"),
};

const struct cdpi_protocol cdpi_protocol_soulseek = {
    .name = "Soulseek",
    .reference = "nicotine-plus.org/doc/SLSKPROTOCOL",
    .transports = OVER_TCP,
    .category = CATEGORY_FILE_SHARING,
    .tcp_ports = PORTS(2242, 2271),
    SIGNATURES(signatures),
    .validate = validate,
};
