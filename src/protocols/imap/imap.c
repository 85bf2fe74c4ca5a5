/* SPDX-License-Identifier: MIT */
/*
 * IMAP4rev1 and rev2, RFC 3501, RFC 9051: every command of the client begins with a tag of its
 * choice (section 2.2.1), the server's lines with "*", "+" or that tag (section 2.2.2). The
 * greeting is OK, PREAUTH or BYE (section 7.1).
 */
#include "framing/commands.h"
#include "protocols/protocol.h"
#include "protocols/starttls.h"

enum { LINE_LIMIT = 8192, TAG_LIMIT = 24, TAG_BITS = 6, LINES = 6 };

/* Behind "UID". */
static const struct command uid_commands[] = {
    {.word = "copy", .bits = 44, .arguments = ARGUMENTS_NUMBER},
    {.word = "expunge", .bits = 44, .arguments = ARGUMENTS_NUMBER},
    {.word = "fetch", .bits = 44, .arguments = ARGUMENTS_SOME},
    {.word = "move", .bits = 44, .arguments = ARGUMENTS_NUMBER},
    {.word = "search", .bits = 44, .arguments = ARGUMENTS_SOME},
    {.word = "store", .bits = 44, .arguments = ARGUMENTS_NUMBER},
    {.word = "sort", .bits = 44, .arguments = ARGUMENTS_SOME}, /* RFC 5256 */
    {.word = "thread", .bits = 44, .arguments = ARGUMENTS_SOME},
};

static const struct command commands[] = {
    {.word = "authenticate", .bits = 44, .arguments = ARGUMENTS_SOME, .is_last = true},
    {.word = "append", .bits = 16, .arguments = ARGUMENTS_SOME},
    {.word = "capability", .bits = 44, .arguments = ARGUMENTS_NONE},
    {.word = "copy", .bits = 16, .arguments = ARGUMENTS_NUMBER},
    {.word = "create", .bits = 12, .arguments = ARGUMENTS_SOME},
    {.word = "compress deflate", .bits = 44, .arguments = ARGUMENTS_NONE, .is_last = true},
    {.word = "check", .bits = 10, .arguments = ARGUMENTS_NONE},
    {.word = "close", .bits = 8, .arguments = ARGUMENTS_NONE},
    {.word = "delete", .bits = 8, .arguments = ARGUMENTS_SOME},
    {.word = "examine", .bits = 26, .arguments = ARGUMENTS_SOME},
    {.word = "enable", .bits = 14, .arguments = ARGUMENTS_SOME},
    {.word = "expunge", .bits = 26, .arguments = ARGUMENTS_NONE},
    {.word = "fetch", .bits = 22, .arguments = ARGUMENTS_NUMBER},
    {.word = "getquotaroot", .bits = 44, .arguments = ARGUMENTS_SOME},
    {.word = "getquota", .bits = 28, .arguments = ARGUMENTS_SOME}, /* RFC 9208 */
    {.word = "getacl", .bits = 28, .arguments = ARGUMENTS_SOME},
    {.word = "getmetadata", .bits = 36, .arguments = ARGUMENTS_SOME}, /* RFC 5464 */
    {.word = "id (", .bits = 28, .arguments = ARGUMENTS_SOME},
    {.word = "id nil", .bits = 28, .arguments = ARGUMENTS_NONE},
    {.word = "id", .bits = 8, .arguments = ARGUMENTS_SOME},
    {.word = "idle", .bits = 14, .arguments = ARGUMENTS_NONE, .is_last = true},
    {.word = "login", .bits = 20, .arguments = ARGUMENTS_SOME},
    {.word = "list", .bits = 14, .arguments = ARGUMENTS_SOME},
    {.word = "lsub", .bits = 24, .arguments = ARGUMENTS_SOME},
    {.word = "logout", .bits = 16, .arguments = ARGUMENTS_NONE},
    {.word = "myrights", .bits = 28, .arguments = ARGUMENTS_SOME}, /* RFC 4314 */
    {.word = "namespace", .bits = 30, .arguments = ARGUMENTS_NONE},
    {.word = "noop", .bits = 14, .arguments = ARGUMENTS_NONE},
    {.word = "rename", .bits = 10, .arguments = ARGUMENTS_SOME},
    {.word = "starttls", .bits = 28, .arguments = ARGUMENTS_NONE, .is_last = true},
    {.word = "store", .bits = 20, .arguments = ARGUMENTS_NUMBER},
    {.word = "search", .bits = 16, .arguments = ARGUMENTS_SOME},
    {.word = "select", .bits = 18, .arguments = ARGUMENTS_SOME},
    {.word = "status", .bits = 14, .arguments = ARGUMENTS_SOME},
    {.word = "sort (", .bits = 28, .arguments = ARGUMENTS_SOME},
    {.word = "setmetadata", .bits = 36, .arguments = ARGUMENTS_SOME},
    {.word = "subscribe", .bits = 14, .arguments = ARGUMENTS_SOME},
    {.word = "thread", .bits = 14, .arguments = ARGUMENTS_SOME},
    {.word = "unselect", .bits = 28, .arguments = ARGUMENTS_NONE}, /* RFC 3691 */
    {.word = "unsubscribe", .bits = 16, .arguments = ARGUMENTS_SOME},
    {.word = "xlist", .bits = 24, .arguments = ARGUMENTS_SOME},
};

