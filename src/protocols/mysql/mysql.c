/* SPDX-License-Identifier: MIT */
/*
 * MySQL and MariaDB, MySQL Internals "Client/Server Protocol": packets of length(3, little-endian)
 * sequence(1). The server greets:
 *
 *     0a "8.0.36\0" thread(4) salt(8) 00 capabilities(2) set(1) status(2) capabilities(2) size(1)
 *     zeros(10; MariaDB's last four are capabilities)
 *
 * or refuses: ff code(2) text. The client answers with sequence 1: capabilities(4) largest(4)
 * set(1) zeros(23; MariaDB's last four are capabilities) name.
 */
#include "framing/text.h"
#include "protocols/protocol.h"
#include "protocols/starttls.h"

enum {
    GREETING = 10,
    REFUSAL = 0xff,
    VERSION_LIMIT = 80,
    PACKET_LIMIT = 1024,
    PROTOCOL_41 = 0x200,
    SSL_REQUEST = 32,
    ZEROS = 19,
    OLD_GREETING = 9,
    OLD_NAME_LIMIT = 33,
    RESULT_LIMIT = 256,
    LINE_LIMIT = 512,
    QUIT = 1,
    QUERY = 3,
    STATISTICS = 9,
    PING = 14,
    PREPARE = 22
};

static bool are_zeros(struct cursor *c, uint32_t n)
{
    while (n-- > 0) {
        if (cursor_u8(c) != 0)
            return c->ran_short;
    }
    return true;
}

/* "5.7.44", "8.0.36-0ubuntu", "5.5.5-10.11.6-MariaDB", and what those who speak like it call
 * themselves. */
static bool is_version(struct cursor v)
{
    bool has_dot = cursor_find(&v, '.', VERSION_LIMIT) > 0;
    while (cursor_left(&v) > 0) {
        if (!text_is_plain(cursor_u8(&v)))
            return false;
    }
    return has_dot;
}

static enum answer judge_greeting(struct inspection *in, struct cursor c, uint32_t end)
{
    int32_t size = cursor_find(&c, 0, VERSION_LIMIT);
    if (size < 0 && in->is_final && cursor_left(&c) >= 5 && text_is_digit(cursor_peek(&c, 0)) &&
        is_version(c))
        return likely(in, "greeting", &c);
    if (size < 0)
        return cursor_left(&c) < VERSION_LIMIT ? short_of(in, &c) : NO;
    struct cursor version = cursor_take(&c, (uint32_t)size);
    cursor_skip(&c, 1 + 4 + 8);
    uint8_t filler = cursor_u8(&c);
    cursor_skip(&c, 8);
    if (!is_version(version) || (!c.ran_short && filler != 0))
        return NO;
    bool sound = are_zeros(&c, 6);
    if (c.ran_short && in->is_final)
        return version.size >= 5 ? likely(in, "greeting", &version) : NO;
    if (c.ran_short)
        return short_of(in, &c);
    return sound && c.at < end ? yes(in, "greeting", &c) : NO;
}

/* ff code(2), then '#' and a state, or text at once (before the greeting there is no state). */
static enum answer judge_refusal(struct inspection *in, struct cursor c, uint32_t end)
{
    uint16_t code = cursor_le16(&c);
    if (code < 1000 || code > 4200 || end < c.at + 8)
        return c.ran_short ? short_of(in, &c) : NO;
    if (c.size < end && !in->is_final)
        return short_of(in, &c);
    bool is_cut_off = c.size < end;
    if (is_cut_off && c.size < c.at + 8)
        return NO;
    while (c.at < end && !cursor_at_end(&c)) {
        if (!text_is_plain(cursor_u8(&c)))
            return NO;
    }
    return is_cut_off ? likely(in, "refusal", &c) : yes(in, "refusal", &c);
}

/* Before 3.21: a version, a thread's number, a seed. */
static enum answer judge_old_greeting(struct inspection *in, struct cursor c, uint32_t end)
{
    int32_t size = cursor_find(&c, 0, VERSION_LIMIT);
    if (size < 0)
        return cursor_left(&c) < VERSION_LIMIT ? short_of(in, &c) : NO;
    struct cursor version = cursor_take(&c, (uint32_t)size);
    cursor_skip(&c, 1 + 4 + 8);
    uint8_t zero = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return is_version(version) && zero == 0 && c.at == end ? yes(in, "old greeting", &c) : NO;
}

/* Joined late: what answers a query. OK has counts and a state; a result its number of columns,
 * each in a packet that begins with the catalog "def" (Text Resultset). */
