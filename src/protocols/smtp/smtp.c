/* SPDX-License-Identifier: MIT */
/*
 * SMTP, RFC 5321: the server greets with 220 (section 4.2), the client says EHLO or HELO with its
 * name (section 4.1.1.1). FTP greets with 220 too: a greeting alone counts only if it names SMTP,
 * and one that names FTP is none. A server may send lines before the client speaks, and go on with
 * 250.
 */
#include "framing/text.h"
#include "framing/tls.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 1024, GREETING_LINES = 64 };

static const char *const commands[] = {"ehlo", "helo", "starttls", "auth", "mail", "rcpt", "data",
                                       "rset", "noop", "quit",     "vrfy", "help", NULL};

enum { COMMAND_EHLO = 0, COMMAND_HELO = 1, COMMAND_MAIL = 4, COMMAND_RCPT = 5, COMMANDS_OTHER = 6 };

/* The name of section 4.1.1.1: one word, an address in brackets among them. */
static bool is_domain(struct cursor *line)
{
    if (cursor_u8(line) != ' ')
        return false;
    while (cursor_accept_text(line, " "))
        ;
    return !cursor_at_end(line) && cursor_find(line, ' ', 255) < 0;
}

/* MAIL FROM:<...> and RCPT TO:<...>, section 4.1.1.2 and 4.1.1.3. */
static bool is_path(struct cursor *line, int command)
{
    cursor_skip(line, 1);
    if (!cursor_accept_nocase(line, command == COMMAND_MAIL ? "from:" : "to:"))
        return false;
    return cursor_find(line, '<', 2) >= 0 && cursor_find(line, '>', LINE_LIMIT) > 0;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    struct cursor line;
    switch (text_line(&c, LINE_LIMIT, &line)) {
    case LINE_BAD:
        return NO;
    case LINE_OPEN:
        return short_of(in, &c);
    default:
        break;
    }
    int command = text_word(&line, commands);
    if (command == COMMAND_EHLO || command == COMMAND_HELO)
        return is_domain(&line) ? yes(in, "EHLO", &c) : NO;
    if (command == COMMAND_MAIL || command == COMMAND_RCPT)
        return is_path(&line, command) ? yes(in, "envelope", &c) : NO;
    /* A client that only leaves, or asks for help first, is as good as silent. */
    return command >= COMMANDS_OTHER ? wants_more(in, &c) : NO;
}

/* Lines of 250 after EHLO: at least one keyword of RFC 5321 and its extensions. */
static bool is_keyword(struct cursor line)
{
    static const char *const keywords[] = {
        "pipelining", "8bitmime", "starttls", "enhancedstatuscodes", "size", "auth login",
        "dsn",        "chunking", "smtputf8", "auth plain",          "etrn", NULL};
    return text_word(&line, keywords) >= 0;
}

/* RFC 3463 section 2: class.subject.detail, of the class that the reply has. */
static bool has_enhanced_code(uint32_t code, struct cursor line)
{
    uint32_t class;
    return text_digits(&line, 1, &class) == 1 && class == code / 100 && cursor_u8(&line) == '.' &&
           text_digits(&line, 3, NULL) > 0 && cursor_u8(&line) == '.' &&
           text_digits(&line, 3, NULL) > 0 && cursor_u8(&line) == ' ';
}

/* A reply from the middle of a session. */
static bool is_late_reply(uint32_t code, struct cursor line)
{
    if (code == 354)
        return text_has(line, "mail") || text_has(line, "data") || text_has(line, "<cr");
    return has_enhanced_code(code, line);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    struct cursor line;
    bool names_smtp = false;
    for (unsigned i = 0; i < GREETING_LINES && !cursor_at_end(&c); i++) {
        enum text_line state = text_line(&c, LINE_LIMIT, &line);
        if (state == LINE_BAD)
            return NO;
        if (state == LINE_OPEN)
            break;
        uint32_t code;
        bool is_last;
        if (!text_reply_code(&line, &code, &is_last))
            return names_smtp ? yes(in, "greeting", &c) : NO;
        if (i == 0 && code != 220 && is_late_reply(code, line))
            return likely(in, "reply", &c);
        if (i == 0 && code != 220 && code != 250 && code != 421 && code != 554)
            return NO;
        if (i == 0 && text_has(line, "ftp"))
            return NO;
        if (text_has(line, "smtp") || (code == 250 && is_keyword(line)))
            names_smtp = true;
        if (names_smtp && is_last)
            return yes(in, "greeting", &c);
    }
    return names_smtp ? likely(in, "greeting", &c) : short_of(in, &c);
}

static enum answer validate(struct inspection *in)
{
    enum answer client = in->client.size ? judge_client(in, in->client) : YES;
    enum answer server = in->server.size ? judge_server(in, in->server) : YES;
    if (client == NO || server == NO)
        return NO;
    /* A greeting of any words, and a client that says EHLO: 220 and EHLO make it SMTP. */
    if (both_spoke(in) && client == YES && server != YES &&
        cursor_find(&in->server, '\n', LINE_LIMIT) > 0)
        return YES;
    return client < server ? client : server;
}

enum { FOLLOWED_PAYLOADS = 64 };

/* STARTTLS, RFC 3207: then TLS. */
static enum follow_answer follow(struct follow *f, struct cursor *payload)
{
    if (!tls_begins(payload))
        return ++f->state[0] < FOLLOWED_PAYLOADS ? FOLLOW_ON : FOLLOW_DONE;
    f->speaks = "TLS";
    return FOLLOW_SPEAKS;
}

static const struct signature signatures[] = {
    SIGNATURE(0, "220 "),
    SIGNATURE(0, "220-"),
    SIGNATURE(0, "250-"),
    SIGNATURE(0, "554 "),
    SIGNATURE(0, "421 "),
    SIGNATURE(0, "354 "),
    SIGNATURE_MASKED(0, "200 0.", "\xf8\xf0\xf0\xff\xf8\xff"),
    SIGNATURE_MASKED(0, "EHLO ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "HELO ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "MAIL FROM:", "\xdf\xdf\xdf\xdf\xff\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "RCPT TO:", "\xdf\xdf\xdf\xdf\xff\xdf\xdf\xff"),
};

const struct cdpi_protocol cdpi_protocol_smtp = {
    .name = "SMTP",
    .reference = "RFC 5321 sections 4.1.1 and 4.2",
    .transports = OVER_TCP,
    .category = CATEGORY_MAIL,
    .tcp_ports = PORTS(25, 587),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow,
};
