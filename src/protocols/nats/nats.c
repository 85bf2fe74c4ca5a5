/* SPDX-License-Identifier: MIT */
/*
 * NATS (docs.nats.io, "Client protocol"): the server begins with "INFO {...}", the client with
 * "CONNECT {...}"; then PUB, SUB, MSG, PING, PONG, +OK, -ERR.
 */
#include "protocols/protocol.h"

enum { JSON_LIMIT = 256 };

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

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    static const char *const names[] = {"\"server_id\"", "\"max_payload\"", "\"nonce\"", NULL};
    return judge_word(in, c, "info ", names, "INFO");
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    static const char *const names[] = {"\"verbose\"", "\"pedantic\"", "\"tls_required\"",
                                        "\"lang\"", NULL};
    return judge_word(in, c, "connect ", names, "CONNECT");
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "INFO {", "\xdf\xdf\xdf\xdf\xff\xff"),
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
};
