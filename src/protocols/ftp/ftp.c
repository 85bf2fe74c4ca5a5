/* SPDX-License-Identifier: MIT */
/*
 * FTP's control connection, RFC 959, RFC 2228, RFC 2389, RFC 2428, RFC 3659: the server greets with
 * 220 (or 120, 421), the client logs in. SMTP greets likewise and POP3 logs in likewise: each side
 * alone counts only with what FTP alone has, and both together agree on the reply to USER (331,
 * 230).
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 1024, LINES = 64 };

static const char *const commands[] = {
    "user", "pass", "quit", "noop", "help", "stat", "auth",        /* others have these too */
    "feat", "syst", "pasv", "pwd",  "cdup", "xpwd", "abor", "ccc", /* without an argument */
    "type", "port", "epsv", "eprt", "cwd",  "retr", "stor", "list", "nlst", "mlsd", "mlst",
    "mdtm", "size", "opts", "pbsz", "prot", "adat", "acct", "rest", "rnfr", "rnto", "dele",
    "rmd",  "mkd",  "site", "clnt", "host", "mode", "stru", "appe", "mic",  "conf", NULL};

enum {
    USER = 0,
    PASS = 1,
    AUTH = 6,
    FIRST_OWN = 7,
    LAST_BARE = 14,
    TYPE = 15,
    PORT = 16,
    RETR = 20,
    LIST = 22,
    DELE = 36
};

/* RFC 2228 section 3: the mechanisms of AUTH, where SMTP has LOGIN, PLAIN... */
static bool is_mechanism(struct cursor line)
{
    static const char *const names[] = {" tls",    " tls-c",       " tls-p", " ssl",
                                        " gssapi", " kerberos_v4", NULL};
    return text_word(&line, names) >= 0;
}

struct tally {
    unsigned shared, own; /* commands, replies */
    bool is_secured;      /* TLS follows */
    bool is_open;
};

/* Section 5.3.2: the argument that the command must have, or none. */
static bool has_argument(int command, struct cursor line)
{
    if (command >= FIRST_OWN && command <= LAST_BARE)
        return cursor_left(&line) <= 1;
    if (command == TYPE) {
        static const char *const types[] = {" a", " i", " e", " l", " a n", " l 8", NULL};
        return text_word(&line, types) >= 0 && cursor_left(&line) <= 2;
    }
    if (command != PORT)
        return cursor_at_end(&line) || cursor_left(&line) > 1;
    cursor_skip(&line, 1);
    for (unsigned i = 0; i < 6; i++) {
        if (text_digits(&line, 3, NULL) == 0 || (i < 5 && cursor_u8(&line) != ','))
            return false;
    }
    return cursor_at_end(&line);
}

/* POP3's RETR, DELE and LIST take a number, or nothing (RFC 1939 section 5). */
static bool is_as_in_pop3(int command, struct cursor line)
{
    if (command != LIST && command != RETR && command != DELE)
        return false;
    cursor_accept_text(&line, " ");
    text_digits(&line, 10, NULL);
    return cursor_at_end(&line);
}

static bool count_commands(struct cursor *c, struct tally *t)
{
    struct cursor line;
    for (unsigned i = 0; i < LINES && !cursor_at_end(c); i++) {
        enum text_line state = text_line(c, LINE_LIMIT, &line);
        if (state != LINE_WHOLE) {
            t->is_open = state == LINE_OPEN;
            return t->is_open || t->is_secured;
        }
        int command = text_word(&line, commands);
        if (command < 0)
            return t->is_secured;
        t->is_secured = command == AUTH && is_mechanism(line);
        if (command >= FIRST_OWN && !has_argument(command, line))
            return false;
        bool is_own = command >= FIRST_OWN && !is_as_in_pop3(command, line);
        if (is_own || t->is_secured)
            t->own++;
        else
            t->shared++;
        if (t->own + t->shared >= 4 && t->own)
            return true;
    }
    return true;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    struct tally t = {0};
    if (!count_commands(&c, &t))
        return NO;
    if (t.own && t.own + t.shared >= 2)
        return yes(in, "commands", &c);
    if (t.own)
        return likely(in, "command", &c);
    return wants_more(in, &c);
}

