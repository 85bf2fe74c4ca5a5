/* SPDX-License-Identifier: MIT */
/*
 * OICQ, Tencent's QQ messaging, as open clients (libqq, OpenQ) speak it:
 *
 *     2  version (2)  command (2)  sequence (2)  user (4)  body, encrypted in blocks of 8  3
 *
 * On a stream, 2 bytes of length (their own included) precede each message. A body may begin with 8
 * zeros. The user and the version come back in every message of a session.
 *
 * QQ's newer clients (MiraiGo, oicq) speak over streams only:
 *
 *     length (4, all counted)  10 or 11 (4)  encryption (1: 0 to 2)  ...  0  user: length (4, its
 *       own included), digits
 *
 * where a client of kind 10 puts a token with such a length before the 0, and one of kind 11 a
 * number of 4 bytes; a server puts nothing.
 */
#include "framing/random.h"
#include "framing/text.h"
#include "protocols/protocol.h"

enum { HEADER = 11, LEAST = HEADER + 1, OLDEST = 0x0800, NEWEST = 0x5000, MOST_MESSAGES = 3 };

/* First and last byte, the command's high byte. Serial protocols frame text by 2 and 3 too: what is
 * enciphered must look so. */
enum { CIPHERED = 16 };
enum { BITS_FOR_FRAME = 8 + 8 + 7, BITS_FOR_BLOCKS = 3, BITS_FOR_ZEROS = 40 };
enum { BITS_FOR_SESSION = 32, LEAST_USER = 10000 };

struct message {
    uint32_t user;
    unsigned bits;
};

/* The cursor holds one message, all of it. */
static bool message_read(struct cursor c, struct message *m)
{
    if (c.size < LEAST || cursor_u8(&c) != 2 || cursor_peek(&c, c.size - 2) != 3)
        return false;
    uint16_t version = cursor_u16(&c), command = cursor_u16(&c);
    cursor_skip(&c, 2);
    m->user = cursor_u32(&c);
    if (version < OLDEST || version >= NEWEST || command == 0 || (command >> 8 & ~8))
        return false;
    /* The server asks before it knows the user. */
    if (m->user < LEAST_USER && m->user != 0)
        return false;
    uint32_t ciphered = c.size - HEADER - 1 < CIPHERED ? c.size - HEADER - 1 : CIPHERED;
    struct cursor tail = c;
    cursor_seek(&tail, c.size - 1 - ciphered);
    if (!random_looks(tail, ciphered))
        return false;
    m->bits = BITS_FOR_FRAME;
    if (cursor_left(&c) > 8 && cursor_peek_u32(&c, 0) == 0 && cursor_peek_u32(&c, 4) == 0)
        m->bits += BITS_FOR_ZEROS;
    if (cursor_left(&c) % 8 == 1)
        m->bits += BITS_FOR_BLOCKS;
    return true;
}

static enum answer judge_datagrams(struct inspection *in)
{
    struct message first = {0}, next;
    unsigned bits = 0;
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        if (in->datagrams[i].cut || !message_read(inspection_datagram(in, i), &next))
            return NO;
        if (i == 0)
            first = next;
        if (i && next.user != first.user)
            return NO;
        bits += next.bits + (i ? BITS_FOR_SESSION : 0);
    }
    struct cursor c = in->client.size ? in->client : in->server;
    cursor_skip(&c, HEADER);
    return answer_by_bits(in, bits, "message", &c);
}

