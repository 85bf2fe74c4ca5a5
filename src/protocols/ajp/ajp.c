/* SPDX-License-Identifier: MIT */
/*
 * AJP 1.3, how web servers hand requests to Tomcat ("AJPv13", packet headers): from the web server
 * 12 34 and a length, from the container "AB" and a length, then a code.
 *
 *     2  forward request: method (1 to 27), strings (length (16), text, 0): protocol, uri ...
 *     4  headers: status (16), message     3 chunk: length (16), data, 0     5 end: 0 or 1
 *     6  give more: length (16)            10 ping                          9 pong
 *
 * A request's body has no code: a length (16) and data. A packet is 8 KiB by default, and as large
 * as its length allows where both are told so (Tomcat's packetSize).
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { FORWARD = 2, CHUNK, HEADERS, END, GET_MORE, SHUTDOWN, PONG = 9, PING };
enum { METHODS = 27, NO_STRING = 0xffff, LEAST_HEADERS = 7, SMALL = 8192 };

static enum answer judge_forward(struct inspection *in, struct cursor c)
{
    uint8_t method = cursor_u8(&c);
    uint16_t length = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_method = (method >= 1 && method <= METHODS) || method == 0xff;
    if (!is_method || length < 8 || length > 9 || !cursor_may_start_with(&c, "HTTP/"))
        return NO;
    return cursor_accept_text(&c, "HTTP/") ? yes(in, "forward request", &c)
                                           : likely_at_end(in, "forward request", &c);
}

/* A packet's data that are as long as it says: 32 bits. What the other side says bears it. */
static enum answer judge_data(struct inspection *in, struct cursor c, const char *rule)
{
    return both_spoke(in) ? yes(in, rule, &c) : likely(in, rule, &c);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint16_t magic = cursor_u16(&c);
    uint16_t length = cursor_u16(&c);
    uint8_t code = cursor_u8(&c);
    if (!c.ran_short && (magic != 0x1234 || length == 0))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (length == 1)
        return code == PING || code == SHUTDOWN ? yes(in, "ping", &c) : NO;
    enum answer forward = code == FORWARD ? judge_forward(in, c) : NO;
    int low = cursor_peek(&c, 0);
    if (forward != NO || low < 0)
        return forward != NO ? forward : short_of(in, &c);
    bool is_body = length > 2 && length <= SMALL && code * 256 + low == length - 2;
    return is_body ? judge_data(in, c, "request's body") : NO;
}

/* Status, and a message that ends in 0 (Tomcat 8 sends an empty one, 9 the status again). */
static enum answer judge_headers(struct inspection *in, struct cursor c, uint16_t length)
{
    uint16_t status = cursor_u16(&c), size = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (status < 100 || status > 999 || length < LEAST_HEADERS)
        return NO;
    if (size == NO_STRING)
        return judge_data(in, c, "headers");
    if (size + LEAST_HEADERS >= length)
        return NO;
    cursor_skip(&c, size);
    uint8_t end = cursor_u8(&c);
    if (c.ran_short)
        return likely_at_end(in, "headers", &c);
    return end == 0 ? judge_data(in, c, "headers") : NO;
}

/* The length of the data, which a 0 follows; Tomcat sends empty ones to flush what it has. */
static enum answer judge_chunk(struct inspection *in, struct cursor c, uint16_t length)
{
    uint16_t size = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return size + 4 == length || size + 3 == length ? judge_data(in, c, "chunk") : NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    bool is_magic = cursor_accept_text(&c, "AB");
    uint16_t length = cursor_u16(&c);
    uint8_t code = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (!is_magic || length == 0)
        return NO;
    if (code == HEADERS)
        return judge_headers(in, c, length);
    if (code == CHUNK)
        return judge_chunk(in, c, length);
    if (code == PONG)
        return length == 1 ? yes(in, "pong", &c) : NO;
    if (code == GET_MORE)
        return length == 3 ? yes(in, "give more", &c) : NO;
    uint8_t is_reused = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return code == END && length == 2 && is_reused <= 1 ? yes(in, "end", &c) : NO;
}

/* A stream that is joined late stands in a request's body on one side, or within a chunk. */
static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x12\x34\x00\x00\x02", "\xff\xff\x00\x00\xff"),
    SIGNATURE_MASKED(0, "\x12\x34\x00\x01\x07", "\xff\xff\xff\xff\xf2"), /* 7, 10 */
    SIGNATURE_MASKED(0, "\x12\x34\x00\x00\x00", "\xff\xff\xc0\x00\xc0"), /* a body */
    SIGNATURE_MASKED(0, "AB\x00\x00\x00", "\xff\xff\x00\x00\xf0"),
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