/* Words of FTP's own: its name in the greeting, the password's reply, codes of transfers. */
static bool is_own_reply(uint32_t code, struct cursor line, bool is_greeting)
{
    if (is_greeting)
        return text_has(line, "ftp") && !text_has(line, "smtp");
    return code == 331 || code == 230 || code == 227 || code == 229 || code == 257 || code == 215 ||
           code == 226 || code == 530 || code == 234;
}

static bool count_replies(struct cursor *c, struct tally *t)
{
    struct cursor line;
    bool is_inside = false, is_greeting = true;
    for (unsigned i = 0; i < LINES && !cursor_at_end(c); i++) {
        enum text_line state = text_line(c, LINE_LIMIT, &line);
        if (state != LINE_WHOLE) {
            t->is_open = state == LINE_OPEN;
            return t->is_open || t->own > 0;
        }
        uint32_t code = 0;
        bool is_last = false;
        if (!text_reply_code(&line, &code, &is_last)) {
            if (!is_inside) /* between the first and the last line anything may stand */
                return t->own > 0;
            continue;
        }
        if (i == 0 && code != 220 && code != 120 && code != 421 && code != 331 && code != 530)
            return false;
        if (is_own_reply(code, line, is_greeting))
            t->own++;
        else if (is_greeting && text_has(line, "smtp"))
            return false;
        t->shared++;
        is_inside = !is_last;
        if (is_last)
            is_greeting = false;
        if (t->own && t->shared >= 3)
            return true;
    }
    return true;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    struct tally t = {0};
    if (!count_replies(&c, &t))
        return NO;
    if (t.own && t.shared >= 2)
        return yes(in, "replies", &c);
    return t.own ? likely(in, "greeting", &c) : wants_more(in, &c);
}

static enum answer validate(struct inspection *in)
{
    enum answer client = in->client.size ? judge_client(in, in->client) : NO;
    enum answer server = in->server.size ? judge_server(in, in->server) : NO;
    if ((in->client.size && client == NO) || (in->server.size && server == NO))
        return NO;
    if (!both_spoke(in))
        return in->client.size ? client : server;
    /* USER answers a greeting of 220, or one that names FTP: the two together are enough. */
    if ((client >= LIKELY && server >= MORE) || (server >= LIKELY && client >= MORE))
        return client == MORE && cursor_find(&in->client, '\n', LINE_LIMIT) < 0 ? MORE : YES;
    struct cursor login = in->client;
    if (cursor_accept_nocase(&login, "user ") && cursor_starts_with(&in->server, "220") &&
        cursor_find(&login, '\n', LINE_LIMIT) > 0)
        return yes(in, "login", &login);
    return MORE;
}

static const struct signature signatures[] = {
    SIGNATURE(0, "220 "),
    SIGNATURE(0, "220-"),
    SIGNATURE(0, "120 "),
    SIGNATURE(0, "421 "),
    SIGNATURE(0, "331 "),
    SIGNATURE(0, "530 "),
    SIGNATURE_MASKED(0, "USER ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "AUTH ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "FEAT\r\n", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "SYST\r\n", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "PASV\r\n", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "EPSV\r\n", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "TYPE ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "PORT ", "\xdf\xdf\xdf\xdf\xff"),
};

const struct cdpi_protocol cdpi_protocol_ftp = {
    .name = "FTP",
    .reference = "RFC 959 sections 4.1 and 4.2, RFC 2228, RFC 2389",
    .transports = OVER_TCP,
    .category = CATEGORY_FILE_TRANSFER,
    .tcp_ports = PORTS(21, 2121),
    SIGNATURES(signatures),
    .validate = validate,
};
