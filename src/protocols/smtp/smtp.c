/* SPDX-License-Identifier: MIT */
/*
 * SMTP, RFC 5321: the server greets with 220 (section 4.2), the client says EHLO or HELO with its
 * name (section 4.1.1.1). FTP greets with 220 too: a greeting alone counts only if it names SMTP,
 * and one that names FTP is none. A server may send lines before the client speaks, and go on with
 * 250.
 */
#include "framing/text.h"
#include "protocols/protocol.h"
#include "protocols/starttls.h"

enum { LINE_LIMIT = 1024, GREETING_LINES = 64 };

/* What a command says. Those that other protocols have too need the server's reply. */
enum command {
    COMMAND_NONE = -1,
    COMMAND_EHLO,
    COMMAND_HELO,
    COMMAND_MAIL,
    COMMAND_RCPT,
    COMMAND_BDAT, /* RFC 3030 */
    COMMAND_VRFY,
    COMMAND_EXPN,
    COMMAND_XCLIENT,
    COMMAND_XFORWARD,
    COMMAND_RSET,
    COMMAND_DATA,
    COMMAND_STARTTLS
};

static const char *const commands[] = {"ehlo", "helo",    "mail",     "rcpt", "bdat", "vrfy",
                                       "expn", "xclient", "xforward", "rset", "data", "starttls",
                                       "auth", "noop",    "quit",     "help", NULL};

/* The name of section 4.1.1.1: one word, an address in brackets among them. Some give none, or
 * several. */
static enum answer judge_name(struct inspection *in, struct cursor line, const struct cursor *c)
{
    while (cursor_accept_text(&line, " "))
        ;
    bool is_domain = !cursor_at_end(&line) && cursor_find(&line, ' ', 255) < 0;
    return is_domain ? yes(in, "EHLO", c) : likely(in, "EHLO", c);
}

/* MAIL FROM:<...> and RCPT TO:<...>, section 4.1.1.2 and 4.1.1.3; the brackets are left out at
 * times. */
static enum answer judge_path(struct inspection *in, struct cursor line, int command,
                              const struct cursor *c)
{
    cursor_skip(&line, 1);
    if (!cursor_accept_nocase(&line, command == COMMAND_MAIL ? "from:" : "to:"))
        return NO;
    bool has_brackets = cursor_find(&line, '<', 2) >= 0 && cursor_find(&line, '>', LINE_LIMIT) > 0;
    return has_brackets ? yes(in, "envelope", c) : likely(in, "envelope", c);
}

static enum answer judge_command(struct inspection *in, struct cursor line, int command,
                                 const struct cursor *c)
{
    if (command <= COMMAND_HELO)
        return judge_name(in, line, c);
    if (command <= COMMAND_RCPT)
        return judge_path(in, line, command, c);
    bool has_argument = cursor_left(&line) > 1;
    if (command <= COMMAND_XFORWARD)
        return has_argument ? likely(in, "command", c) : MORE;
    /* A client that only leaves, or asks for help first, is as good as silent. */
    return wants_more(in, c);
}

/* The first line's command; `c` passes over it. */
static enum text_line first_command(struct cursor *c, struct cursor *line, int *command)
{
    enum text_line state = text_line(c, LINE_LIMIT, line);
    *command = state == LINE_WHOLE ? text_word(line, commands) : COMMAND_NONE;
    return state;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    struct cursor line;
    int command;
    enum text_line state = first_command(&c, &line, &command);
    if (state == LINE_OPEN)
        return short_of(in, &c);
    return command < 0 ? NO : judge_command(in, line, command, &c);
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
    if (code == 334) /* RFC 4954 section 4: "Username:" and "Password:" in base64 */
        return cursor_starts_with(&line, "VXNlcm5hbWU6") ||
               cursor_starts_with(&line, "UGFzc3dvcmQ6");
    return has_enhanced_code(code, line);
}

