/* SPDX-License-Identifier: MIT */
/*
 * Icecast and SHOUTcast (icecast.org's source, "Icecast protocol specification" by its users): HTTP
 * whose server answers "ICY 200 OK", or whose client is a source: "SOURCE /mount HTTP/1.0" or
 * "SOURCE /mount ICE/1.0". SHOUTcast's sources (libshout's proto_icy, Icecast's
 * _handle_shoutcast_compatible) say a line with the password, the server "OK2" and "icy-caps:",
 * the source its headers, "icy-name:" and others.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 1024 };

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "ICY "))
        return cursor_may_start_with(&c, "ICY ") ? short_of(in, &c) : NO;
    uint32_t code = 0;
    if (cursor_left(&c) < 4)
        return short_of(in, &c);
    if (text_digits(&c, 3, &code) != 3 || code < 200 || code > 599)
        return NO;
    if (!cursor_at_end(&c) && cursor_peek(&c, 0) > ' ')
        return NO;
    return yes(in, "ICY status", &c);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    struct cursor line;
    /* A listener's request is HTTP: the server's status tells. */
    if (cursor_may_start_with(&c, "GET "))
        return in->server.size && cursor_left(&c) >= 4 ? yes(in, "request", &c) : short_of(in, &c);
    if (!cursor_may_start_with(&c, "SOURCE /"))
        return NO;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state == LINE_OPEN)
        return short_of(in, &c);
    if (state == LINE_BAD || line.size < 16)
        return NO;
    cursor_skip(&line, line.size - 8);
    return cursor_starts_with(&line, " ICE/1.0") || cursor_starts_with(&line, "HTTP/1.0") ||
                   cursor_starts_with(&line, "HTTP/1.1")
               ? yes(in, "source", &c)
               : NO;
}

static enum answer judge_welcome(struct inspection *in, struct cursor c)
{
    struct cursor line;
    if (text_line(&c, LINE_LIMIT, &line) != LINE_WHOLE)
        return short_of(in, &c);
    if (line.size != 3)
        return NO;
    if (!cursor_may_start_with(&c, "icy-caps:"))
        return NO;
    return cursor_left(&c) >= 9 ? yes(in, "source's welcome", &c) : short_of(in, &c);
}

/* The password, and headers when it was welcome. */
static enum answer judge_password(struct inspection *in, struct cursor c)
{
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state != LINE_WHOLE)
        return state == LINE_OPEN ? short_of(in, &c) : NO;
    return cursor_may_start_with(&c, "icy-") ? yes(in, "password, headers", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    if (in->server.size > 0 && cursor_may_start_with(&in->server, "OK2"))
        return judge_sides(in, judge_password, judge_welcome);
    bool is_source = in->client.size > 0 && cursor_may_start_with(&in->client, "SOURCE /");
    if (is_source) /* answered in HTTP's words, or in its own */
        return judge_sides(in, judge_client, NULL);
    if (in->server.size == 0)
        return judge_client(in, in->client);
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {SIGNATURE(0, "ICY 200"),  SIGNATURE(0, "ICY 3"),
                                              SIGNATURE(0, "ICY 4"),    SIGNATURE(0, "ICY 5"),
                                              SIGNATURE(0, "SOURCE /"), SIGNATURE(0, "OK2\r\n")};

const struct cdpi_protocol cdpi_protocol_icecast = {
    .name = "Icecast",
    .reference = "how Icecast 2 and SHOUTcast answer (icecast.org); no specification was published",
    .transports = OVER_TCP,
    .category = CATEGORY_STREAMING,
    .tcp_ports = PORTS(8000),
    SIGNATURES(signatures),
    .validate = validate,
    .refines = "HTTP",
};