/* Section 9: a tag is of ASTRING characters without "+"; software sends letters, digits, some
 * dots. 0 where there is none, or it has not ended. */
static uint32_t tag_length(const struct cursor *c)
{
    uint32_t n = 0;
    for (; n <= TAG_LIMIT; n++) {
        int byte = cursor_peek(c, n);
        bool is_tag = text_is_digit(byte) || (byte >= 'A' && byte <= 'Z') ||
                      (byte >= 'a' && byte <= 'z') || byte == '.' || byte == '-' || byte == '_' ||
                      byte == '$' || byte == '#' || byte == '=' || byte == '/';
        if (!is_tag)
            return byte == ' ' ? n : 0;
    }
    return 0;
}

static bool is_tag_open(struct cursor c)
{
    while (text_is_token(cursor_peek(&c, 0)) || cursor_peek(&c, 0) == '=' ||
           cursor_peek(&c, 0) == '/')
        cursor_skip(&c, 1);
    return cursor_at_end(&c) && c.size <= TAG_LIMIT;
}

/* Section 4.3: a line that goes on as a literal ends with its size, "{310}", "{310+}". */
static int literal_bits(struct cursor line)
{
    int32_t at = cursor_find(&line, '{', line.size);
    if (at < 0)
        return 0;
    cursor_skip(&line, (uint32_t)at + 1);
    bool is_size = text_digits(&line, 9, NULL) > 0;
    cursor_accept_text(&line, "+");
    return is_size && cursor_u8(&line) == '}' && cursor_at_end(&line) ? 12 : 0;
}

/* RFC 3501 section 6.2.3: LOGIN has two arguments; those with blanks are quoted or literals. */
static bool is_bad_login(struct cursor line)
{
    if ((cursor_peek(&line, 0) | 0x20) != 'l' || !cursor_accept_nocase(&line, "login ") ||
        cursor_find(&line, '"', LINE_LIMIT) >= 0)
        return false;
    int32_t blank = cursor_find(&line, ' ', LINE_LIMIT);
    if (blank < 0)
        return cursor_find(&line, '{', LINE_LIMIT) < 0;
    cursor_skip(&line, (uint32_t)blank + 1);
    return cursor_find(&line, ' ', LINE_LIMIT) >= 0;
}

/* A server's word of another protocol, "OK STARTTLS", is no tag. */
static bool is_state(struct cursor c)
{
    static const char *const states[] = {"ok", "no", "bad", "err", "error", NULL};
    return text_word(&c, states) >= 0 && !cursor_at_end(&c);
}

/* Section 2.2: lines end with CR LF; people and prose leave the CR out. */
static bool has_cr(struct cursor behind)
{
    cursor_seek(&behind, behind.at - 2);
    return cursor_peek(&behind, 0) == '\r';
}

static int weigh_client(struct cursor c, bool is_final)
{
    int bits = 0;
    struct cursor line;
    struct cursor done = c;
    if (cursor_accept_nocase(&done, "done\r")) { /* the end of IDLE, RFC 2177 */
        if (cursor_at_end(&done))
            return 0;
        if (cursor_accept_text(&done, "\n")) {
            c = done;
            bits = 16;
        }
    }
    for (unsigned i = 0; i < LINES && !cursor_at_end(&c); i++) {
        uint32_t tag = is_state(c) ? 0 : tag_length(&c);
        if (tag == 0)
            return i || is_tag_open(c) ? bits : -1;
        bool is_numbered = text_is_digit(cursor_peek(&c, tag - 1)); /* "A001", "3" */
        enum text_line state = text_line(&c, LINE_LIMIT, &line);
        if (state == LINE_BAD || (state == LINE_OPEN && !is_final))
            return state == LINE_OPEN || i ? bits : -1;
        cursor_skip(&line, tag + 1);
        bool has_uid = cursor_accept_nocase(&line, "uid ");
        const struct command *command =
            command_of(has_uid ? COMMANDS(uid_commands) : COMMANDS(commands), line);
        if (!command || is_bad_login(line))
            return i || state == LINE_OPEN ? bits : -1;
        int more = command->bits + literal_bits(line) + (i == 0 && is_numbered ? TAG_BITS : 0);
        bits += state == LINE_OPEN || has_cr(c) ? more : more / 2;
        if (command->is_last || state == LINE_OPEN || bits >= BITS_FOR_YES)
            break;
    }
    return bits;
}

