/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.0 and HTTP/1.1, RFC 9112: a request line (section 3) or a status line (section 4).
 *
 *     method SP request-target SP HTTP/1.x CRLF          HTTP/1.x SP status SP reason CRLF
 *
 * Methods are those of the IANA registry that software uses, which compares them exactly. A request
 * of a BitTorrent tracker (BEP 3: announce or scrape with info_hash) names the application.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 8192, HEAD_LIMIT = 4096 };

static bool passes_method(struct cursor *c)
{
    uint32_t n = 0;
    while (n < 18 && ((cursor_peek(c, 0) >= 'A' && cursor_peek(c, 0) <= 'Z') ||
                      cursor_peek(c, 0) == '-' || cursor_peek(c, 0) == '_')) {
        cursor_skip(c, 1);
        n++;
    }
    return n >= 3;
}

/* Section 3.2: origin, absolute, authority and asterisk forms. */
static bool begins_target(const struct cursor *c)
{
    int first = cursor_peek(c, 0);
    return first == '/' || first == '*' || first == '[' || text_is_digit(first) ||
           (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '?' ||
           first == '_';
}

static bool is_tracker(struct cursor target)
{
    return text_has(target, "info_hash=") &&
           (text_has(target, "announce") || text_has(target, "scrape"));
}

static enum answer judge_open(struct inspection *in, struct cursor *line)
{
    if (line->size >= HEAD_LIMIT - 16 && cursor_find(line, ' ', LINE_LIMIT) < 0)
        return likely(in, "request line", line);
    struct cursor whole = *line;
    whole.at = whole.size;
    return short_of(in, &whole);
}

static enum answer judge_request(struct inspection *in, struct cursor c)
{
    /* Section 2.2: an empty line before it is ignored. */
    while (cursor_accept_text(&c, "\r\n"))
        ;
    struct cursor line, all = c;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state == LINE_BAD)
        return NO;
    bool is_whole = state == LINE_WHOLE;
    line.side = all.side;
    if (!passes_method(&line) || (!cursor_at_end(&line) && cursor_u8(&line) != ' '))
        return is_whole || !cursor_at_end(&line) || line.size > 17 ? NO : wants_more(in, &all);
    if (cursor_at_end(&line))
        return is_whole ? NO : short_of(in, &all);
    if (!begins_target(&line))
        return NO;
    if (!is_whole) {
        if (all.size < HEAD_LIMIT)
            return short_of(in, &all);
        return judge_open(in, &line);
    }
    int32_t end = cursor_find(&line, ' ', LINE_LIMIT);
    if (end < 1)
        return NO;
    struct cursor target = cursor_take(&line, (uint32_t)end);
    if (!cursor_accept_text(&line, " HTTP/1.") || text_digits(&line, 1, NULL) != 1)
        return NO;
    if (!cursor_at_end(&line))
        return NO;
    if (is_tracker(target))
        in->application = "BitTorrent";
    return yes(in, "request line", &c);
}

static enum answer judge_response(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "HTTP/1."))
        return NO;
    if (!cursor_accept_text(&c, "HTTP/1.") || cursor_left(&c) < 5)
        return short_of(in, &c);
    uint32_t status = 0;
    if (text_digits(&c, 1, NULL) != 1 || cursor_u8(&c) != ' ' || text_digits(&c, 3, &status) != 3 ||
        status < 100)
        return NO;
    struct cursor line;
    switch (text_line(&c, LINE_LIMIT, &line)) {
    case LINE_BAD:
        return NO;
    case LINE_OPEN:
        return short_of(in, &c);
    default:
        return line.size == 0 || cursor_peek(&line, 0) == ' ' ? yes(in, "status line", &c) : NO;
    }
}

static enum answer validate(struct inspection *in)
{
    enum answer client = in->client.size ? judge_request(in, in->client) : YES;
    enum answer server = in->server.size ? judge_response(in, in->server) : YES;
    /* Joined late, one side may stand in the middle of a body. */
    if (in->is_midstream && both_spoke(in) && (client == NO) != (server == NO) &&
        (client == YES || server == YES))
        return LIKELY;
    if (client == NO || server == NO)
        return NO;
    return client < server ? client : server;
}

/* A tunnel by CONNECT (RFC 9110 section 9.3.6), or a change of protocol by Upgrade (section 7.8):
 * what the client asked for, and the server granted. */
enum { ASKED_NOTHING = 0, ASKED_CONNECT, ASKED_WEBSOCKET, ASKED_HTTP2, HEAD_LIMIT_ = 4096 };

