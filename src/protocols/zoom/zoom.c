/* SPDX-License-Identifier: MIT */
/*
 * Zoom's media, by UDP. No specification; the layout of media is described in "Enabling Passive
 * Measurement of Zoom Performance in Production Networks" (IMC 2022), the rest was seen in recorded
 * traffic.
 *
 * With a server:   1  0 2  id (16)  ...      2  0 1  the same id ...       who is who
 *                  3  1 (4)  body (8)        4  the same                   how far
 *                  5  ...  media
 * Between peers:   0x1f 2 1 ...  address and id in text                    who is who
 *                  media
 *
 * Media: a type (13 screen, 15 audio, 16 video), numbers, and RTP at an offset that the type fixes.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { HELLO = 1, HELLO_ANSWER = 2, PROBE = 3, PROBE_ANSWER = 4, FROM_SERVER = 5, PEER = 0x1f };
enum { HELLO_ID = 3, ID = 16, PROBE_SIZE = 13, LEAST_HELLO = 32 };

static bool is_hello(struct cursor c)
{
    return c.size >= LEAST_HELLO && cursor_starts_with(&c, "\1\0\2");
}

static bool is_hello_answer(struct cursor c)
{
    return c.size >= LEAST_HELLO && cursor_starts_with(&c, "\2\0\1");
}

/* Two datagrams that agree in n bytes from an offset on, which are not all zeros. */
static bool agree(struct cursor a, struct cursor b, uint32_t at, uint32_t n)
{
    cursor_seek(&a, at);
    cursor_seek(&b, at);
    return cursor_left(&b) >= n && cursor_starts(&a, b.data + b.at, n) &&
           cursor_peek_u32(&a, n - 4) != 0;
}

static bool is_exchange(struct cursor question, struct cursor answer)
{
    if (is_hello(question) && is_hello_answer(answer))
        return agree(question, answer, HELLO_ID, ID);
    return question.size == PROBE_SIZE && answer.size == PROBE_SIZE &&
           cursor_starts_with(&question, "\3\0\0\0\1") && cursor_peek(&answer, 0) == PROBE_ANSWER &&
           agree(question, answer, 1, PROBE_SIZE - 1);
}

/* ---- peers ------------------------------------------------------------------------------- */

enum { ADDRESS_AT = 24, ADDRESS_LIMIT = 45, GUID = 36 };

/* 4 hyphens among hexadecimal digits: 8-4-4-4-12. */
static bool passes_guid(struct cursor *c)
{
    for (uint32_t i = 0; i < GUID; i++) {
        uint8_t byte = cursor_u8(c);
        bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        bool is_hex =
            text_is_digit(byte) || (byte >= 'A' && byte <= 'F') || (byte >= 'a' && byte <= 'f');
        if (is_hyphen ? byte != '-' : !is_hex)
            return false;
    }
    return true;
}

static enum answer judge_peer(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, ADDRESS_AT);
    uint32_t address = cursor_u32(&c);
    if (address < 2 || address > ADDRESS_LIMIT || !cursor_skip(&c, address))
        return NO;
    if (cursor_u32(&c) != GUID || !passes_guid(&c))
        return NO;
    return yes(in, "peer's hello", &c);
}

/* ---- media ------------------------------------------------------------------------------- */

enum { SCREEN = 13, AUDIO = 15, VIDEO = 16, OLD_PREFIX = 1, PREFIX = 8, FIRST_TYPE = 96 };
enum { AUDIO_RTP = 19, VIDEO_RTP = 24, SCREEN_RTP = 27, NEAR = 64 };

struct media {
    uint32_t source;
    uint16_t sequence;
    uint8_t type, side, payload;
};

/* RFC 3550 section 5.1, at its place: version 2, a dynamic payload type. */
static bool media_read(struct cursor c, uint32_t prefix, struct media *m)
{
    if (prefix && cursor_peek(&c, 0) != FROM_SERVER)
        return false;
    cursor_skip(&c, prefix);
    m->type = (uint8_t)cursor_peek(&c, 0);
    m->side = c.side;
    if (m->type != SCREEN && m->type != AUDIO && m->type != VIDEO)
        return false;
    cursor_skip(&c, m->type == SCREEN ? SCREEN_RTP : m->type == AUDIO ? AUDIO_RTP : VIDEO_RTP);
    uint8_t first = cursor_u8(&c);
    m->payload = cursor_u8(&c) & 0x7f;
    m->sequence = cursor_u16(&c);
    cursor_skip(&c, 4);
    m->source = cursor_u32(&c);
    return !c.ran_short && first >> 6 == 2 && m->payload >= FIRST_TYPE && m->source != 0;
}

