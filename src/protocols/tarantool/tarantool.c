/* SPDX-License-Identifier: MIT */
/*
 * Tarantool (its documentation, Binary protocol, Greeting message): the server begins with 128
 * bytes, two lines of 64 padded with blanks: "Tarantool", version, protocol and number; then a
 * salt in base 64. Requests and answers are MessagePack: a size, a map of the header, whose keys
 * are numbers (0 the code, 1 the request's number, 5 the schema's version), the body.
 */
#include "protocols/protocol.h"

enum {
    LINE = 64,
    GREETING = 128,
    UINT8 = 0xcc,
    UINT64 = 0xcf,
    UINT32 = 0xce,
    MAP_BITS = 0xf0,
    MAP = 0x80,
    CODE = 0,
    NUMBER = 1,
    LAST_KEY = 0x0f,
    SIZE_LIMIT = 1 << 24
};

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

/* MessagePack's unsigned numbers: one byte, or 1 to 8 bytes behind their kind. */
static bool read_number(struct cursor *c, uint64_t *value)
{
    uint8_t first = cursor_u8(c);
    *value = first;
    if (first < MAP)
        return true;
    if (first < UINT8 || first > UINT64)
        return c->ran_short;
    *value = 0;
    for (unsigned i = 0; i < 1u << (first - UINT8); i++)
        *value = *value << 8 | cursor_u8(c);
    return true;
}

/* Joined late: a packet's header; its request's number. */
static enum answer judge_packet(struct inspection *in, struct cursor c, uint64_t *request)
{
    uint8_t kind = cursor_u8(&c);
    uint32_t size = cursor_u32(&c);
    uint8_t map = cursor_u8(&c);
    if (kind != UINT32 || (!c.ran_short && (size < 4 || size > SIZE_LIMIT)))
        return NO;
    bool has_code = false, has_number = false;
    for (unsigned i = 0; i < (map & 0xfu) && !c.ran_short; i++) {
        uint8_t key = cursor_u8(&c);
        uint64_t value;
        if (key > LAST_KEY || !read_number(&c, &value))
            return NO;
        has_code |= key == CODE;
        has_number |= key == NUMBER;
        *request = key == NUMBER ? value : *request;
    }
    if (c.ran_short)
        return short_of(in, &c);
    return (map & MAP_BITS) == MAP && has_code && has_number ? likely(in, "packet", &c) : NO;
}

static enum answer judge_late(struct inspection *in)
{
    uint64_t request[2] = {0, 0};
    enum answer client = in->client.size ? judge_packet(in, in->client, &request[CLIENT]) : LIKELY;
    enum answer server = in->server.size ? judge_packet(in, in->server, &request[SERVER]) : LIKELY;
    if (client == LIKELY && server == LIKELY && both_spoke(in) &&
        request[CLIENT] == request[SERVER])
        return answer_at(in, YES, "request and answer", SERVER, 0, 6);
    return client < server ? client : server;
}

static enum answer validate(struct inspection *in)
{
    bool is_late = cursor_peek(&in->server, 0) == UINT32 || (in->server.size == 0 && in->is_final);
    return is_late ? judge_late(in) : judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "Tarantool "),
    SIGNATURE_MASKED(0, "\xce\0\0\0\0\x80\0", "\xff\xff\0\0\0\xf8\xfe"),
};

const struct cdpi_protocol cdpi_protocol_tarantool = {
    .name = "Tarantool",
    .reference = "Tarantool documentation, Binary protocol: Greeting message",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(3301),
    SIGNATURES(signatures),
    .validate = validate,
};
