/* SPDX-License-Identifier: MIT */
/*
 * memcached, its protocol.txt and protocol-binary.txt. Text: "get KEY", "set KEY flags time size",
 * answered by "VALUE", "STORED", "END" and the like. Binary, 24 bytes, which Couchbase speaks too:
 *
 *     80 request | 81 response(1) opcode(1) key(2) extras(1) type 0(1) status(2) body(4) opaque(4)
 *     cas(8)
 *
 * Over UDP eight bytes stand before both: request(2) number(2) of(2) zeros(2).
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum {
    HEADER = 24,
    FRAME = 8,
    REQUEST = 0x80,
    RESPONSE = 0x81,
    LINE_LIMIT = 2048,
    BODY_LIMIT = 20 << 20,
    KEY_LIMIT = 250
};

/* "get a b", "gets", "gat 10 a", "incr a 1", "delete a", "touch a 1": a key at least. */
static unsigned retrieval_bits(struct cursor line)
{
    static const char *const words[] = {"get",   "gets", "gat", "gats", "incr", "decr", "delete",
                                        "touch", "mg",   "ms",  "md",   "ma",   NULL};
    static const uint8_t worth[] = {18, 22, 22, 26, 26, 26, 26, 26, 14, 14, 14, 14};
    int word = text_word(&line, words);
    if (word < 0 || !cursor_accept_text(&line, " "))
        return 0;
    return cursor_left(&line) >= 1 && cursor_peek(&line, 0) != '/' ? worth[word] : 0;
}

/* "set KEY flags time size [noreply]". */
static unsigned storage_bits(struct cursor line)
{
    static const char *const words[] = {"set", "add", "replace", "append", "prepend", "cas", NULL};
    uint32_t numbers = 0;
    if (text_word(&line, words) < 0 || !cursor_accept_text(&line, " "))
        return 0;
    int32_t key = cursor_find(&line, ' ', KEY_LIMIT + 1);
    if (key < 1)
        return 0;
    cursor_skip(&line, (uint32_t)key);
    while (cursor_accept_text(&line, " ") && text_digits(&line, 20, NULL) > 0)
        numbers++;
    return numbers >= 3 ? 44 : 0;
}

static unsigned plain_bits(struct cursor line)
{
    static const char *const words[] = {"stats", "version", "flush_all", "verbosity", "mn", NULL};
    static const uint8_t worth[] = {20, 16, 40, 40, 10};
    int word = text_word(&line, words);
    return word < 0 ? 0 : worth[word];
}

static unsigned request_bits(struct cursor line)
{
    unsigned bits = storage_bits(line);
    if (!bits)
        bits = retrieval_bits(line);
    return bits ? bits : plain_bits(line);
}

static unsigned response_bits(struct cursor line)
{
    static const char *const words[] = {"value",        "stored",    "end",     "not_stored",
                                        "exists",       "not_found", "deleted", "touched",
                                        "stat",         "version",   "error",   "client_error",
                                        "server_error", "ok",        NULL};
    static const uint8_t worth[] = {34, 40, 22, 44, 40, 40, 40, 40, 26, 24, 16, 40, 40, 12};
    int word = text_word(&line, words);
    if (word >= 0)
        return worth[word];
    return text_digits(&line, 20, NULL) > 0 && cursor_at_end(&line) ? 8 : 0;
}

static int weigh_text(struct cursor c, bool *is_open)
{
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    *is_open = state == LINE_OPEN;
    if (state != LINE_WHOLE)
        return state == LINE_OPEN ? 0 : -1;
    unsigned bits = c.side == CLIENT ? request_bits(line) : response_bits(line);
    return bits ? (int)bits : -1;
}

/* How large a request's extras are, by its opcode: 8 for what stores, 20 for what counts, 4 for
 * expirations and levels, which FLUSH may leave out; none for the rest. Opcodes from 0x23 on are
 * Couchbase's. */
static bool extras_fit(uint8_t opcode, uint8_t extras)
{
    static const uint8_t of[] = {
        [0x01] = 8, [0x02] = 8, [0x03] = 8, [0x05] = 20, [0x06] = 20, [0x08] = 4,
        [0x11] = 8, [0x12] = 8, [0x13] = 8, [0x15] = 20, [0x16] = 20, [0x18] = 4,
        [0x1b] = 4, [0x1c] = 4, [0x1d] = 4, [0x1e] = 4,  [0x22] = 0};
    bool may_lack = opcode == 0x08 || opcode == 0x18;
    return opcode >= sizeof of || extras == of[opcode] || (may_lack && extras == 0);
}

