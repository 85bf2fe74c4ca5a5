/* SPDX-License-Identifier: MIT */
/*
 * Viber. No public specification; as seen in recorded traffic.
 *
 * Calls, by UDP: a number that both sides keep (2), a type (2, little-endian), a body. Answers
 * bring back a token of 8 bytes, or a clock of 8, of the question.
 *
 * Messages, by TCP: length (2, little-endian, all counted)  number (4)  0xfffc  3 or 5  0x80
 */
#include "protocols/protocol.h"

/* ---- calls ------------------------------------------------------------------------------- */

enum { TOKEN = 8 };

/* Which type answers which, and where in each the token stands. */
struct exchange_of {
    uint8_t question, answer;
    uint8_t question_at, answer_at;
    uint8_t answer_size;
};

static const struct exchange_of exchanges[] = {
    {0x01, 0x0c, 6, 6, 76},
    {0x09, 0x0b, 4, 4, 34},
    {0x19, 0x1a, 4, 4, 20},
};

enum { EXCHANGES = sizeof exchanges / sizeof exchanges[0] };

/* The token may not be zeros. */
static bool brings_back(struct cursor question, struct cursor answer)
{
    for (int i = 0; i < EXCHANGES; i++) {
        const struct exchange_of *e = &exchanges[i];
        if (cursor_peek(&question, 2) != e->question || cursor_peek(&answer, 2) != e->answer ||
            answer.size != e->answer_size)
            continue;
        struct cursor token = question;
        cursor_seek(&token, e->question_at);
        cursor_seek(&answer, e->answer_at);
        return cursor_left(&token) >= TOKEN && cursor_peek_u32(&token, 0) != 0 &&
               cursor_starts(&answer, token.data + token.at, TOKEN);
    }
    return false;
}

static bool is_message(struct cursor c)
{
    cursor_skip(&c, 2);
    uint8_t type = cursor_u8(&c), zero = cursor_u8(&c);
    return !c.ran_short && zero == 0 && type > 0 && type < 0x20;
}

static enum answer judge_call(struct inspection *in)
{
    if ((in->client.size && !is_message(in->client)) ||
        (in->server.size && !is_message(in->server)))
        return NO;
    for (uint32_t i = 1; i < in->datagram_count; i++) {
        struct cursor answer = inspection_datagram(in, i);
        for (uint32_t k = 0; k < i; k++) {
            struct cursor question = inspection_datagram(in, k);
            if (question.side != answer.side && brings_back(question, answer) &&
                cursor_peek_u16(&question, 0) == cursor_peek_u16(&answer, 0))
                return answer_at(in, YES, "question and answer", (enum side)answer.side, 0,
                                 (uint32_t)exchanges[0].answer_at + TOKEN);
        }
    }
    return wants(in, in->client.size ? SERVER : CLIENT, 1);
}

/* ---- messages ---------------------------------------------------------------------------- */

enum { LEAST = 12, MARK = 0xfcff };

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint16_t length = cursor_le16(&c);
    cursor_skip(&c, 4);
    uint16_t mark = cursor_u16(&c);
    uint8_t kind = cursor_u8(&c), end = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length < LEAST || mark != MARK || (kind != 3 && kind != 5) || end != 0x80)
        return NO;
    /* The client waits for an answer: the first message is all that it sends, or another begins. */
    if (!cursor_skip(&c, length - 10u))
        return short_of(in, &c);
    return yes(in, "first message", &c);
}

/* A number (2) and zeros, or the client's mark. */
static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint16_t length = cursor_le16(&c);
    cursor_skip(&c, 2);
    uint8_t kind = cursor_u8(&c), end = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length < 6)
        return NO;
    bool fits = (kind == 0 && end == 0) || ((kind == 3 || kind == 5) && end == 0x80);
    return fits ? yes(in, "message", &c) : likely(in, "message", &c);
}

static enum answer validate(struct inspection *in)
{
    if (is_udp(in))
        return judge_call(in);
    if (in->client.size == 0)
        return wants(in, CLIENT, 1);
    return judge_sides(in, judge_client, judge_server);
}

#define CALL(type, least, most)                                                                    \
    {                                                                                              \
        .transports = OVER_UDP, .offset = 2, .size = 2, .bytes = type "\0", .min_size = (least),   \
        .max_size = (most)                                                                         \
    }

static const struct signature signatures[] = {
    CALL("\x01", 100, 0),
    CALL("\x09", 20, 20),
    CALL("\x0b", 34, 34),
    CALL("\x0c", 76, 76),
    CALL("\x19", 34, 34),
    CALL("\x1a", 20, 20),
    {.transports = OVER_TCP,
     .offset = 6,
     .size = 4,
     .bytes = "\xfc\xff\1\x80",
     .mask = "\xff\xff\xf9\xff"},
};

const struct cdpi_protocol cdpi_protocol_viber = {
    .name = "Viber",
    .reference = "as seen in recorded traffic of the application",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_CHAT,
    .is_encrypted = true,
    .tcp_ports = PORTS(4244, 5242),
    .udp_ports = PORTS(7985, 7987),
    SIGNATURES(signatures),
    .validate = validate,
};
