/* SPDX-License-Identifier: MIT */
/*
 * Redis' RESP 2 and 3 (redis.io, "Redis serialization protocol"). A client sends arrays of bulk
 * strings, of which the first is a command's word:
 *
 *     *2 CR LF $3 CR LF GET CR LF $1 CR LF a CR LF           or a plain line: PING CR LF
 *
 * The server answers with lines whose first byte is their kind: + - : $ * and RESP 3's _ # , ( ! =
 * % ~ >.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { ELEMENTS_LIMIT = 1 << 20, BULK_LIMIT = 512 << 20, WORD_LIMIT = 40, LINE_LIMIT = 1024 };

/* "NUMBER CR LF"; 1 it is there, 0 not all, -1 it is none. */
static int count_line(struct cursor *c, uint32_t limit, uint32_t *value)
{
    bool is_null = cursor_accept_text(c, "-1");
    uint32_t digits = is_null ? 1 : text_digits(c, 9, value);
    if (is_null)
        *value = 0;
    if (digits == 0)
        return cursor_at_end(c) ? 0 : -1;
    if (!cursor_may_start_with(c, "\r\n") || *value > limit)
        return -1;
    return cursor_accept_text(c, "\r\n") ? 1 : 0;
}

/* A command's word: letters, also "JSON.GET", "FT.SEARCH", "CONFIG|GET". */
static bool is_word(struct cursor word)
{
    while (cursor_left(&word) > 0) {
        uint8_t byte = cursor_u8(&word), lower = byte | 0x20;
        if (!(lower >= 'a' && lower <= 'z') && byte != '.' && byte != '_' && byte != '-')
            return false;
    }
    return true;
}

static enum answer judge_array(struct inspection *in, struct cursor c)
{
    uint32_t elements = 0, size = 0;
    cursor_skip(&c, 1);
    int found = count_line(&c, ELEMENTS_LIMIT, &elements);
    if (found <= 0)
        return found < 0 ? NO : short_of(in, &c);
    if (elements == 0)
        return NO;
    if (!cursor_accept_text(&c, "$"))
        return cursor_at_end(&c) ? short_of(in, &c) : NO;
    found = count_line(&c, WORD_LIMIT, &size);
    if (found <= 0)
        return found < 0 ? NO : short_of(in, &c);
    struct cursor word = cursor_take(&c, size);
    if (c.ran_short)
        return short_of(in, &c);
    if (size == 0 || !is_word(word) || !cursor_may_start_with(&c, "\r\n"))
        return NO;
    return cursor_accept_text(&c, "\r\n") ? yes(in, "array with a command", &c) : short_of(in, &c);
}

/* Plain commands, as people and checks type them. */
static enum answer judge_inline(struct inspection *in, struct cursor c)
{
    static const char *const words[] = {
        "ping",  "info",    "quit",    "get",      "set",     "auth",      "keys", "config",
        "echo",  "command", "role",    "flushall", "slaveof", "replicaof", "save", "del",
        "hello", "client",  "monitor", "psync",    "sync",    "select",    "scan", "exists",
        "mget",  "mset",    "hgetall", "eval",     NULL};
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state == LINE_OPEN)
        return short_of(in, &c);
    return state == LINE_WHOLE && text_word(&line, words) >= 0 ? likely(in, "plain command", &c)
                                                               : NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) == '*')
        return judge_array(in, c);
    enum answer answer = judge_inline(in, c);
    /* A line alone is many things: the server's answer tells. */
    return answer == LIKELY && in->server.size == 0 ? (in->is_final ? NO : wants(in, SERVER, 1))
                                                    : answer;
}

/* A status is a word, alone or before what it tells of. */
static bool is_status(struct cursor line)
{
    static const char *const words[] = {"ok", "pong", "queued", "none", NULL};
    static const char *const sayings[] = {"background", "fullresync", "continue", NULL};
    struct cursor rest = line;
    return text_word(&rest, words) >= 0 ? cursor_at_end(&rest) : text_word(&line, sayings) >= 0;
}

/* A list of two bulk strings or more, each of the size that it says and followed by a line's
 * end. */
static bool is_list(struct cursor c)
{
    uint32_t elements = 0, size = 0, whole = 0;
    if (!cursor_accept_text(&c, "*") || count_line(&c, ELEMENTS_LIMIT, &elements) != 1)
        return false;
    for (; whole < elements && whole < 4 && cursor_accept_text(&c, "$"); whole++) {
        if (count_line(&c, BULK_LIMIT, &size) != 1 || size == 0 || !cursor_skip(&c, size) ||
            !cursor_accept_text(&c, "\r\n"))
            break;
    }
    return whole >= 2;
}

