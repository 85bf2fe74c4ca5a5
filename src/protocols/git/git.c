/* SPDX-License-Identifier: MIT */
/*
 * Git's own transport, gitprotocol-common and gitprotocol-pack: pkt-lines, each of four hex digits
 * (its length with them) and text.
 *
 *     client: 0032git-upload-pack /path NUL host=name NUL
 *     server: 003f<40 hex> <ref> [NUL capabilities] LF, or "version 1|2", or "ERR text", or 0000
 *
 * Joined late, the client wants and has objects, or gives version 2's commands; the server
 * acknowledges (gitprotocol-pack "Packfile Negotiation", gitprotocol-v2 "Command Request").
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { DIGITS = 4, NAME_DIGITS = 40, LINE_LEAST = 5, LINE_MOST = 65520 };

/* "want <name>", "have <name>"; ACK and NAK. */
static enum answer judge_negotiation(struct inspection *in, struct cursor c, uint32_t length)
{
    static const char *const verbs[] = {"want ", "have ", "ACK "};
    uint32_t name;
    if (cursor_accept_text(&c, "NAK\n"))
        return length == 8 ? likely(in, "negotiation", &c) : NO;
    for (unsigned i = 0; i < 3; i++) {
        uint32_t size = (uint32_t)strlen(verbs[i]);
        if (!cursor_accept(&c, verbs[i], size))
            continue;
        if (length < DIGITS + size + NAME_DIGITS)
            return NO;
        if (text_hex(&c, NAME_DIGITS, &name) == NAME_DIGITS)
            return yes(in, "negotiation", &c);
        return cursor_at_end(&c) ? likely_at_end(in, "negotiation", &c) : NO;
    }
    return NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    enum { SERVICES = 3 };
    static const char *const requests[] = {"git-upload-pack ",
                                           "git-receive-pack ",
                                           "git-upload-archive ",
                                           "command=ls-refs",
                                           "command=fetch",
                                           "command=object-info",
                                           NULL};
    uint32_t length;
    if (text_hex(&c, DIGITS, &length) < DIGITS)
        return cursor_at_end(&c) ? short_of(in, &c) : NO;
    if (length < LINE_LEAST || length > LINE_MOST)
        return NO;
    for (unsigned i = 0; requests[i]; i++) {
        uint32_t size = (uint32_t)strlen(requests[i]);
        if (cursor_accept(&c, requests[i], size))
            return yes(in, i < SERVICES ? "request" : "command", &c);
        if (cursor_may_start(&c, requests[i], size))
            return short_of(in, &c);
    }
    bool is_open = cursor_may_start_with(&c, "want ") || cursor_may_start_with(&c, "have ");
    enum answer answer = judge_negotiation(in, c, length);
    return answer == NO && is_open ? short_of(in, &c) : answer;
}

/* Multiplexed, gitprotocol-pack "Packfile Data": band 1 has the pack, 2 what is shown meanwhile. */
static enum answer judge_band(struct inspection *in, struct cursor c)
{
    static const char *const shown[] = {"Enumerating objects", "Counting objects",
                                        "Compressing objects", "Total ", NULL};
    uint8_t band = cursor_u8(&c);
    if (band == 1 && cursor_may_start(&c, "PACK\0\0\0\x02", 8))
        return cursor_skip(&c, 8) ? yes(in, "pack", &c) : short_of(in, &c);
    for (unsigned i = 0; band == 2 && shown[i]; i++) {
        uint32_t size = (uint32_t)strlen(shown[i]);
        if (cursor_may_start(&c, shown[i], size))
            return cursor_skip(&c, size) ? yes(in, "progress", &c) : short_of(in, &c);
    }
    return NO;
}

static enum answer judge_word(struct inspection *in, struct cursor *c, uint32_t length)
{
    if (cursor_peek(c, 0) == 1 || cursor_peek(c, 0) == 2)
        return judge_band(in, *c);
    if (cursor_accept_text(c, "version ")) {
        int number = cursor_peek(c, 0);
        if (number < 0)
            return short_of(in, c);
        return length == 14 && (number == '1' || number == '2') ? yes(in, "version", c) : NO;
    }
    if (cursor_accept_text(c, "ERR "))
        return both_spoke(in) ? yes(in, "error", c) : likely(in, "error", c);
    enum answer answer = judge_negotiation(in, *c, length);
    bool is_open = cursor_may_start_with(c, "version ") || cursor_may_start_with(c, "ERR ") ||
                   cursor_may_start_with(c, "NAK\n") || cursor_may_start_with(c, "ACK ");
    return answer == NO && is_open ? short_of(in, c) : answer;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint32_t length, name;
    if (text_hex(&c, DIGITS, &length) < DIGITS)
        return cursor_at_end(&c) ? short_of(in, &c) : NO;
    if (length == 0 && in->client.size) /* a repository with nothing in it */
        return yes(in, "end of references", &c);
    if (length < LINE_LEAST || length > LINE_MOST)
        return NO;
    int first = cursor_peek(&c, 0); /* names are in lower case, words like ERR are not */
    if (!text_is_digit(first) && (first < 'a' || first > 'f'))
        return judge_word(in, &c, length);
    if (text_hex(&c, NAME_DIGITS, &name) < NAME_DIGITS)
        return cursor_at_end(&c) ? short_of(in, &c) : NO;
    if (cursor_at_end(&c))
        return short_of(in, &c);
    /* SHA-256 names have 64 digits. */
    text_hex(&c, 24, &name);
    if (cursor_at_end(&c))
        return short_of(in, &c);
    return cursor_u8(&c) == ' ' ? yes(in, "references", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(4, "git-upload-"),
    SIGNATURE(4, "git-receive-"),
    SIGNATURE_MASKED(0, "0\0\0\0\0\0", "\xff\x80\x80\x80\x80\x80"),
    SIGNATURE(4, "version "),
    SIGNATURE(4, "ERR "),
    SIGNATURE(4, "command="),
    SIGNATURE(4, "want "),
    SIGNATURE(4, "have "),
    SIGNATURE(4, "\x01PACK\0\0\0\x02"),
    SIGNATURE(4, "\x02"
                 "Enumerating"),
    SIGNATURE(4, "\x02"
                 "Counting ob"),
    SIGNATURE(4, "\x02"
                 "Compressing"),
    SIGNATURE(4, "NAK\n"),
    SIGNATURE(4, "ACK "),
};

const struct cdpi_protocol cdpi_protocol_git = {
    .name = "Git",
    .reference = "gitprotocol-common(5), gitprotocol-pack(5), gitprotocol-v2(5)",
    .transports = OVER_TCP,
    .category = CATEGORY_DEVELOPMENT,
    .tcp_ports = PORTS(9418),
    SIGNATURES(signatures),
    .validate = validate,
};
