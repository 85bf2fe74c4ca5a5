/* SPDX-License-Identifier: MIT */
/*
 * AJP 1.3, how web servers hand requests to Tomcat ("AJPv13", packet headers): from the web server
 * 12 34 and a length, from the container "AB" and a length, then a code.
 *
 *     2  forward request: method (1 to 27), strings (length (16), text, 0): protocol, uri ...
 *     4  headers: status (16), message        3 chunk    5 end    6 give more    10 ping    9 pong
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { FORWARD = 2, CHUNK, HEADERS, END, GET_MORE, SHUTDOWN, PONG = 9, PING };
enum { METHODS = 27, SIZE_LIMIT = 8192 };

static enum answer judge_forward(struct inspection *in, struct cursor c)
{
    uint8_t method = cursor_u8(&c);
    uint16_t length = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_method = (method >= 1 && method <= METHODS) || method == 0xff;
    if (!is_method || length < 8 || length > 9 || !cursor_may_start_with(&c, "HTTP/"))
        return NO;
    return cursor_accept_text(&c, "HTTP/") ? yes(in, "forward request", &c) : short_of(in, &c);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint16_t magic = cursor_u16(&c);
    uint16_t length = cursor_u16(&c);
    uint8_t code = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (magic != 0x1234 || length == 0 || length > SIZE_LIMIT)
        return NO;
    if (code == FORWARD)
        return judge_forward(in, c);
    return code == PING && length == 1 ? yes(in, "ping", &c) : NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    bool is_magic = cursor_accept_text(&c, "AB");
    uint16_t length = cursor_u16(&c);
    uint8_t code = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (!is_magic || length == 0 || length > SIZE_LIMIT)
        return NO;
    if (code == PONG)
        return length == 1 ? yes(in, "pong", &c) : NO;
    if (code == GET_MORE)
        return length == 3 ? yes(in, "give more", &c) : NO;
    if (code == END)
        return length == 2 ? likely(in, "end", &c) : NO;
    uint16_t status = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (code != HEADERS || status < 100 || status > 599 || length < 8)
        return NO;
    return both_spoke(in) ? yes(in, "headers", &c) : likely(in, "headers", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x12\x34\x00\x00\x02", "\xff\xff\xc0\x00\xff"),
    SIGNATURE(0, "\x12\x34\x00\x01\x0a"),
    SIGNATURE_MASKED(0, "AB\x00\x00\x00", "\xff\xff\xc0\x00\xf0"),
};

const struct cdpi_protocol cdpi_protocol_ajp = {
    .name = "AJP",
    .reference = "Apache Tomcat Connectors, AJPv13",
    .transports = OVER_TCP,
    .category = CATEGORY_WEB,
    .tcp_ports = PORTS(8009),
    SIGNATURES(signatures),
    .validate = validate,
};
