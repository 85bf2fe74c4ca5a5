/* SPDX-License-Identifier: MIT */
/*
 * memcached, its protocol.txt and protocol-binary.txt. Text: "get KEY", "set KEY flags time size",
 * "mg KEY flags", answered by "VALUE", "STORED", "HD" and the like. Binary, 24 bytes, which
 * Couchbase speaks too:
 *
 *     80 request | 81 response(1) opcode(1) key(2) extras(1) type 0(1) status(2) body(4) opaque(4)
 *     cas(8)
 *
 * Over UDP eight bytes stand before both: request(2) number(2) of(2) zeros(2).
 */
#include "framing/commands.h"
#include "protocols/protocol.h"

enum {
    HEADER = 24,
    FRAME = 8,
    REQUEST = 0x80,
    RESPONSE = 0x81,
    LINE_LIMIT = 8192, /* of many keys; never passed in what is looked at */
    BODY_LIMIT = 20 << 20,
    KEY_LIMIT = 250,
    BITS_BINARY = 34, /* magic, sizes, a type of eight, extras or a status */
    LAST_TYPE = 7     /* Couchbase: JSON, compressed, with attributes */
};

static const struct command requests[] = {
    {"cache_memlimit", 44, ARGUMENTS_NUMBER, false},
    {"config get cluster", 44, ARGUMENTS_NONE, false}, /* ElastiCache */
    {"decr", 30, ARGUMENTS_SOME, false},
    {"delete", 20, ARGUMENTS_SOME, false},
    {"flush_all", 40, ARGUMENTS_ANY, false},
    {"get", 18, ARGUMENTS_SOME, false},
    {"gets", 22, ARGUMENTS_SOME, false},
    {"gat", 26, ARGUMENTS_NUMBER, false},
    {"gats", 30, ARGUMENTS_NUMBER, false},
    {"incr", 30, ARGUMENTS_SOME, false},
    {"lru_crawler", 40, ARGUMENTS_SOME, false},
    {"ma", 16, ARGUMENTS_SOME, false},
    {"md", 16, ARGUMENTS_SOME, false},
    {"me", 16, ARGUMENTS_SOME, false},
    {"mg", 16, ARGUMENTS_SOME, false},
    {"mn", 10, ARGUMENTS_NONE, false},
    {"ms", 16, ARGUMENTS_SOME, true},
    {"quit", 4, ARGUMENTS_NONE, false},
    {"stats", 20, ARGUMENTS_ANY, false},
    {"touch", 30, ARGUMENTS_SOME, false},
    {"verbosity", 40, ARGUMENTS_NUMBER, false},
    {"version", 16, ARGUMENTS_NONE, false},
};

static const struct command responses[] = {
    {"client_error", 40, ARGUMENTS_SOME, true},
    {"config cluster", 44, ARGUMENTS_NUMBER, true},
    {"deleted", 30, ARGUMENTS_NONE, true},
    {"end", 22, ARGUMENTS_NONE, true},
    {"en", 20, ARGUMENTS_NONE, true},
    {"error", 16, ARGUMENTS_NONE, true},
    {"exists", 30, ARGUMENTS_NONE, true},
    {"ex", 18, ARGUMENTS_ANY, true},
    {"hd", 20, ARGUMENTS_ANY, true},
    {"me", 18, ARGUMENTS_SOME, true},
    {"mn", 20, ARGUMENTS_NONE, true},
    {"not_stored", 44, ARGUMENTS_NONE, true},
    {"not_found", 30, ARGUMENTS_NONE, true},
    {"nf", 20, ARGUMENTS_ANY, true},
    {"ns", 20, ARGUMENTS_ANY, true},
    {"ok", 12, ARGUMENTS_NONE, true},
    {"server_error", 40, ARGUMENTS_SOME, true},
    {"stat", 26, ARGUMENTS_SOME, false},
    {"stored", 40, ARGUMENTS_NONE, true},
    {"touched", 30, ARGUMENTS_NONE, true},
    {"value", 34, ARGUMENTS_SOME, true},
    {"va", 24, ARGUMENTS_NUMBER, true},
    {"version", 26, ARGUMENTS_SOME, true},
};

