/* SPDX-License-Identifier: MIT */
/*
 * Modbus/TCP. MODBUS Messaging on TCP/IP Implementation Guide V1.0b section 3.1.3, one header a
 * message:
 *
 *     transaction(2) protocol(2) = 0 length(2) unit(1) function(1) data(length - 2)
 *
 * and MODBUS Application Protocol V1.1b3 section 6 for what each function carries: a request's size
 * follows from its function, a response's from a count of bytes within. Function 90 is Schneider's
 * UMAS.
 */
#include "protocols/protocol.h"

enum { HEADER = 7, MOST = 254, UMAS = 90, EXCEPTION = 0x80, MESSAGES = 8, UNKNOWN_BITS = 24 };

/* Quantity of what is read or written, section 6. */
static bool in_range(uint16_t count, uint16_t most)
{
    return count >= 1 && count <= most;
}

static bool is_known(uint8_t function)
{
    function &= 0x7f;
    return (function >= 1 && function <= 8) || function == 11 || function == 12 ||
           (function >= 15 && function <= 17) || (function >= 20 && function <= 24) ||
           function == 43 || function == UMAS;
}

/* The size of a request's function code and data agrees with its content. */
static bool is_request(uint8_t function, struct cursor c)
{
    int first = cursor_peek(&c, 0);
    cursor_skip(&c, 2); /* address */
    uint16_t value = cursor_u16(&c);
    uint8_t bytes = (uint8_t)cursor_peek(&c, 0);
    switch (function) {
    case 1:
    case 2:
        return c.size == 4 && in_range(value, 2000);
    case 3:
    case 4:
        return c.size == 4 && in_range(value, 125);
    case 5:
        return c.size == 4 && (value == 0 || value == 0xff00);
    case 6:
        return c.size == 4;
    case 15:
        return in_range(value, 1968) && bytes == (value + 7) / 8 && c.size == 5u + bytes;
    case 16:
        return in_range(value, 123) && bytes == 2 * value && c.size == 5u + bytes;
    case 8:
        return c.size >= 4 && c.size % 2 == 0;
    case 20:
    case 21:
        return c.size >= 8 && first == (int)c.size - 1;
    case 22:
        return c.size == 6;
    case 24:
        return c.size == 2;
    case 23:
        return c.size >= 11 && in_range(value, 125);
    case 7:
    case 11:
    case 12:
    case 17:
        return c.size == 0;
    case 43:
        return c.size == 3 && first == 14;
    default:
        return function == UMAS ? c.size >= 2 : !is_known(function);
    }
}

static bool is_response(uint8_t function, struct cursor c)
{
    if (function & EXCEPTION && !is_known(function & 0x7f))
        return true;
    if (function & EXCEPTION)
        return c.size == 1 && cursor_peek(&c, 0) >= 1 && cursor_peek(&c, 0) <= 11;
    switch (function) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 12:
    case 17:
    case 23:
        return c.size >= 2 && cursor_u8(&c) == c.size - 1;
    case 15:
    case 16:
        return c.size == 4;
    case 7:
        return c.size == 1;
    case 20:
        return c.size >= 4 && cursor_u8(&c) == c.size - 1;
    case 24:
        return c.size >= 4 && cursor_u16(&c) == c.size - 2;
    case 11:
        return c.size == 4;
    case 43:
        return c.size >= 7 && cursor_u8(&c) == 14;
    default:
        return is_request(function, c);
    }
}

/* Of a message that a capture cut: 24 zero bits, and a length that is that of a usual request, or
 * agrees with a response's count of bytes. */
static bool does_head_tell(const struct cursor *c, bool is_client)
{
    uint16_t length = cursor_peek_u16(c, 4);
    int function = cursor_peek(c, HEADER), count = cursor_peek(c, HEADER + 1);
    if (cursor_peek_u16(c, 2) != 0 || function < 1)
        return false;
    return is_client ? function <= 6 && length == 6
                     : function <= 4 && count > 0 && length == count + 3;
}

static enum answer judge_cut(struct inspection *in, const struct cursor *c, bool is_client)
{
    struct cursor whole = *c;
    cursor_seek(&whole, 0);
    if (!does_head_tell(&whole, is_client))
        return short_of(in, c);
    if (is_udp(in) && is_cut(in, c) && fills_datagram(in, c, 6u + cursor_peek_u16(&whole, 4)))
        return likely(in, "message's head", c);
    return likely_at_end(in, "message's head", c);
}

/* Walks the messages of a side. 24 zero bits, 8 of length, and what the content adds. */
static enum answer judge(struct inspection *in, struct cursor c, bool is_client)
{
    unsigned bits = 0;
    for (int i = 0; i < MESSAGES && !cursor_at_end(&c); i++) {
        cursor_skip(&c, 2);
        uint16_t protocol = cursor_u16(&c), length = cursor_u16(&c);
        if (!c.ran_short && (protocol != 0 || length < 2 || length > MOST))
            return NO;
        cursor_skip(&c, 1);
        uint8_t function = cursor_u8(&c);
        if (!c.ran_short && i > 0 && !is_known(function))
            break;
        struct cursor data = cursor_take(&c, c.ran_short ? 0 : length - 2u);
        if (c.ran_short && i == 0)
            return judge_cut(in, &c, is_client);
        if (c.ran_short)
            break;
        if (!(is_client ? is_request(function, data) : is_response(function, data)))
            return i > 0 && !is_udp(in) ? likely(in, "message, and an odd one", &c) : NO;
        if (!is_known(function)) /* a vendor's, or refused: the other side has to tell */
            return answer_by_bits(in, UNKNOWN_BITS, "function", &c);
        bits += is_client && function <= 16 ? 42 : 34;
    }
    if (is_udp(in) && !cursor_at_end(&c))
        return NO;
    return answer_by_bits(in, bits, is_client ? "request" : "response", &c);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    return judge(in, c, true);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    return judge(in, c, false);
}

/* Length 3, an exception's function and its code; nothing behind it. */
static bool is_refusal(struct cursor c)
{
    return c.size == HEADER + 2 && cursor_peek_u16(&c, 4) == 3 &&
           cursor_peek(&c, HEADER) & EXCEPTION && cursor_peek(&c, HEADER + 1) >= 1 &&
           cursor_peek(&c, HEADER + 1) <= 11;
}

/* Transaction, unit and function come back as they were sent. */
static bool answers(const struct inspection *in)
{
    return cursor_peek_u16(&in->client, 0) == cursor_peek_u16(&in->server, 0) &&
           cursor_peek(&in->client, 6) == cursor_peek(&in->server, 6) &&
           cursor_peek(&in->client, HEADER) == (cursor_peek(&in->server, HEADER) & 0x7f) &&
           (is_known((uint8_t)cursor_peek(&in->client, HEADER)) || is_refusal(in->server));
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge_client, judge_server);
    if (answer != NO && answer != YES && both_spoke(in) && in->server.size > HEADER && answers(in))
        return answer_at(in, YES, "request and response", SERVER, 0, HEADER + 1);
    return answer;
}

static const struct signature signatures[] = {
    {.offset = 2, .size = 3, .bytes = "\0\0\0", .min_size = 8, .max_size = 260},
};

const struct cdpi_protocol cdpi_protocol_modbus = {
    .name = "Modbus",
    .reference =
        "MODBUS Messaging on TCP/IP V1.0b section 3.1.3; Application Protocol V1.1b3 section 6",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(502),
    .udp_ports = PORTS(502),
    SIGNATURES(signatures),
    .validate = validate,
};
