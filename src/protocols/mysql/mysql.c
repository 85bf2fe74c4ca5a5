/* SPDX-License-Identifier: MIT */
/*
 * MySQL and MariaDB, MySQL Internals "Client/Server Protocol": packets of length(3, little-endian)
 * sequence(1). The server greets:
 *
 *     0a "8.0.36\0" thread(4) salt(8) 00 capabilities(2) set(1) status(2) capabilities(2) size(1)
 *     zeros(10; MariaDB's last four are capabilities)
 *
 * or refuses: ff code(2) text. The client answers with sequence 1: capabilities(4) largest(4)
 * set(1) zeros(23; MariaDB's last four are capabilities) name. One that wants TLS sends only the
 * fixed bytes of that, and then TLS. What answers a login has sequence 2: OK, a refusal, another
 * way to prove oneself.
 */
#include "framing/text.h"
#include "protocols/protocol.h"
#include "protocols/starttls.h"
#include "x.h"

enum {
    GREETING = 10,
    REFUSAL = 0xff,
    VERSION_LIMIT = 200, /* Manticore names its libraries, too */
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
    PREPARE = 22,
    EXECUTE = 23,
    RESET = 31,
    SWITCH = 0xfe,
    MORE_DATA = 1
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

/* A number of one byte, or of 2, 3 or 8 behind one that says so. */
static void pass_number(struct cursor *c)
{
    uint8_t first = cursor_u8(c);
    cursor_skip(c, first == 0xfc ? 2 : first == 0xfd ? 3 : first == 0xfe ? 8 : 0);
}

/* OK has counts, a state, warnings, and may have words and changes of the session behind. What
 * follows it is the answer to another command. */
static enum answer judge_ok(struct inspection *in, struct cursor c, uint32_t end)
{
    if (end < 4 + 7 || end > 4 + RESULT_LIMIT)
        return NO;
    pass_number(&c);
    pass_number(&c);
    uint16_t state = cursor_le16(&c), warnings = cursor_le16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (c.at > end || state >= 0x8000 || warnings >= 0x100)
        return NO;
    cursor_seek(&c, end);
    if (c.ran_short)
        return likely_at_end(in, "OK", &c);
    return cursor_at_end(&c) || cursor_left(&c) < 4 || cursor_peek(&c, 3) == 1
               ? likely(in, "OK", &c)
               : NO;
}

/* Joined late: what answers a query. A result is its number of columns, each in a packet that
 * begins with the catalog "def" (Text Resultset); MariaDB may say that these follow. */
static enum answer judge_result(struct inspection *in, struct cursor c, uint32_t length,
                                uint8_t first)
{
    if (first == 0 && length > 2)
        return judge_ok(in, c, 4 + length);
    if (first == REFUSAL)
        return judge_refusal(in, c, 4 + length);
    if (length == 2 && cursor_u8(&c) != 1 && !c.ran_short)
        return NO;
    if (length > 2 || first == 0 || first >= 0xfb)
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

/* Joined behind the greeting: what answers a login (Authentication Phase). */
static enum answer judge_login_answer(struct inspection *in, struct cursor c, uint32_t length,
                                      uint8_t first)
{
    static const char *const plugins[] = {"mysql_",
                                          "caching_sha2_password",
                                          "sha256_",
                                          "authentication_",
                                          "client_ed25519",
                                          "auth_gssapi",
                                          "dialog",
                                          "parsec",
                                          NULL};
    if (first == 0 && length > 2)
        return judge_ok(in, c, 4 + length);
    if (first == REFUSAL)
        return judge_refusal(in, c, 4 + length);
    if (first == MORE_DATA && length == 2) /* the short way, or the long one */
        return both_spoke(in) && (cursor_peek(&c, 0) == 3 || cursor_peek(&c, 0) == 4)
                   ? likely(in, "more data", &c)
                   : NO;
    if (first != SWITCH || length > RESULT_LIMIT)
        return NO;
    if (text_any_of(&c, plugins) >= 0)
        return yes(in, "another way to log in", &c);
    return cursor_left(&c) < 22 ? short_of(in, &c) : NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint32_t length = cursor_le24(&c);
    uint8_t sequence = cursor_u8(&c), first = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (sequence == 1)
        return judge_result(in, c, length, first);
    if (sequence == 2)
        return judge_login_answer(in, c, length, first);
    if (length < 9 || length > PACKET_LIMIT || sequence != 0)
        return NO;
    uint32_t end = 4 + length;
    if (first == OLD_GREETING)
        return judge_old_greeting(in, c, end);
    if (first == GREETING)
        return judge_greeting(in, c, end);
    return first == REFUSAL ? judge_refusal(in, c, end) : NO;
}

/* Blanks, brackets and comments before a statement; false where they do not end. */
static bool pass_to_statement(struct cursor *c)
{
    for (;;) {
        int byte = cursor_peek(c, 0);
        bool is_line = byte == '#' || (byte == '-' && cursor_peek(c, 1) == '-');
        if (byte == '/' || is_line) {
            int32_t close =
                is_line ? cursor_find(c, '\n', LINE_LIMIT) : cursor_find_text(c, "*/", LINE_LIMIT);
            if (close < 0)
                return false;
            cursor_skip(c, (uint32_t)close + (is_line ? 1 : 2));
        } else if (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n' || byte == '(') {
            cursor_skip(c, 1);
        } else {
            return true;
        }
    }
}

static enum answer judge_statement(struct inspection *in, struct cursor c)
{
    static const char *const verbs[] = {
        "select",   "show",     "set",        "insert",   "update",  "delete",    "create",
        "drop",     "use",      "alter",      "begin",    "commit",  "rollback",  "call",
        "grant",    "replace",  "truncate",   "start",    "flush",   "kill",      "explain",
        "describe", "load",     "lock",       "unlock",   "with",    "desc",      "analyze",
        "optimize", "check",    "repair",     "rename",   "release", "savepoint", "xa",
        "prepare",  "execute",  "deallocate", "do",       "handler", "help",      "revoke",
        "change",   "stop",     "reset",      "purge",    "install", "uninstall", "values",
        "table",    "checksum", "binlog",     "shutdown", NULL};
    cursor_accept(&c, "\0\x01", 2); /* no attributes, one set of them */
    if (!pass_to_statement(&c))
        return short_of(in, &c);
    for (unsigned i = 0; verbs[i]; i++) {
        struct cursor rest = c;
        if (!cursor_accept_nocase(&rest, verbs[i]))
            continue;
        int next = cursor_peek(&rest, 0), letter = text_lower(next);
        if ((letter < 'a' || letter > 'z') && !text_is_digit(next) && next != '_')
            return yes(in, "query", &rest);
    }
    return cursor_left(&c) < 12 ? short_of(in, &c) : NO;
}

/* Joined late: a command. Queries and statements to prepare are SQL; a prepared one is executed
 * once: statement(4) flags(1) iterations(4) = 1. */
static enum answer judge_command(struct inspection *in, struct cursor c, uint32_t length)
{
    uint8_t command = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length == 1 &&
        (command == PING || command == QUIT || command == STATISTICS || command == RESET))
        return in->server.size ? likely(in, "command", &c) : short_of(in, &c);
    if (command == QUERY || command == PREPARE)
        return judge_statement(in, c);
    if (command != EXECUTE || length < 10)
        return NO;
    cursor_skip(&c, 4);
    uint8_t flags = cursor_u8(&c);
    uint32_t iterations = cursor_le32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return flags < 0x10 && iterations == 1 ? yes(in, "execution", &c) : NO;
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

/* Where the greeting was lost, the server's first bytes are TLS' already: they say nothing against
 * a client that asked for it. */
static bool goes_over_to_tls(const struct inspection *in)
{
    struct cursor server = in->server;
    struct tls_record record;
    int type = cursor_peek(&server, 0);
    return both_spoke(in) && cursor_may_start(&in->client, "\x20\0\0\x01", 4) &&
           (type == TLS_HANDSHAKE || type == TLS_ALERT) && tls_record(&server, &record);
}

static enum answer validate(struct inspection *in)
{
    if (mysql_may_be_x(&in->server))
        return mysql_judge_x(in);
    return judge_joined(in, judge_client, goes_over_to_tls(in) ? NULL : judge_server);
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
    SIGNATURE(0, "\x05\0\0\0\x0b\x08\x05\x1a\0"),
    SIGNATURE(0, "\x01\0\0\0\x01"),
    SIGNATURE(0, "\x01\0\0\0\x0e"),
    SIGNATURE(0, "\x01\0\0\0\x09"),
    SIGNATURE(0, "\x01\0\0\0\x1f"),
    {.size = 5, .bytes = "\0\0\0\0\x17", .mask = "\0\0\xff\xff\xff"},
    SIGNATURE(0, "\x01\0\0\x01"),
    {.size = 6, .bytes = "\x02\0\0\x01\0\x01", .mask = "\xff\xff\xff\xff\0\xff"},
    {.size = 5, .bytes = "\0\0\0\x01\0", .mask = "\0\xff\xff\xfe\xff"},
    {.size = 5, .bytes = "\0\0\0\x01\xff", .mask = "\0\xfe\xff\xff\xff"},
    {.size = 5, .bytes = "\0\0\0\x02\xfe", .mask = "\0\xff\xff\xff\xfe"},
    {.size = 5, .bytes = "\0\0\0\x02\0", .mask = "\0\xff\xff\xff\xff"},
    {.size = 5, .bytes = "\0\0\0\0\x0a", .mask = "\0\xfc\xff\xff\xff"},
    {.size = 5, .bytes = "\0\0\0\0\xff", .mask = "\0\xfc\xff\xff\xff"},
    {.offset = 1,
     .size = 16,
     .bytes = "\0\0\x01\0\x02\0\0\0\0\0\0\0\0\0\0\0",
     .mask = "\xf0\xff\xff\0\x02\0\0\0\0\0\0\0\xff\xff\xff\xff"},
};

const struct cdpi_protocol cdpi_protocol_mysql = {
    .name = "MySQL",
    .reference =
        "MySQL Internals Manual: Connection Phase Packets, X Protocol; MariaDB: Connection",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(3306),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow,
};