static enum answer judge_result(struct inspection *in, struct cursor c, uint32_t length,
                                uint8_t first)
{
    uint32_t end = 4 + length;
    if (first == 0 && length >= 7 && length <= RESULT_LIMIT) {
        cursor_skip(&c, 2);
        uint16_t state = cursor_le16(&c), warnings = cursor_le16(&c);
        if (c.ran_short)
            return short_of(in, &c);
        return end == c.size && state < 0x100 && warnings < 0x100 ? likely(in, "OK", &c) : NO;
    }
    if (first == REFUSAL)
        return judge_refusal(in, c, end);
    if (length != 1 || first == 0 || first >= 0xfb)
        return NO;
    cursor_skip(&c, 3);
    uint8_t sequence = cursor_u8(&c);
    if (!c.ran_short && (sequence != 2 || !cursor_may_start_with(&c, "\x03"
                                                                     "def")))
        return NO;
    return cursor_accept_text(&c, "\x03"
                                  "def")
               ? yes(in, "columns", &c)
               : short_of(in, &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint32_t length = cursor_le24(&c);
    uint8_t sequence = cursor_u8(&c), first = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (sequence == 1)
        return judge_result(in, c, length, first);
    if (length < 9 || length > PACKET_LIMIT || sequence != 0)
        return NO;
    uint32_t end = 4 + length;
    if (first == OLD_GREETING)
        return judge_old_greeting(in, c, end);
    if (first == GREETING)
        return judge_greeting(in, c, end);
    return first == REFUSAL ? judge_refusal(in, c, end) : NO;
}

/* Joined late: a command. Queries and statements to prepare are SQL. */
static enum answer judge_command(struct inspection *in, struct cursor c, uint32_t length)
{
    static const char *const verbs[] = {
        "select",   "show",    "set",      "insert", "update", "delete",   "create",
        "drop",     "use",     "alter",    "begin",  "commit", "rollback", "call",
        "grant",    "replace", "truncate", "start",  "flush",  "kill",     "explain",
        "describe", "load",    "lock",     "unlock", NULL};
    uint8_t command = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length == 1 && (command == PING || command == QUIT || command == STATISTICS))
        return in->server.size ? likely(in, "command", &c) : short_of(in, &c);
    if (command != QUERY && command != PREPARE)
        return NO;
    cursor_accept(&c, "\0\x01", 2); /* no attributes, one set of them */
    while (cursor_peek(&c, 0) == ' ' || cursor_peek(&c, 0) == '/')
        if (cursor_u8(&c) == '/') { /* a comment first */
            int32_t close = cursor_find_text(&c, "*/", LINE_LIMIT);
            if (close < 0)
                return short_of(in, &c);
            cursor_skip(&c, (uint32_t)close + 2);
        }
    if (text_word(&c, verbs) >= 0)
        return yes(in, "query", &c);
    return cursor_left(&c) < 9 ? short_of(in, &c) : NO;
}

/* Before 4.1: capabilities(2) largest(3) name. */
static enum answer judge_old_login(struct inspection *in, struct cursor c, uint32_t length)
{
    if (length > 64 + VERSION_LIMIT)
        return NO;
    cursor_skip(&c, 2 + 3);
    int32_t size = cursor_find(&c, 0, OLD_NAME_LIMIT);
    if (size < 0)
        return cursor_left(&c) < OLD_NAME_LIMIT ? short_of(in, &c) : NO;
    for (int32_t i = 0; i < size; i++) {
        if (!text_is_plain(cursor_u8(&c)))
            return NO;
    }
    if (c.size < 4 + length)
        return short_of(in, &c);
    return size > 0 || in->server.size ? likely(in, "old login", &c) : NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint32_t length = cursor_le24(&c);
    uint8_t sequence = cursor_u8(&c);
    if (!c.ran_short && sequence == 0 && length > 0)
        return judge_command(in, c, length);
    if (!c.ran_short && cursor_left(&c) >= 2 && sequence == 1 && length >= 10 &&
        !(cursor_peek(&c, 1) & PROTOCOL_41 >> 8))
        return judge_old_login(in, c, length);
    uint16_t capabilities = cursor_le16(&c);
    cursor_skip(&c, 2 + 4 + 1);
    if (!c.ran_short && (sequence != 1 || length < SSL_REQUEST || length > PACKET_LIMIT * 4 ||
                         !(capabilities & PROTOCOL_41)))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    uint32_t zeros_at = c.at;
    bool sound = are_zeros(&c, ZEROS);
    if (c.ran_short)
        return sound && c.at >= zeros_at + 4 ? likely_at_end(in, "login", &c) : short_of(in, &c);
    return sound ? yes(in, "login", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

/* The SSL request is a login cut short behind its 32 fixed bytes. */
static enum follow_answer follow(struct follow *f, struct cursor *payload)
{
    bool is_first = payload->side == CLIENT && !f->state[0];
    if (is_first && !cursor_starts_with(payload, "\x20\0\0\x01") && !tls_begins(payload))
        return FOLLOW_DONE;
    if (payload->side == CLIENT)
        f->state[0] = 1;
    return follow_starttls(f, payload);
}

static const struct signature signatures[] = {
    {.size = 5, .bytes = "\0\0\0\0\x09", .mask = "\0\xff\xff\xff\xff"},
    {.size = 5, .bytes = "\0\0\0\0\x03", .mask = "\0\0\xff\xff\xff"},
    {.size = 5, .bytes = "\0\0\0\0\x16", .mask = "\0\0\xff\xff\xff"},
    SIGNATURE(0, "\x01\0\0\0\x01"),
    SIGNATURE(0, "\x01\0\0\0\x0e"),
    SIGNATURE(0, "\x01\0\0\0\x09"),
    SIGNATURE(0, "\x01\0\0\x01"),
    {.size = 5, .bytes = "\x07\0\0\x01\0", .mask = "\x07\xff\xff\xff\xff"},
    {.size = 5, .bytes = "\0\0\0\x01\xff", .mask = "\0\xfe\xff\xff\xff"},
    {.size = 5, .bytes = "\0\0\0\0\x0a", .mask = "\0\xfc\xff\xff\xff"},
    {.size = 5, .bytes = "\0\0\0\0\xff", .mask = "\0\xfc\xff\xff\xff"},
    {.offset = 1,
     .size = 16,
     .bytes = "\0\0\x01\0\x02\0\0\0\0\0\0\0\0\0\0\0",
     .mask = "\xf0\xff\xff\0\x02\0\0\0\0\0\0\0\xff\xff\xff\xff"},
};

const struct cdpi_protocol cdpi_protocol_mysql = {
    .name = "MySQL",
    .reference = "MySQL Internals Manual: Connection Phase Packets; MariaDB: Connection",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(3306),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow,
};