/* What nothing but Redis answers: INFO's first lines, its protected mode, its errors. */
static bool is_telling(struct cursor c)
{
    static const char *const errors[] = {"-noauth authentication required",
                                         "-denied redis is running",
                                         "-err unknown command '",
                                         "-err unknown command `",
                                         "-err wrong number of arguments for '",
                                         "-wrongtype operation against",
                                         "-err operation not permitted",
                                         "-readonly you can't write",
                                         "-wrongpass invalid username-password",
                                         "-loading redis is loading",
                                         "-misconf redis is configured",
                                         "-noscript no matching script",
                                         "-execabort transaction discarded",
                                         "-noperm this user has no permissions",
                                         "+fullresync ",
                                         "+pong",
                                         NULL};
    struct cursor line;
    uint32_t size = 0;
    for (unsigned i = 0; errors[i]; i++) {
        struct cursor copy = c;
        if (cursor_accept_nocase(&copy, errors[i]))
            return true;
    }
    if (is_list(c))
        return true;
    if (cursor_starts_with(&c, "*3\r\n$7\r\nmessage\r\n") ||
        cursor_starts_with(&c, "*3\r\n$9\r\nsubscribe\r\n") ||
        cursor_starts_with(&c, "*4\r\n$8\r\npmessage\r\n"))
        return true;
    if (cursor_accept_text(&c, "$") && count_line(&c, BULK_LIMIT, &size) == 1 &&
        cursor_accept_text(&c, "# Server\r\n"))
        return text_line(&c, LINE_LIMIT, &line) == LINE_WHOLE &&
               cursor_starts_with(&line, "redis_version:");
    return false;
}

/* Errors begin with a word in capitals: "ERR ", "WRONGTYPE ", "NOAUTH ", "DENIED ". */
static bool is_error(struct cursor line)
{
    uint32_t capitals = 0;
    for (; cursor_peek(&line, 0) >= 'A' && cursor_peek(&line, 0) <= 'Z'; cursor_skip(&line, 1))
        capitals++;
    return capitals >= 3 && cursor_peek(&line, 0) == ' ';
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint32_t number = 0;
    struct cursor line;
    int kind = cursor_peek(&c, 0);
    cursor_skip(&c, 1);
    if (kind == '$' || kind == '*' || kind == '%' || kind == '~' || kind == '>' || kind == '|') {
        int found = count_line(&c, kind == '$' ? BULK_LIMIT : ELEMENTS_LIMIT, &number);
        return found < 0 ? NO : found == 0 ? short_of(in, &c) : likely(in, "reply", &c);
    }
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state == LINE_OPEN)
        return short_of(in, &c);
    if (state == LINE_BAD)
        return NO;
    struct cursor rest = line;
    bool is_number = kind == ':' &&
                     (cursor_accept_text(&rest, "-"), text_digits(&rest, 20, NULL)) &&
                     cursor_at_end(&rest);
    bool fits = (kind == '+' && is_status(line)) || (kind == '-' && is_error(line)) || is_number ||
                kind == '_' || kind == '#' || kind == ',' || kind == '(' || kind == '!';
    return fits ? likely(in, "reply", &c) : NO;
}

/* What the client asks is sure, and the server's answer need but fit. */
static enum answer validate(struct inspection *in)
{
    enum answer client = in->client.size ? judge_client(in, in->client) : YES;
    if (client == NO)
        return NO;
    const char *rule = in->rule;
    uint32_t size = in->evidence_size;
    enum answer server = in->server.size ? judge_server(in, in->server) : YES;
    if (server == NO)
        return NO;
    if (client == MORE || server == MORE)
        return MORE;
    /* A plain word and an error of no telling words are other protocols' too. */
    if (client == LIKELY && cursor_peek(&in->server, 0) == '-' && !is_telling(in->server))
        return NO;
    if (in->client.size && client == YES)
        return answer_at(in, YES, rule, CLIENT, 0, size);
    if (in->client.size)
        return answer_at(in, LIKELY, rule, CLIENT, 0, size);
    return is_telling(in->server) ? answer_at(in, LIKELY, "reply", SERVER, 0, in->server.size)
                                  : short_of(in, &in->server);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "*0\r\n$0", "\xff\xf0\xff\xff\xff\xf0"),
    SIGNATURE_MASKED(0, "*00\r\n$", "\xff\xf0\xf0\xff\xff\xff"),
    SIGNATURE_MASKED(0, "*000\r\n$", "\xff\xf0\xf0\xf0\xff\xff\xff"),
    SIGNATURE(0, "+PONG\r\n"),
    SIGNATURE(0, "+FULLRESYNC "),
    SIGNATURE(0, "-LOADING Redis"),
    SIGNATURE(0, "-MISCONF Redis"),
    SIGNATURE(0, "-NOSCRIPT No"),
    SIGNATURE(0, "-EXECABORT "),
    SIGNATURE(0, "-NOPERM "),
    SIGNATURE_MASKED(0, "PSYNC ", "\xdf\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "CLIENT ", "\xdf\xdf\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "COMMAND\r\n", "\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "MONITOR\r\n", "\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE(0, "-NOAUTH "),
    SIGNATURE(0, "-DENIED Redis"),
    SIGNATURE(0, "-ERR unknown co"),
    SIGNATURE(0, "-ERR wrong numb"),
    SIGNATURE(0, "-ERR operation "),
    SIGNATURE(0, "-WRONG"),
    SIGNATURE(0, "-READONLY "),
    SIGNATURE_MASKED(0, "$000\r\n# Server",
                     "\xff\xf0\xf0\xf0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "$0000\r\n# Server",
                     "\xff\xf0\xf0\xf0\xf0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "SET ", "\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "FLUSHALL", "\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf"),
    SIGNATURE_MASKED(0, "SLAVEOF ", "\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "SELECT ", "\xdf\xdf\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "PING\r\n", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "INFO", "\xdf\xdf\xdf\xdf"),
    SIGNATURE_MASKED(0, "PING\n", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "CONFIG ", "\xdf\xdf\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "KEYS *", "\xdf\xdf\xdf\xdf\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_redis = {
    .name = "Redis",
    .reference = "redis.io: Redis serialization protocol specification",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(6379),
    SIGNATURES(signatures),
    .validate = validate,
};