/* The parts of the body hold within it; the opcodes are few. */
static enum answer judge_binary(struct inspection *in, struct cursor c)
{
    uint32_t began = c.at;
    uint8_t magic = cursor_u8(&c), opcode = cursor_u8(&c);
    uint16_t key = cursor_u16(&c);
    uint8_t extras = cursor_u8(&c), type = cursor_u8(&c);
    uint16_t status = cursor_u16(&c);
    uint32_t body = cursor_u32(&c);
    cursor_skip(&c, 12);
    bool is_request = magic == REQUEST, is_response = magic == RESPONSE;
    if ((!is_request && !is_response) || c.ran_short)
        return c.ran_short && (is_request || is_response) ? short_of(in, &c) : NO;
    if (key > KEY_LIMIT || extras > 64 || type > 1 || body > BODY_LIMIT ||
        (uint32_t)key + extras > body || (is_response && status > 0x100) || opcode == 0x4f ||
        (is_request && !extras_fit(opcode, extras)))
        return NO;
    bool fills = is_udp(in) && fills_datagram(in, &c, began + HEADER + body);
    if (is_udp(in) && !fills)
        return NO;
    unsigned bits = 8 + 8 + 7 + 16 + (key > 0 ? 6u : 0) + (is_response ? 4u : 0);
    return answer_by_bits(in, fills ? bits + 8 : bits, is_request ? "request" : "response", &c);
}

/* What is before the request over UDP; one datagram of one, mostly. */
static bool pass_frame(struct cursor *c)
{
    cursor_skip(c, 2);
    uint16_t number = cursor_u16(c), of = cursor_u16(c), zeros = cursor_u16(c);
    return !c->ran_short && zeros == 0 && of >= 1 && number < of && of <= 1024;
}

static bool is_binary(const struct cursor *c)
{
    return cursor_peek(c, 0) == REQUEST || cursor_peek(c, 0) == RESPONSE;
}

static enum answer validate(struct inspection *in)
{
    struct cursor client = in->client, server = in->server;
    bool frames = (!is_udp(in) || !client.size || pass_frame(&client)) &&
                  (!is_udp(in) || !server.size || pass_frame(&server));
    if (!frames)
        return NO;
    if (is_binary(&client) || is_binary(&server)) {
        enum answer first = in->client.size ? judge_binary(in, client) : YES;
        if (first == NO || !in->server.size)
            return first;
        enum answer second = judge_binary(in, server);
        return second < first ? second : first;
    }
    bool client_open = false, server_open = false;
    int asked = in->client.size ? weigh_text(client, &client_open) : 0;
    int answered = in->server.size ? weigh_text(server, &server_open) : 0;
    if (asked < 0 || answered < 0)
        return NO;
    if ((client_open || server_open) && !in->is_final && !is_udp(in))
        return MORE;
    int frame_bits = is_udp(in) ? 24 : 0;
    return answer_by_sides(in, asked + (in->client.size ? frame_bits : 0), answered, "text");
}

static const struct signature signatures[] = {
    {.transports = OVER_TCP, .size = 4, .bytes = "get "},
    {.transports = OVER_TCP, .size = 5, .bytes = "gets "},
    {.transports = OVER_TCP, .size = 4, .bytes = "set "},
    {.transports = OVER_TCP, .size = 4, .bytes = "add "},
    {.transports = OVER_TCP, .size = 4, .bytes = "cas "},
    {.transports = OVER_TCP, .size = 5, .bytes = "incr "},
    {.transports = OVER_TCP, .size = 5, .bytes = "decr "},
    {.transports = OVER_TCP, .size = 7, .bytes = "delete "},
    {.transports = OVER_TCP, .size = 6, .bytes = "touch "},
    {.transports = OVER_TCP, .size = 5, .bytes = "stats"},
    {.transports = OVER_TCP, .size = 7, .bytes = "version"},
    {.transports = OVER_TCP, .size = 9, .bytes = "flush_all"},
    {.transports = OVER_TCP, .size = 6, .bytes = "VALUE "},
    {.transports = OVER_TCP, .size = 6, .bytes = "STORED"},
    {.transports = OVER_TCP, .size = 5, .bytes = "STAT "},
    {.transports = OVER_TCP, .size = 6, .bytes = "\x80\0\0\0\0\0", .mask = "\xfe\0\xff\0\xc0\xff"},
    {.transports = OVER_UDP,
     .offset = 2,
     .size = 6,
     .bytes = "\0\0\0\x01\0\0",
     .min_size = FRAME + 3},
};

const struct cdpi_protocol cdpi_protocol_memcached = {
    .name = "memcached",
    .reference = "memcached 1.6, doc/protocol.txt and doc/protocol-binary.txt",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(11211),
    .udp_ports = PORTS(11211),
    SIGNATURES(signatures),
    .validate = validate,
};
