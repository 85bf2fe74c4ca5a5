/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.0 and HTTP/1.1, RFC 9112: a request line (section 3) or a status line (section 4).
 *
 *     method SP request-target SP HTTP/1.x CRLF          HTTP/1.x SP status SP reason CRLF
 *
 * Any method will do where the line ends with the version. HTTP/0.9 (RFC 1945 section 4.1) has "GET
 * /path" alone and an answer without a head. A request of a BitTorrent tracker (BEP 3: announce or
 * scrape with info_hash) names the application.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 8192, HEAD_LIMIT = 4096, METHOD_LIMIT = 24 };

/* What begins a request: which of the methods that everybody knows, in either case, or a word of
 * letters. */
enum method { METHOD_NONE = 0, METHOD_OPEN, METHOD_WORD, METHOD_LOWER, METHOD_KNOWN };

static bool is_letter(int byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '-' ||
           byte == '_';
}

static bool is_blank(int byte)
{
    return byte == ' ' || byte == '\t';
}

static void pass_blanks(struct cursor *c)
{
    while (is_blank(cursor_peek(c, 0)))
        cursor_skip(c, 1);
}

static bool is_known_method(struct cursor word)
{
    static const char *const methods[] = {"get",
                                          "post",
                                          "head",
                                          "put",
                                          "options",
                                          "connect",
                                          "trace",
                                          "delete",
                                          "patch",
                                          "mkcol",
                                          "report",
                                          "propfind",
                                          "proppatch",
                                          "lock",
                                          "unlock",
                                          "search",
                                          "notify",
                                          "subscribe",
                                          "unsubscribe",
                                          "rpc_in_data",
                                          "rpc_out_data",
                                          "sstp_duplex_post",
                                          NULL};
    return text_word(&word, methods) >= 0;
}

/* RFC 9110 section 9.1: a method is a token, in capitals by custom; whoever scans sends other cases
 * too. */
static enum method take_method(struct cursor *c)
{
    struct cursor from = *c;
    uint32_t n = 0, capitals = 0;
    for (; n <= METHOD_LIMIT && is_letter(cursor_peek(c, 0)); n++) {
        int byte = cursor_u8(c);
        capitals += byte < 'a';
    }
    if (n > METHOD_LIMIT)
        return METHOD_NONE;
    if (cursor_at_end(c))
        return METHOD_OPEN;
    if (n < 3 || !is_blank(cursor_peek(c, 0)))
        return METHOD_NONE;
    if (cursor_starts_with(&from, "PRI ")) /* HTTP/2's preface */
        return METHOD_NONE;
    if (is_known_method(cursor_take(&from, n)))
        return capitals == n ? METHOD_KNOWN : METHOD_LOWER;
    return capitals == n ? METHOD_WORD : METHOD_NONE;
}

/* Section 3.2: origin, absolute, authority and asterisk forms. */
static bool begins_target(const struct cursor *c)
{
    int first = cursor_peek(c, 0);
    return first == '/' || first == '*' || first == '[' || text_is_digit(first) ||
           is_letter(first) || first == '?' || first == '%' || first == '.';
}

/* A path, a URL or an asterisk: what no sentence goes on with. */
static bool is_path(const struct cursor *c)
{
    return cursor_peek(c, 0) == '/' || cursor_starts_with(c, "http://") ||
           cursor_starts_with(c, "https://") || cursor_starts_with(c, "* HTTP");
}

static bool is_tracker(struct cursor target)
{
    return cursor_find_text(&target, "info_hash=", LINE_LIMIT) >= 0 &&
           (text_has(target, "announce") || text_has(target, "scrape"));
}

/* Takes " HTTP/1.1" off the line's end, and blanks behind it. */
static bool cut_version(struct cursor *line)
{
    uint32_t size = line->size;
    while (size > 0 && is_blank(cursor_peek(line, size - 1 - line->at)))
        size--;
    for (uint32_t digits = 1; digits <= 2; digits++) {
        uint32_t length = 8 + digits; /* of " HTTP/1." and the digits */
        struct cursor end = *line;
        if (size < line->at + length)
            return false;
        end.size = size;
        cursor_seek(&end, size - length);
        if (!is_blank(cursor_u8(&end)) || !cursor_accept_nocase(&end, "http/") ||
            text_digits(&end, 1, NULL) != 1 || cursor_u8(&end) != '.' ||
            text_digits(&end, 2, NULL) != digits)
            continue;
        line->size = size - length;
        return true;
    }
    return false;
}

/* The rest of a request's first line. Its end tells; a path alone is HTTP/0.9's (RFC 1945 section
 * 4.1), or what is left of a line that was cut. */
