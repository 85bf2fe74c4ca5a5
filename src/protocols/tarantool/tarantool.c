/* SPDX-License-Identifier: MIT */
/*
 * Tarantool (its documentation, Binary protocol, Greeting message): the server begins with 128
 * bytes, two lines of 64 padded with blanks: "Tarantool", version, protocol and number; then a
 * salt in base 64. Requests are MessagePack: a size, a map of the header.
 */
#include "protocols/protocol.h"

enum { LINE = 64, GREETING = 128, UINT32 = 0xce, MAP_BITS = 0xf0, MAP = 0x80 };

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "Tarantool "))
        return NO;
    if (c.size < GREETING)
        return wants(in, SERVER, GREETING);
    bool has_lines = cursor_peek(&c, LINE - 1) == '\n' && cursor_peek(&c, GREETING - 1) == '\n';
    if (!has_lines)
        return NO;
    cursor_skip(&c, GREETING);
    return yes(in, "greeting", &c);
}

/* Who connects as a text console says anything. */
static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (in->server.size)
        return YES;
    uint8_t size = cursor_u8(&c);
    cursor_skip(&c, 4);
    uint8_t header = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return size == UINT32 && (header & MAP_BITS) == MAP ? wants(in, SERVER, GREETING) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {SIGNATURE(0, "Tarantool ")};

const struct cdpi_protocol cdpi_protocol_tarantool = {
    .name = "Tarantool",
    .reference = "Tarantool documentation, Binary protocol: Greeting message",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(3301),
    SIGNATURES(signatures),
    .validate = validate,
};
