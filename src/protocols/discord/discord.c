/* SPDX-License-Identifier: MIT */
/*
 * Discord's voice servers, beside the RTP that they carry: the search for one's own address
 * (Discord's documentation, Voice Connections, "IP Discovery"), which begins every connection,
 *
 *     type (2: 1 asks, 2 answers)  length (2: 70)  SSRC (4)  address (64, text and zeros)  port (2)
 *
 * and a ping of eight bytes, a constant and a little-endian number, which the server sends back.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { DISCOVERY_SIZE = 74, ADDRESS = 64, PING_SIZE = 8, ASKS = 1, ANSWERS = 2 };

/* An address in text, of either version, then zeros; nothing but zeros where it is asked for. */
static bool passes_address(struct cursor *c, bool is_asked)
{
    uint32_t n = 0;
    for (; n < ADDRESS && cursor_peek(c, 0) > 0; n++) {
        int byte = cursor_u8(c);
        if (!text_is_digit(byte) && byte != '.' && byte != ':' && (byte < 'a' || byte > 'f'))
            return false;
    }
    for (uint32_t i = n; i < ADDRESS; i++) {
        if (cursor_u8(c) != 0)
            return false;
    }
    return is_asked ? n == 0 : n >= 2;
}

static enum answer judge_discovery(struct inspection *in, struct cursor c)
{
    uint16_t type = cursor_u16(&c), length = cursor_u16(&c);
    cursor_skip(&c, 4);
    if ((type != ASKS && type != ANSWERS) || length != DISCOVERY_SIZE - 4)
        return NO;
    if (!passes_address(&c, type == ASKS) || !cursor_skip(&c, 2))
        return NO;
    return yes(in, "address discovery", &c);
}

static enum answer judge_ping(struct inspection *in, struct cursor c)
{
    uint64_t ping = cursor_u64(&c);
    struct cursor other = c.side == CLIENT ? in->server : in->client;
    if (other.size == PING_SIZE && cursor_u64(&other) == ping)
        return yes(in, "ping and echo", &c);
    return likely(in, "ping", &c);
}

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    if (c.size == PING_SIZE && cursor_starts_with(&c, "\x13\x37\xca\xfe"))
        return judge_ping(in, c);
    return c.size == DISCOVERY_SIZE ? judge_discovery(in, c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_datagram, judge_datagram);
}

static const struct signature signatures[] = {
    {.offset = 0,
     .size = 4,
     .bytes = "\0\1\0\x46",
     .min_size = DISCOVERY_SIZE,
     .max_size = DISCOVERY_SIZE},
    {.offset = 0,
     .size = 4,
     .bytes = "\0\2\0\x46",
     .min_size = DISCOVERY_SIZE,
     .max_size = DISCOVERY_SIZE},
    {.offset = 0,
     .size = 4,
     .bytes = "\x13\x37\xca\xfe",
     .min_size = PING_SIZE,
     .max_size = PING_SIZE},
};

const struct cdpi_protocol cdpi_protocol_discord = {
    .name = "Discord",
    .reference = "Discord Developer Documentation, Voice Connections, IP Discovery",
    .transports = OVER_UDP,
    .category = CATEGORY_VOICE,
    SIGNATURES(signatures),
    .validate = validate,
};