/* "KEY 5", "KEY 1 noreply", "KEY 0 5 1": numbers behind the key. */
static uint32_t numbers_behind(struct cursor line)
{
    uint32_t numbers = 0;
    int32_t key = cursor_find(&line, ' ', KEY_LIMIT + 1);
    if (key < 1)
        return 0;
    cursor_skip(&line, (uint32_t)key);
    while (cursor_accept_text(&line, " ")) {
        cursor_accept_text(&line, "-"); /* a time that is over */
        if (text_digits(&line, 20, NULL) == 0)
            break;
        numbers++;
    }
    return numbers;
}

/* "set KEY flags time size [noreply]". */
static unsigned storage_bits(struct cursor line)
{
    static const char *const words[] = {"set", "add", "replace", "append", "prepend", "cas", NULL};
    if (text_word(&line, words) < 0 || !cursor_accept_text(&line, " "))
        return 0;
    return numbers_behind(line) >= 3 ? 44 : 0;
}

/* Some have a number behind the key; a job's number alone is beanstalkd's. */
static bool are_arguments(const struct command *command, struct cursor line)
{
    cursor_skip(&line, (uint32_t)strlen(command->word));
    if (!cursor_accept_text(&line, " "))
        return true;
    bool wants_number = command->bits == 30 && command->arguments == ARGUMENTS_SOME;
    if (wants_number || strcmp(command->word, "value") == 0)
        return numbers_behind(line) >= 1;
    if (strcmp(command->word, "delete") == 0)
        return !command_are_numbers(line);
    return cursor_peek(&line, 0) != '/';
}

/* Commands are in lower case, answers in upper case. */
static bool is_in_case(const struct cursor *line)
{
    int first = cursor_peek(line, 0), second = cursor_peek(line, 1);
    char from = line->side == CLIENT ? 'a' : 'A', to = line->side == CLIENT ? 'z' : 'Z';
    return first >= from && first <= to && second >= from && second <= to;
}

static unsigned line_bits(struct cursor line, bool *is_last)
{
    *is_last = true;
    if (!is_in_case(&line))
        return line.side == SERVER && text_digits(&line, 20, NULL) > 0 && cursor_at_end(&line) ? 8
                                                                                               : 0;
    unsigned bits = line.side == CLIENT ? storage_bits(line) : 0;
    if (bits)
        return bits;
    const struct command *command =
        command_of(line.side == CLIENT ? COMMANDS(requests) : COMMANDS(responses), line);
    if (!command || !are_arguments(command, line))
        return 0;
    *is_last = command->is_last;
    return command->bits;
}

/* Nothing more will come: a line without its end is judged as it is. */
static bool is_whole(const struct inspection *in, const struct cursor *c)
{
    return in->is_final || is_cut(in, c);
}

/* The first line must be one, but where a capture begins within a value; those behind it add up as
 * long as they are. */
