/* SPDX-License-Identifier: MIT */
/*
 * NATS (docs.nats.io, "Client protocol"): the server begins with "INFO {...}", the client with
 * "CONNECT {...}"; then PUB, SUB, MSG, PING, PONG, +OK, -ERR.
 */
#include "framing/text.h"
#include "protocols/protocol.h"
#include "protocols/starttls.h"

enum { JSON_LIMIT = 256, LINE_LIMIT = 1024, PAYLOAD_LIMIT = 1 << 20 };

/* The word, a blank, and an object with names that NATS has. */
static enum answer judge_word(struct inspection *in, struct cursor c, const char *word,
                              const char *const *names, const char *rule)
{
    struct cursor start = c;
    if (!cursor_accept_nocase(&c, word)) {
        for (uint32_t i = 0; i < 9 && word[i]; i++) {
            int byte = cursor_peek(&start, i);
            if (byte < 0)
                return short_of(in, &start);
            if ((byte | 0x20) != word[i])
                return NO;
        }
        return NO;
    }
    while (cursor_accept_text(&c, " "))
        ;
    if (cursor_at_end(&c))
        return short_of(in, &c);
    if (!cursor_accept_text(&c, "{"))
        return NO;
    for (unsigned i = 0; names[i]; i++) {
        if (cursor_find_bytes(&c, names[i], (uint32_t)strlen(names[i]), JSON_LIMIT) >= 0)
            return yes(in, rule, &c);
    }
    return cursor_left(&c) < JSON_LIMIT ? short_of(in, &c) : NO;
}

/* Joined late: PUB subject [reply] size, MSG subject number [reply] size; then as many bytes, and
 * the line's end again. */
static enum answer judge_payload(struct inspection *in, struct cursor c, const char *word)
{
    struct cursor line;
    uint32_t size = 0;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state == LINE_OPEN && line.size < 4)
        return short_of(in, &c);
    if (!cursor_accept_nocase(&line, word))
        return NO;
    if (state != LINE_WHOLE)
        return state == LINE_OPEN ? short_of(in, &c) : NO;
    for (int32_t blank; (blank = cursor_find(&line, ' ', LINE_LIMIT)) >= 0;)
        cursor_skip(&line, (uint32_t)blank + 1);
    if (text_digits(&line, 7, &size) == 0 || !cursor_at_end(&line) || size > PAYLOAD_LIMIT)
        return NO;
    if (!cursor_skip(&c, size) || cursor_left(&c) < 2)
        return short_of(in, &c);
    return cursor_accept_text(&c, "\r\n") ? yes(in, "payload", &c) : NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    static const char *const names[] = {"\"server_id\"", "\"max_payload\"", "\"nonce\"", NULL};
    if (cursor_peek(&c, 0) == 'M')
        return judge_payload(in, c, "msg ");
    /* Joined late: what the client says decides. */
    bool is_word = cursor_may_start_with(&c, "+OK\r\n") || cursor_may_start_with(&c, "PING\r\n") ||
                   cursor_may_start_with(&c, "PONG\r\n");
    if (is_word && both_spoke(in))
        return cursor_left(&c) >= 5 ? yes(in, "acknowledgement", &c) : short_of(in, &c);
    return judge_word(in, c, "info ", names, "INFO");
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    static const char *const names[] = {"\"verbose\"", "\"pedantic\"", "\"tls_required\"",
                                        "\"lang\"", NULL};
    if (cursor_peek(&c, 0) == 'P')
        return judge_payload(in, c, "pub ");
    return judge_word(in, c, "connect ", names, "CONNECT");
}

/* Joined late: one asks whether the other is there. Redis answers "+PONG", IRC's words have
 * arguments. NO, MORE or LIKELY. */
static enum answer judge_check(struct inspection *in)
{
    const struct cursor *first = &in->client, *second = &in->server;
    if (cursor_peek(first, 1) == 'O' || first->size == 0) {
        first = &in->server;
        second = &in->client;
    }
    if (first->size > 6 || second->size > 6 || !cursor_may_start_with(first, "PING\r\n") ||
        !cursor_may_start_with(second, "PONG\r\n"))
        return NO;
    if (first->size < 6 || second->size < 6)
        return MORE;
    return likely(in, "PING and PONG", first);
}

static enum answer validate(struct inspection *in)
{
    enum answer check = judge_check(in);
    if (check != NO)
        return check;
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "INFO {", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE(0, "PUB "),
    SIGNATURE(0, "PING\r\n"),
    SIGNATURE(0, "PONG\r\n"),
    SIGNATURE(0, "MSG "),
    SIGNATURE_MASKED(0, "CONNECT {", "\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_nats = {
    .name = "NATS",
    .reference = "docs.nats.io: client protocol",
    .transports = OVER_TCP,
    .category = CATEGORY_MESSAGING,
    .tcp_ports = PORTS(4222),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow_starttls, /* tls_required */
};