static uint8_t asked_for(struct cursor head)
{
    if (cursor_starts_with(&head, "CONNECT "))
        return ASKED_CONNECT;
    int32_t at = cursor_find_text(&head, "\nUpgrade: ", HEAD_LIMIT_);
    if (at < 0)
        at = cursor_find_text(&head, "\nupgrade: ", HEAD_LIMIT_);
    if (at < 0)
        return ASKED_NOTHING;
    cursor_skip(&head, (uint32_t)at + 10);
    if (cursor_accept_nocase(&head, "websocket"))
        return ASKED_WEBSOCKET;
    return cursor_accept_nocase(&head, "h2c") ? ASKED_HTTP2 : ASKED_NOTHING;
}

static enum follow_answer follow(struct follow *f, struct cursor *payload)
{
    if (payload->side == CLIENT) {
        if (!f->state[0])
            f->state[0] = asked_for(*payload);
        return f->state[0] ? FOLLOW_ON : FOLLOW_DONE;
    }
    if (!f->state[0] || !cursor_starts_with(payload, "HTTP/1."))
        return FOLLOW_DONE;
    bool is_connect = f->state[0] == ASKED_CONNECT;
    int32_t end = cursor_find_text(payload, "\r\n\r\n", HEAD_LIMIT_);
    int granted = cursor_peek(payload, 9);
    if (end < 0 || (is_connect ? granted != '2' : granted != '1'))
        return FOLLOW_DONE;
    cursor_skip(payload, (uint32_t)end + 4);
    if (!is_connect)
        f->speaks = f->state[0] == ASKED_WEBSOCKET ? "WebSocket" : "HTTP2";
    return FOLLOW_SPEAKS;
}

static const struct signature signatures[] = {
    SIGNATURE(0, "HTTP/1."),
    SIGNATURE(0, "GET "),
    SIGNATURE(0, "POST "),
    SIGNATURE(0, "HEAD "),
    SIGNATURE(0, "PUT "),
    SIGNATURE(0, "DELETE "),
    SIGNATURE(0, "OPTIONS "),
    SIGNATURE(0, "TRACE "),
    SIGNATURE(0, "CONNECT "),
    SIGNATURE(0, "PATCH "),
    SIGNATURE(0, "PROPFIND "),
    SIGNATURE(0, "PROPPATCH "),
    SIGNATURE(0, "MKCOL "),
    SIGNATURE(0, "COPY "),
    SIGNATURE(0, "MOVE "),
    SIGNATURE(0, "LOCK "),
    SIGNATURE(0, "UNLOCK "),
    SIGNATURE(0, "REPORT "),
    SIGNATURE(0, "SEARCH "),
    SIGNATURE(0, "ACL "),
    SIGNATURE(0, "MKCALENDAR "),
    SIGNATURE(0, "CHECKOUT "),
    SIGNATURE(0, "CHECKIN "),
    SIGNATURE(0, "UNCHECKOUT "),
    SIGNATURE(0, "MERGE "),
    SIGNATURE(0, "MKACTIVITY "),
    SIGNATURE(0, "MKWORKSPACE "),
    SIGNATURE(0, "VERSION-CONTROL "),
    SIGNATURE(0, "LABEL "),
    SIGNATURE(0, "UPDATE "),
    SIGNATURE(0, "BASELINE-CONTROL"),
    SIGNATURE(0, "ORDERPATCH "),
    SIGNATURE(0, "BIND "),
    SIGNATURE(0, "UNBIND "),
    SIGNATURE(0, "REBIND "),
    SIGNATURE(0, "LINK "),
    SIGNATURE(0, "UNLINK "),
    SIGNATURE(0, "PURGE "),
    SIGNATURE(0, "QUERY "),
    SIGNATURE(0, "SUBSCRIBE "),
    SIGNATURE(0, "UNSUBSCRIBE "),
    SIGNATURE(0, "NOTIFY "),
    SIGNATURE(0, "BPROPFIND "),
    SIGNATURE(0, "RPC_IN_DATA "),
    SIGNATURE(0, "RPC_OUT_DATA "),
    SIGNATURE(0, "\r\nGET "),
    SIGNATURE(0, "\r\nPOST "),
};

const struct cdpi_protocol cdpi_protocol_http = {
    .name = "HTTP",
    .reference = "RFC 9112 sections 3 and 4, RFC 4918, BEP 3",
    .transports = OVER_TCP,
    .category = CATEGORY_WEB,
    .tcp_ports = PORTS(80, 8080, 3128, 8000, 8008, 8888),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow,
};