static enum answer judge_stream(struct inspection *in, struct cursor c)
{
    struct message first = {0}, next;
    unsigned bits = 0;
    for (int i = 0; i < MOST_MESSAGES && bits < BITS_FOR_YES; i++) {
        struct cursor rest = c;
        uint16_t length = cursor_u16(&rest);
        int mark = cursor_peek(&rest, 0);
        if (!rest.ran_short && (length < LEAST + 2 || (mark >= 0 && mark != 2)))
            return NO;
        struct cursor message = cursor_take(&rest, length >= 2 ? length - 2u : 0u);
        if (rest.ran_short || message.ran_short) {
            rest.at = rest.size;
            return bits >= BITS_FOR_LIKELY ? likely(in, "message", &c) : short_of(in, &rest);
        }
        if (!message_read(message, &next))
            return NO;
        if (i == 0)
            first = next;
        if (next.user != first.user)
            return NO;
        bits += next.bits + (i ? BITS_FOR_SESSION : 0);
        c = rest;
    }
    return answer_by_bits(in, bits, "message", &c);
}

/* ---- newer streams ----------------------------------------------------------------------- */

enum { TOKEN_KIND = 10, NUMBER_KIND = 11, ENCRYPTIONS = 2, LEAST_DIGITS = 5, MOST_DIGITS = 11 };
enum { NEW_LIMIT = 1 << 20, TOKEN_LIMIT = 512 };

/* A 0, then the user's number in digits; a single one before it is known. */
static bool passes_user(struct cursor *c)
{
    uint8_t zero = cursor_u8(c);
    uint32_t size = cursor_u32(c);
    if (c->ran_short)
        return true;
    if (zero != 0 || size < 4 || size - 4 > MOST_DIGITS || (size - 4 < LEAST_DIGITS && size != 5))
        return false;
    uint32_t digits = text_digits(c, size - 4, NULL);
    if (digits < size - 4 && cursor_at_end(c))
        c->ran_short = true;
    return c->ran_short || digits == size - 4;
}

static enum answer judge_newer(struct inspection *in, struct cursor c)
{
    uint32_t length = cursor_u32(&c), kind = cursor_u32(&c);
    uint8_t encryption = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length > NEW_LIMIT || (kind != TOKEN_KIND && kind != NUMBER_KIND) ||
        encryption > ENCRYPTIONS)
        return NO;
    if (c.side == CLIENT) {
        uint32_t token = kind == TOKEN_KIND ? cursor_u32(&c) : 4;
        if (token < 4 || token > TOKEN_LIMIT)
            return c.ran_short ? short_of(in, &c) : NO;
        cursor_skip(&c, kind == TOKEN_KIND ? token - 4 : 4);
    }
    if (!c.ran_short && !passes_user(&c))
        return NO;
    return c.ran_short ? short_of(in, &c) : yes(in, "newer message", &c);
}

/* The older length is never 0, the newer one is below 64 KiB where a session begins. */
static enum answer judge_any_stream(struct inspection *in, struct cursor c)
{
    if (c.size < 2)
        return short_of(in, &c);
    return cursor_peek_u16(&c, 0) == 0 ? judge_newer(in, c) : judge_stream(in, c);
}

static enum answer validate(struct inspection *in)
{
    return is_udp(in) ? judge_datagrams(in) : judge_sides(in, judge_any_stream, judge_any_stream);
}

static const struct signature signatures[] = {
    {.transports = OVER_UDP,
     .offset = 0,
     .size = 4,
     .bytes = "\x02\0\0\0",
     .mask = "\xff\0\0\xf7",
     .min_size = LEAST},
    {.transports = OVER_TCP,
     .offset = 0,
     .size = 9,
     .bytes = "\0\0\0\0\0\0\0\x0a\0",
     .mask = "\xff\xf0\0\0\xff\xff\xff\xfe\xfc"},
    {.transports = OVER_TCP, .offset = 2, .size = 4, .bytes = "\x02\0\0\0", .mask = "\xff\0\0\xf7"},
};

const struct cdpi_protocol cdpi_protocol_oicq = {
    .name = "OICQ",
    .reference = "open clients of QQ (libqq, OpenQ)",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_CHAT,
    .is_encrypted = true,
    .udp_ports = PORTS(8000),
    SIGNATURES(signatures),
    .validate = validate,
};