static enum answer judge_target(struct inspection *in, enum method method, struct cursor line,
                                const struct cursor *all)
{
    struct cursor target = line;
    bool has_version = cut_version(&target);
    pass_blanks(&target);
    pass_blanks(&line);
    if (has_version) {
        bool has_blanks = cursor_find(&target, ' ', LINE_LIMIT) >= 0;
        if (is_path(&target) ||
            (method == METHOD_KNOWN && (target.size <= target.at || begins_target(&target))))
            return yes(in, "request line", all);
        return method == METHOD_WORD && !has_blanks && begins_target(&target)
                   ? yes(in, "request line", all)
                   : NO;
    }
    bool is_old = method == METHOD_KNOWN && is_path(&line);
    if (is_old && cursor_find_text(&line, " HTTP", LINE_LIMIT) > 0) /* and no version that is one */
        return likely(in, "request line", all);
    return is_old && cursor_find(&line, ' ', LINE_LIMIT) < 0 ? likely(in, "request line", all) : NO;
}

/* The line goes on where the bytes end. */
static enum answer judge_open(struct inspection *in, enum method method, struct cursor line,
                              struct cursor *all)
{
    bool is_connect = cursor_starts_with(&in->client, "CONNECT ");
    all->at = all->size;
    pass_blanks(&line);
    struct cursor target = line;
    bool is_told =
        method == METHOD_KNOWN && (is_path(&line) || (is_connect && text_token(&target) > 3));
    target = line;
    bool is_long = all->size >= HEAD_LIMIT - 16;
    if (is_long || in->is_final)
        return is_told || cut_version(&target) ? likely(in, "request line", all) : NO;
    return wants_more(in, all);
}

/* The first line as bytes: scanners put anything into it. */
static bool take_line(struct cursor *c, struct cursor *line)
{
    int32_t end = cursor_find(c, '\n', LINE_LIMIT);
    *line = cursor_take(c, end < 0 ? cursor_left(c) : (uint32_t)end);
    if (end >= 0)
        cursor_skip(c, 1);
    while (line->size > 0 && cursor_peek(line, line->size - 1) == '\r')
        line->size--;
    return end >= 0;
}

static enum answer judge_request(struct inspection *in, struct cursor c)
{
    /* Section 2.2: an empty line before it is ignored. */
    while (cursor_accept_text(&c, "\r\n") || cursor_accept_text(&c, "\n"))
        ;
    if (cursor_at_end(&c) || (cursor_peek(&c, 0) == '\r' && cursor_left(&c) == 1))
        return short_of(in, &c);
    struct cursor line, all = c;
    enum method method = take_method(&all);
    if (method == METHOD_OPEN)
        return short_of(in, &all);
    if (method == METHOD_NONE)
        return NO;
    bool is_whole = take_line(&c, &line);
    take_method(&line);
    if (!is_whole)
        return judge_open(in, method, line, &all);
    if (is_tracker(line))
        in->application = "BitTorrent";
    return judge_target(in, method, line, &c);
}

/* "HTTP/", in either case, as far as it goes. */
static bool may_be_status(struct cursor c)
{
    static const char begin[] = "http/";
    for (unsigned i = 0; begin[i] && !cursor_at_end(&c); i++) {
        int byte = cursor_u8(&c);
        if ((byte >= 'A' && byte <= 'Z' ? byte + 32 : byte) != begin[i])
            return false;
    }
    return true;
}

static enum answer judge_response(struct inspection *in, struct cursor c)
{
    struct cursor line;
    uint32_t status = 0;
    while (cursor_accept_text(&c, "\r\n"))
        ;
    if (!may_be_status(c))
        return NO;
    if (cursor_left(&c) < 12) {
        if (cursor_left(&c) < 8 || cursor_peek(&c, 6) != '.')
            return short_of(in, &c);
        cursor_skip(&c, 8); /* "HTTP/1.1" by itself, where a capture cuts */
        return likely_at_end(in, "status line", &c);
    }
    bool is_whole = take_line(&c, &line);
    cursor_skip(&line, 5);
    if (text_digits(&line, 1, NULL) != 1 || cursor_u8(&line) != '.' ||
        text_digits(&line, 1, NULL) != 1 || cursor_u8(&line) != ' ')
        return NO;
    while (cursor_accept_text(&line, " "))
        ;
    if (text_digits(&line, 3, &status) != 3 || status < 100)
        return is_whole || !cursor_at_end(&line) ? NO : short_of(in, &c);
    if (!cursor_at_end(&line) && cursor_peek(&line, 0) != ' ')
        return NO;
    return is_whole || in->is_final ? yes(in, "status line", &c) : wants_more(in, &c);
}

