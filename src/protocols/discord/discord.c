/* SPDX-License-Identifier: MIT */
/*
 * Discord's voice servers, beside the RTP that they carry: the search for one's own address
 * (Discord's documentation, Voice Connections, "IP Discovery"), which begins every connection,
 *
 *     type (2: 1 asks, 2 answers)  length (2: 70)  SSRC (4)  address (64, text and zeros)  port (2)
 *
 * (until 2021 without type and length), and a ping of eight bytes, a constant and a little-endian
 * number, which the server sends back.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { DISCOVERY_SIZE = 74, OLD_SIZE = 70, ADDRESS = 64, PING_SIZE = 8, ASKS = 1, ANSWERS = 2 };

static bool are_zeros(struct cursor c)
{
    while (cursor_left(&c) >= 8) {
        if (cursor_u64(&c) != 0)
            return false;
    }
    while (!cursor_at_end(&c)) {
        if (cursor_u8(&c) != 0)
            return false;
    }
    return true;
}

/* An address in text, of either version, then zeros; nothing but zeros where it is asked for. */
static bool passes_address(struct cursor *c, bool is_asked)
{
    struct cursor field = cursor_take(c, cursor_left(c) < ADDRESS ? cursor_left(c) : ADDRESS);
    uint32_t n = 0;
    for (; cursor_peek(&field, 0) > 0; n++) {
        int byte = cursor_u8(&field);
        if (!text_is_digit(byte) && byte != '.' && byte != ':' && (byte < 'a' || byte > 'f'))
            return false;
    }
    return are_zeros(field) && (is_asked ? n == 0 : n >= 2);
}

static enum answer judge_discovery(struct inspection *in, struct cursor c)
{
    uint16_t type = cursor_u16(&c), length = cursor_u16(&c);
    cursor_skip(&c, 4);
    if ((type != ASKS && type != ANSWERS) || length != DISCOVERY_SIZE - 4)
        return NO;
    if (cursor_left(&c) < 8 || !passes_address(&c, type == ASKS))
        return NO;
    if (!cursor_skip(&c, 2))
        return is_cut(in, &c) ? likely(in, "address discovery, cut", &c) : NO;
    return yes(in, "address discovery", &c);
}

/* The old form: both sides bring the same SSRC, and only the server an address. */
static enum answer judge_old(struct inspection *in)
{
    struct cursor client = in->client, server = in->server;
    uint32_t source = cursor_u32(&client);
    if (in->client.size == 0)
        return wants(in, CLIENT, 1);
    if (source == 0 || !passes_address(&client, true) || cursor_u16(&client) != 0)
        return NO;
    if (in->server.size == 0)
        return wants(in, SERVER, 1);
    if (cursor_u32(&server) != source || !passes_address(&server, false))
        return NO;
    return yes(in, "address discovery", &server);
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
    return uncut_size(in, &c) == DISCOVERY_SIZE ? judge_discovery(in, c) : NO;
}

/* RTP of version 2 (RFC 3550 section 5.1) with the SSRC of the discovery. */
static bool is_voice(struct cursor c, struct cursor discovery)
{
    enum { RTP_SSRC_AT = 8, DISCOVERY_SSRC_AT = 4, RTP_VERSION = 2 };
    return cursor_peek(&c, 0) >> 6 == RTP_VERSION && cursor_left(&c) > 12 &&
           cursor_peek_u32(&c, RTP_SSRC_AT) == cursor_peek_u32(&discovery, DISCOVERY_SSRC_AT);
}

/* The answer is there and the question was lost: who asked speaks already. */
static enum answer judge_joined_late(struct inspection *in)
{
    struct cursor discovery = cursor_over("", 0);
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor c = inspection_datagram(in, i);
        if (discovery.size == 0) {
            bool is_answer = cursor_peek_u16(&c, 0) == ANSWERS;
            discovery = is_answer && judge_datagram(in, c) == YES ? c : discovery;
        } else if (c.side != discovery.side && is_voice(c, discovery)) {
            return likely(in, "address discovery, then voice", &discovery);
        }
    }
    return NO;
}

static enum answer validate(struct inspection *in)
{
    bool is_old = (in->client.size == 0 || in->client.size == OLD_SIZE) &&
                  (in->server.size == 0 || in->server.size == OLD_SIZE);
    if (is_old)
        return judge_old(in);
    enum answer answer = judge_sides(in, judge_datagram, judge_datagram);
    return answer == NO ? judge_joined_late(in) : answer;
}

static const struct signature signatures[] = {
    {.offset = 4,
     .size = 16,
     .bytes = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
     .min_size = OLD_SIZE,
     .max_size = OLD_SIZE},
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