static int weigh_text(const struct inspection *in, struct cursor c, bool *is_open)
{
    struct cursor line;
    unsigned bits = 0;
    bool is_last = false, is_final = is_whole(in, &c);
    for (unsigned i = 0; !is_last && bits < BITS_FOR_YES && !cursor_at_end(&c); i++) {
        enum text_line state = text_line(&c, LINE_LIMIT, &line);
        if (state == LINE_OPEN && !is_final) {
            *is_open = i == 0;
            return (int)bits;
        }
        unsigned more = state == LINE_BAD ? 0 : line_bits(line, &is_last);
        bool is_within = in->is_midstream && i == 0 && state == LINE_WHOLE;
        if (more == 0 && !is_within)
            return bits ? (int)bits : -1;
        is_last = is_last && more > 0;
        bits += more;
    }
    return (int)bits;
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
/* Of memcached's own answers, those that name the key. */
static bool may_bring_key(uint8_t opcode)
{
    enum { GETK = 0x0c, GETKQ = 0x0d, STAT = 0x10, GATK = 0x23, GATKQ = 0x24, FIRST_OTHER = 0x40 };
    return opcode == GETK || opcode == GETKQ || opcode == STAT || opcode == GATK ||
           opcode == GATKQ || opcode >= FIRST_OTHER;
}

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
    if (key > KEY_LIMIT || extras > 64 || type > LAST_TYPE || body > BODY_LIMIT ||
        (uint32_t)key + extras > body || (is_response && status > 0x100) || opcode == 0x4f ||
        (is_request && !extras_fit(opcode, extras)) ||
        (is_response && key > 0 && !may_bring_key(opcode)))
        return NO;
    bool fills = is_udp(in) && fills_datagram(in, &c, began + HEADER + body);
    if (is_udp(in) && !fills)
        return NO;
    bool is_whole = fills || cursor_left(&c) == body;
    unsigned bits = BITS_BINARY + (type == 0 ? 3u : 0) + (is_whole ? 8u : 0);
    return answer_by_bits(in, bits, is_request ? "request" : "response", &c);
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

/* Opcode and opaque come back as they were sent. */
static bool is_answered(const struct cursor *client, const struct cursor *server)
{
    return cursor_peek(client, 1) == cursor_peek(server, 1) &&
           cursor_peek_u32(client, 12) == cursor_peek_u32(server, 12);
}

static enum answer judge_both_binary(struct inspection *in, struct cursor client,
                                     struct cursor server)
{
    enum answer first = in->client.size ? judge_binary(in, client) : YES;
    if (first == NO || !in->server.size)
        return first;
    enum answer second = judge_binary(in, server);
    if (in->client.size && first >= LIKELY && second >= LIKELY && is_answered(&client, &server))
        return YES;
    return second < first ? second : first;
}

static enum answer validate(struct inspection *in)
{
    struct cursor client = in->client, server = in->server;
    bool frames = (!is_udp(in) || !client.size || pass_frame(&client)) &&
                  (!is_udp(in) || !server.size || pass_frame(&server));
    if (!frames)
        return NO;
    if (is_binary(&client) || is_binary(&server))
        return judge_both_binary(in, client, server);
    bool client_open = false, server_open = false;
    int asked = in->client.size ? weigh_text(in, client, &client_open) : 0;
    int answered = in->server.size ? weigh_text(in, server, &server_open) : 0;
    if (asked < 0 || answered < 0)
        return NO;
    if (client_open || server_open)
        return is_udp(in) || in->is_final ? NO : MORE;
    int frame_bits = is_udp(in) ? 24 : 0;
    return answer_by_sides(in, asked + frame_bits, answered, "text");
}

#define TEXT(literal)                                                                              \
    {                                                                                              \
        .transports = OVER_TCP, .size = sizeof(literal) - 1, .bytes = literal                      \
    }

static const struct signature signatures[] = {
    TEXT("get "),
    TEXT("gets "),
    TEXT("gat "),
    TEXT("gats "),
    TEXT("set "),
    TEXT("add "),
    TEXT("cas "),
    TEXT("append "),
    TEXT("prepend "),
    TEXT("replace "),
    TEXT("incr "),
    TEXT("decr "),
    TEXT("delete "),
    TEXT("touch "),
    TEXT("mg "),
    TEXT("ms "),
    TEXT("md "),
    TEXT("ma "),
    TEXT("mn\r\n"),
    TEXT("stats"),
    TEXT("version"),
    TEXT("flush_all"),
    TEXT("config get clus"),
    TEXT("VALUE "),
    TEXT("STORED"),
    TEXT("NOT_STORED"),
    TEXT("STAT "),
    TEXT("CONFIG cluster "),
    {.transports = OVER_TCP, .size = 6, .bytes = "\x80\0\0\0\0\0", .mask = "\xfe\0\xff\0\xc0\xf8"},
    {.transports = OVER_UDP,
     .offset = 2,
     .size = 6,
     .bytes = "\0\0\0\x01\0\0",
     .min_size = FRAME + 3},
    {.transports = OVER_UDP,
     .offset = 2,
     .size = 11,
     .bytes = "\0\0\0\0\0\0STAT ",
     .mask = "\xff\xff\xfc\0\xff\xff\xff\xff\xff\xff\xff"},
    {.transports = OVER_UDP,
     .offset = 2,
     .size = 12,
     .bytes = "\0\0\0\0\0\0VALUE ",
     .mask = "\xff\xff\xfc\0\xff\xff\xff\xff\xff\xff\xff\xff"},
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