/* HTTP/0.9's answer is the document. */
static enum answer judge_document(struct inspection *in, struct cursor c)
{
    static const char *const begins[] = {"<html", "<!doctype", "<head", "<title", "<body"};
    while (cursor_peek(&c, 0) == '\r' || cursor_peek(&c, 0) == '\n' || is_blank(cursor_peek(&c, 0)))
        cursor_skip(&c, 1);
    for (unsigned i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        if (cursor_accept_nocase(&c, begins[i]))
            return likely(in, "document", &c);
    }
    bool is_open = cursor_at_end(&c) || (cursor_peek(&c, 0) == '<' && cursor_left(&c) < 9);
    return is_open ? short_of(in, &c) : NO;
}

/* What only scanners send, and a server of HTTP answers all the same. */
static bool is_line_of_text(struct cursor c)
{
    struct cursor line;
    return text_line(&c, LINE_LIMIT, &line) != LINE_BAD;
}

static enum answer judge_both(struct inspection *in, enum answer client, enum answer server)
{
    if (server != NO && client == NO && in->first_speaker == CLIENT && is_line_of_text(in->client))
        return server == YES ? LIKELY : server;
    if (client >= LIKELY && server == NO)
        server = judge_document(in, in->server);
    /* Joined late, one side may stand in the middle of a body. */
    enum answer known = client == NO ? server : client;
    if (in->is_midstream && (client == NO || server == NO) && !(known == LIKELY && !in->is_final))
        return known == YES ? LIKELY : known;
    if (client == NO || server == NO)
        return NO;
    if (client == LIKELY && server == YES)
        return YES;
    return client < server ? client : server;
}

static enum answer validate(struct inspection *in)
{
    enum answer client = in->client.size ? judge_request(in, in->client) : YES;
    enum answer server = in->server.size ? judge_response(in, in->server) : YES;
    if (both_spoke(in))
        return judge_both(in, client, server);
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

/* The response's first line grants it; false: not, or that cannot be told. */
static bool is_granted(const struct cursor *response, uint8_t asked)
{
    return cursor_starts_with(response, "HTTP/1.") &&
           cursor_peek(response, 9) == (asked == ASKED_CONNECT ? '2' : '1');
}

/* Goes on to the empty line that ends a head; `matched` keeps how much of it stood at the end of
 * the payload before. */
static bool pass_head(struct cursor *c, uint8_t *matched)
{
    static const char end[] = "\r\n\r\n";
    while (*matched < 4 && !cursor_at_end(c)) {
        uint8_t byte = cursor_u8(c);
        *matched = byte == (uint8_t)end[*matched] ? (uint8_t)(*matched + 1) : byte == '\r';
    }
    return *matched == 4;
}

static enum follow_answer follow(struct follow *f, struct cursor *payload)
{
    uint8_t *asked = &f->state[0], *is_answered = &f->state[1], *matched = &f->state[2];
    if (payload->side == CLIENT) {
        if (!*asked)
            *asked = asked_for(*payload);
        return *asked ? FOLLOW_ON : FOLLOW_DONE;
    }
    if (!*asked || (!*is_answered && !is_granted(payload, *asked)))
        return FOLLOW_DONE;
    if (!pass_head(payload, matched))
        return ++*is_answered < 8 ? FOLLOW_ON : FOLLOW_DONE;
    if (*asked != ASKED_CONNECT)
        f->speaks = *asked == ASKED_WEBSOCKET ? "WebSocket" : "HTTP2";
    return FOLLOW_SPEAKS;
}

static const struct signature signatures[] = {
    SIGNATURE(0, "HTTP/"),     SIGNATURE(0, "GET "),     SIGNATURE(0, "POST "),
    SIGNATURE(0, "HEAD "),     SIGNATURE(0, "PUT "),     SIGNATURE(0, "DELETE "),
    SIGNATURE(0, "OPTIONS "),  SIGNATURE(0, "CONNECT "), SIGNATURE(0, "PATCH "),
    SIGNATURE(0, "PROPFIND "),
};

const struct cdpi_protocol cdpi_protocol_http = {
    .name = "HTTP",
    .reference = "RFC 9112 sections 3 and 4, RFC 4918, BEP 3",
    .transports = OVER_TCP,
    .category = CATEGORY_WEB,
    .tcp_ports = PORTS(80, 8080, 3128, 8000, 8008, 8888),
    SIGNATURES(signatures),
    .is_unsigned = true,
    .is_text = true, /* any method */
    .validate = validate,
    .follow = follow,
};