/* Sections 7.2 to 7.4: what stands after "* ". */
static int untagged_bits(struct cursor line)
{
    static const char *const data[] = {"capability imap4",
                                       "flags (",
                                       "list (",
                                       "lsub (",
                                       "search",
                                       "status",
                                       "id (",
                                       "id nil",
                                       "namespace",
                                       "quotaroot ",
                                       "enabled",
                                       "esearch",
                                       "sort",
                                       "thread (",
                                       "vanished ",
                                       "quota ",
                                       "acl ",
                                       "myrights ",
                                       "metadata ",
                                       "xlist (",
                                       NULL};
    static const char *const states[] = {"ok", "preauth", "bye", "no", "bad", NULL};
    static const char *const counts[] = {"exists", "recent", "expunge", "fetch", NULL};
    struct cursor rest = line;
    int found = text_any_of(&rest, data);
    if (found >= 0)
        return found == 0 ? 60 : 16;
    if (text_digits(&line, 10, NULL) > 0)
        return cursor_u8(&line) == ' ' && text_word(&line, counts) >= 0 ? 44 : -1;
    int state = text_word(&line, states);
    if (state < 0)
        return -1;
    if (text_has(line, "imap") || text_has(line, "[capability"))
        return 60;
    if (text_has(line, "imsp") || text_has(line, "mupdate")) /* Cyrus' other servers greet so too */
        return -1;
    return state == 1 ? 44 : 26;
}

/* RFC 5530 section 3: codes that servers answer a login, a look or a change with. */
static int code_bits(struct cursor code)
{
    static const char *const codes[] = {"authenticationfailed]",
                                        "authorizationfailed]",
                                        "privacyrequired]",
                                        "unavailable]",
                                        "contactadmin]",
                                        "nonexistent]",
                                        "alreadyexists]",
                                        "trycreate]",
                                        "read-write]",
                                        "read-only]",
                                        "highestmodseq ",
                                        "appenduid ",
                                        "copyuid ",
                                        "closed]",
                                        "limit]",
                                        "inuse]",
                                        "expired]",
                                        "overquota]",
                                        "serverbug]",
                                        "noperm]",
                                        "alert]",
                                        "clientbug]",
                                        "cannot]",
                                        NULL};
    return text_any_of(&code, codes) >= 0 ? 32 : 12;
}

/* A line that ends a command: its tag, then a state. */
static int tagged_bits(struct cursor line)
{
    static const char *const states[] = {"ok", "no", "bad", NULL};
    uint32_t tag = tag_length(&line);
    if (tag == 0)
        return -1;
    cursor_skip(&line, tag + 1);
    if (text_word(&line, states) < 0 || cursor_left(&line) < 2)
        return -1;
    cursor_skip(&line, 1);
    if (cursor_accept_text(&line, "[")) { /* a response code, section 7.1, RFC 5530 */
        bool is_list = cursor_accept_nocase(&line, "capability ") && text_has(line, "imap4");
        return is_list ? 60 : code_bits(line);
    }
    return text_has(line, "completed") ? 24 : 10;
}

static int weigh_server(struct cursor c, bool is_final)
{
    int bits = 0;
    struct cursor line;
    for (unsigned i = 0; i < LINES && !cursor_at_end(&c); i++) {
        enum text_line state = text_line(&c, LINE_LIMIT, &line);
        if (state == LINE_OPEN && !is_final)
            return bits;
        int more = -1;
        if (state != LINE_BAD && cursor_peek(&line, 0) == '+') /* go on, section 7.5 */
            more = 1;
        else if (state != LINE_BAD)
            more = cursor_accept_text(&line, "* ") ? untagged_bits(line) : tagged_bits(line);
        if (more < 0)
            return i || state == LINE_OPEN ? bits : -1;
        bits += more;
        if (state == LINE_OPEN || bits >= BITS_FOR_YES)
            break;
    }
    return bits;
}

static enum answer validate(struct inspection *in)
{
    int client = weigh_client(in->client, in->is_final);
    int server = weigh_server(in->server, in->is_final);
    /* Any word may be a tag: a client alone is likely at most. */
    if (in->server.size == 0 && client >= BITS_FOR_YES)
        client = BITS_FOR_YES - 1;
    return answer_by_sides(in, client, server, server > client ? "responses" : "commands");
}

static const struct signature signatures[] = {SIGNATURE(0, "* ")};

const struct cdpi_protocol cdpi_protocol_imap = {
    .name = "IMAP",
    .reference = "RFC 3501 and RFC 9051 sections 2.2, 6 and 7",
    .transports = OVER_TCP,
    .category = CATEGORY_MAIL,
    .tcp_ports = PORTS(143),
    SIGNATURES(signatures),
    .is_unsigned = true,
    .is_text = true,
    .validate = validate,
    .follow = follow_starttls, /* RFC 9051 section 6.2.1 */
};