static bool continues(const struct media *a, const struct media *b)
{
    return a->type == b->type && a->side == b->side && a->payload == b->payload &&
           a->source == b->source && (uint16_t)(b->sequence - a->sequence) < NEAR;
}

/* Two packets of one source, at the same place. */
static bool has_media(const struct inspection *in, uint32_t prefix)
{
    for (uint32_t i = 1; i < in->datagram_count; i++) {
        struct media m, earlier;
        if (!media_read(inspection_datagram(in, i), prefix, &m))
            continue;
        for (uint32_t k = 0; k < i; k++) {
            if (media_read(inspection_datagram(in, k), prefix, &earlier) && continues(&earlier, &m))
                return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------------------------------------ */

static bool has_exchange(const struct inspection *in)
{
    for (uint32_t i = 1; i < in->datagram_count; i++) {
        struct cursor answer = inspection_datagram(in, i);
        for (uint32_t k = 0; k < i; k++) {
            struct cursor question = inspection_datagram(in, k);
            if (question.side != answer.side && is_exchange(question, answer))
                return true;
        }
    }
    return false;
}

static bool is_plausible(struct cursor c)
{
    switch (cursor_peek(&c, 0)) {
    case HELLO:
        return is_hello(c);
    case HELLO_ANSWER:
        return is_hello_answer(c);
    case PROBE:
    case PROBE_ANSWER:
        return c.size == PROBE_SIZE;
    case FROM_SERVER:
    case SCREEN:
    case AUDIO:
    case VIDEO:
        return c.size > AUDIO_RTP;
    default:
        return false;
    }
}

static enum answer validate(struct inspection *in)
{
    struct cursor c = in->client.size ? in->client : in->server;
    struct cursor other = in->client.size ? in->server : cursor_over("", 0);
    if (cursor_peek(&c, 0) == PEER && cursor_peek(&other, 0) == PEER)
        return judge_sides(in, judge_peer, judge_peer);
    if (cursor_peek(&c, 0) == PEER)
        return judge_peer(in, c);
    if (cursor_peek(&other, 0) == PEER)
        return judge_peer(in, other);
    if (has_exchange(in))
        return answer_at(in, YES, "question and answer", (enum side)c.side, 0, PROBE_SIZE);
    if (has_media(in, 0) || has_media(in, OLD_PREFIX) || has_media(in, PREFIX))
        return answer_at(in, YES, "media", (enum side)c.side, 0, PREFIX + VIDEO_RTP);
    return is_plausible(c) || is_plausible(other) ? wants(in, (enum side)c.side, c.size + 1) : NO;
}

static const struct signature signatures[] = {
    {.offset = 0, .size = 3, .bytes = "\1\0\2", .min_size = LEAST_HELLO},
    {.offset = 0, .size = 3, .bytes = "\2\0\1", .min_size = LEAST_HELLO},
    {.offset = 0, .size = 1, .bytes = "\3", .min_size = PROBE_SIZE, .max_size = PROBE_SIZE},
    {.offset = 0, .size = 1, .bytes = "\4", .min_size = PROBE_SIZE, .max_size = PROBE_SIZE},
    {.offset = 0, .size = 1, .bytes = "\5", .min_size = OLD_PREFIX + AUDIO_RTP + 12},
    {.offset = 0, .size = 1, .bytes = "\x0d", .min_size = SCREEN_RTP + 12},
    {.offset = 0, .size = 1, .bytes = "\x0f", .min_size = AUDIO_RTP + 12},
    {.offset = 0, .size = 1, .bytes = "\x10", .min_size = VIDEO_RTP + 12},
    {.offset = 0, .size = 3, .bytes = "\x1f\2\1", .min_size = ADDRESS_AT + 8 + GUID},
};

const struct cdpi_protocol cdpi_protocol_zoom = {
    .name = "Zoom",
    .reference = "O. Michel and others, Enabling Passive Measurement of Zoom Performance in "
                 "Production Networks, IMC 2022; hellos as seen in recorded traffic",
    .transports = OVER_UDP,
    .category = CATEGORY_VOICE,
    .is_encrypted = true,
    .udp_ports = PORTS(8801),
    SIGNATURES(signatures),
    .validate = validate,
};