/* Servers that name themselves in place of the protocol. */
static bool is_named(struct cursor line)
{
    return text_has(line, "sendmail") || text_has(line, "postfix") || text_has(line, " exim ") ||
           text_has(line, "qmail");
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    struct cursor line;
    bool names_smtp = false, greeted = false;
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
        if (i == 0 && code == 220 && has_enhanced_code(code, line))
            names_smtp = true; /* STARTTLS is granted; FTP's replies have no such codes */
        if (i == 0 && code != 220 && is_late_reply(code, line))
            return likely(in, "reply", &c);
        if (i == 0 && code != 220 && code != 250 && code != 421 && code != 554)
            return NO;
        bool says_smtp = text_has(line, "smtp");
        if (i == 0 && !says_smtp && text_has(line, "ftp"))
            return NO;
        if (says_smtp || (code == 220 && is_named(line)) || (code == 250 && is_keyword(line)) ||
            (i > 0 && is_late_reply(code, line)))
            names_smtp = true;
        /* FTP greets with 220 too, but does not go on with 250. */
        if (greeted && code == 250 && is_last && !names_smtp)
            return likely(in, "greeting", &c);
        greeted = code == 220 && is_last;
        if (names_smtp && is_last)
            return yes(in, "greeting", &c);
    }
    return names_smtp ? likely(in, "greeting", &c) : short_of(in, &c);
}

/* A command of several protocols, and the reply that SMTP gives to it. */
static bool reply_fits(const struct inspection *in)
{
    struct cursor asked = in->client, answered = in->server, line, reply;
    int command;
    uint32_t code = 0;
    bool is_last;
    if (first_command(&asked, &line, &command) != LINE_WHOLE ||
        text_line(&answered, LINE_LIMIT, &reply) != LINE_WHOLE ||
        !text_reply_code(&reply, &code, &is_last))
        return false;
    if (command == COMMAND_STARTTLS)
        return code == 220;
    if (in->first_speaker == SERVER)
        return code == 220 && command > COMMAND_RCPT && command < COMMAND_RSET;
    if (command == COMMAND_DATA)
        return code == 354;
    return command == COMMAND_RSET ? code == 250 : command >= COMMAND_VRFY && code / 50 == 5;
}

static enum answer validate(struct inspection *in)
{
    enum answer client = in->client.size ? judge_client(in, in->client) : YES;
    enum answer server = in->server.size ? judge_server(in, in->server) : YES;
    if (client == NO || server == NO)
        return client != NO && in->client.size && reply_fits(in) ? LIKELY : NO;
    if (!both_spoke(in))
        return client < server ? client : server;
    /* A greeting of any words, and a client that says EHLO: 220 and EHLO make it SMTP. */
    if (client == YES && server != YES && cursor_find(&in->server, '\n', LINE_LIMIT) > 0)
        return YES;
    if (client == MORE && server >= LIKELY && cursor_find(&in->client, '\n', LINE_LIMIT) > 0)
        return server;
    if ((client == LIKELY || server == LIKELY || reply_fits(in)) &&
        cursor_find(&in->server, '\n', LINE_LIMIT) > 0)
        return client == MORE && server == MORE && !reply_fits(in) ? MORE : LIKELY;
    return client < server ? client : server;
}

static const struct signature signatures[] = {
    SIGNATURE(0, "220 "),
    SIGNATURE(0, "220-"),
    SIGNATURE(0, "250-"),
    SIGNATURE(0, "554 "),
    SIGNATURE(0, "421 "),
    SIGNATURE(0, "354 "),
    SIGNATURE_MASKED(0, "200 0.", "\xf8\xf0\xf0\xff\xf8\xff"),
    SIGNATURE(0, "334 "),
    SIGNATURE_MASKED(0, "EHLO", "\xdf\xdf\xdf\xdf"),
    SIGNATURE_MASKED(0, "HELO", "\xdf\xdf\xdf\xdf"),
    SIGNATURE_MASKED(0, "VRFY ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "EXPN ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "BDAT ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "DATA\r\n", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "RSET\r\n", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "XCLIENT ", "\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "XFORWARD ", "\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xff"),
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
    .follow = follow_starttls, /* RFC 3207 */
};
