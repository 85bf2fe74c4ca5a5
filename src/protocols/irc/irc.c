/* SPDX-License-Identifier: MIT */
/*
 * IRC, RFC 1459 and RFC 2812 section 2.3, IRCv3's capability negotiation:
 *
 *     [":" prefix SP] command [SP parameters] CRLF       command: a word or three digits
 *
 * A client registers with CAP, PASS, NICK and USER; a server may speak first (NOTICE, PING) and
 * answers with numbers.
 */
#include "framing/commands.h"
#include "protocols/protocol.h"
#include "protocols/starttls.h"

/* RFC 2812 section 2.3: 512 bytes; IRCv3 tags make it longer. */
enum { LINE_LIMIT = 8192, LINES = 6, PREFIX_LIMIT = 200, NUMBER_BITS = 36, PREFIX_BITS = 14 };

static const struct command client_commands[] = {
    {.word = "away", .bits = 12},
    {.word = "authenticate", .bits = 16, .arguments = ARGUMENTS_SOME},
    {.word = "cap ls", .bits = 44},
    {.word = "cap req", .bits = 44, .arguments = ARGUMENTS_SOME},
    {.word = "cap end", .bits = 44, .arguments = ARGUMENTS_NONE},
    {.word = "capab", .bits = 30, .arguments = ARGUMENTS_SOME},
    {.word = "chathistory", .bits = 36, .arguments = ARGUMENTS_SOME},
    {.word = "cap list", .bits = 36, .arguments = ARGUMENTS_NONE},
    {.word = "ison", .bits = 20, .arguments = ARGUMENTS_SOME},
    {.word = "invite", .bits = 10, .arguments = ARGUMENTS_SOME},
    {.word = "ircx", .bits = 20, .arguments = ARGUMENTS_NONE},
    {.word = "join", .bits = 16, .arguments = ARGUMENTS_SOME},
    {.word = "kick", .bits = 10, .arguments = ARGUMENTS_SOME},
    {.word = "lusers", .bits = 28},
    {.word = "list", .bits = 3},
    {.word = "mode", .bits = 10, .arguments = ARGUMENTS_SOME},
    {.word = "motd", .bits = 14},
    {.word = "monitor", .bits = 14, .arguments = ARGUMENTS_SOME},
    {.word = "nick", .bits = 22, .arguments = ARGUMENTS_SOME},
    {.word = "notice", .bits = 16, .arguments = ARGUMENTS_SOME},
    {.word = "names", .bits = 10},
    {.word = "oper", .bits = 10, .arguments = ARGUMENTS_SOME},
    {.word = "privmsg", .bits = 32, .arguments = ARGUMENTS_SOME},
    {.word = "pass", .bits = 4, .arguments = ARGUMENTS_SOME},
    {.word = "ping", .bits = 8, .arguments = ARGUMENTS_SOME},
    {.word = "pong", .bits = 20, .arguments = ARGUMENTS_SOME},
    {.word = "part", .bits = 14, .arguments = ARGUMENTS_SOME},
    {.word = "protoctl", .bits = 44, .arguments = ARGUMENTS_SOME},
    {.word = "quit", .bits = 3},
    {.word = "starttls", .bits = 6, .arguments = ARGUMENTS_NONE, .is_last = true},
    {.word = "server", .bits = 8, .arguments = ARGUMENTS_SOME}, /* one that links to another */
    {.word = "topic", .bits = 12, .arguments = ARGUMENTS_SOME},
    {.word = "tagmsg", .bits = 32, .arguments = ARGUMENTS_SOME},
    {.word = "userhost", .bits = 32, .arguments = ARGUMENTS_SOME},
    {.word = "who", .bits = 6, .arguments = ARGUMENTS_SOME},
    {.word = "whois", .bits = 14, .arguments = ARGUMENTS_SOME},
    {.word = "webirc", .bits = 40, .arguments = ARGUMENTS_SOME},
};

static const struct command server_commands[] = {
    {.word = "authenticate", .bits = 16, .arguments = ARGUMENTS_SOME},
    {.word = "account", .bits = 12, .arguments = ARGUMENTS_SOME},
    {.word = "away", .bits = 12},
    {.word = "batch", .bits = 12, .arguments = ARGUMENTS_SOME},
    {.word = "cap", .bits = 14, .arguments = ARGUMENTS_SOME},
    {.word = "chghost", .bits = 26, .arguments = ARGUMENTS_SOME},
    {.word = "error :closing link:", .bits = 60, .arguments = ARGUMENTS_ANY},
    {.word = "error", .bits = 8, .arguments = ARGUMENTS_SOME},
    {.word = "invite", .bits = 16, .arguments = ARGUMENTS_SOME},
    {.word = "join", .bits = 20, .arguments = ARGUMENTS_SOME},
    {.word = "kick", .bits = 16, .arguments = ARGUMENTS_SOME},
    {.word = "kill", .bits = 10, .arguments = ARGUMENTS_SOME},
    {.word = "mode", .bits = 16, .arguments = ARGUMENTS_SOME},
    {.word = "notice auth", .bits = 44, .arguments = ARGUMENTS_SOME},
    {.word = "notice *", .bits = 40, .arguments = ARGUMENTS_SOME},
    {.word = "notice", .bits = 26, .arguments = ARGUMENTS_SOME},
    {.word = "nick", .bits = 20, .arguments = ARGUMENTS_SOME},
    {.word = "privmsg", .bits = 32, .arguments = ARGUMENTS_SOME},
    {.word = "ping", .bits = 12, .arguments = ARGUMENTS_SOME},
    {.word = "pong", .bits = 12, .arguments = ARGUMENTS_SOME},
    {.word = "part", .bits = 20, .arguments = ARGUMENTS_SOME},
    {.word = "quit", .bits = 20, .arguments = ARGUMENTS_SOME},
    {.word = "server", .bits = 8, .arguments = ARGUMENTS_SOME},
    {.word = "setname", .bits = 16, .arguments = ARGUMENTS_SOME},
    {.word = "topic", .bits = 16, .arguments = ARGUMENTS_SOME},
    {.word = "tagmsg", .bits = 26, .arguments = ARGUMENTS_SOME}, /* IRCv3 */
    {.word = "wallops", .bits = 26, .arguments = ARGUMENTS_SOME},
};

/* Nobody should send more than one, some do. */
static void pass_blanks(struct cursor *line)
{
    while (cursor_accept_text(line, " "))
        ;
}

/* RFC 2812 section 3.1.3: user, mode, unused, :realname. */
static int user_bits(struct cursor line)
{
    unsigned blanks = 0;
    if (!cursor_accept_nocase(&line, "user "))
        return 0;
    pass_blanks(&line);
    for (; !cursor_at_end(&line) && blanks < 3; blanks++) {
        while (cursor_peek(&line, 0) > ' ')
            cursor_skip(&line, 1);
        if (!cursor_accept_text(&line, " "))
            return 0;
        pass_blanks(&line);
    }
    if (blanks == 3 && cursor_peek(&line, 0) == ':')
        return 40;
    return blanks == 3 && command_is_one_word(line) ? 24 : 0; /* without ":" it is one word */
}

/* IRCv3 message tags: "@", key=value pairs, a blank; from a server a prefix must follow here. */
static bool pass_tags(struct cursor *line)
{
    int32_t end = cursor_find(line, ' ', LINE_LIMIT);
    return end > 2 && cursor_find(line, '=', (uint32_t)end) > 1 &&
           cursor_skip(line, (uint32_t)end + 1);
}

/* ":" and a server's or a user's name. */
static bool pass_prefix(struct cursor *line)
{
    int32_t end = cursor_find(line, ' ', PREFIX_LIMIT);
    if (end < 2)
        return false;
    for (int32_t i = 0; i < end; i++) {
        if (cursor_u8(line) <= ' ')
            return false;
    }
    pass_blanks(line);
    return true;
}

/* A reply: three digits and to whom (section 5); the first four begin every session. */
static int number_bits(struct cursor line)
{
    uint32_t number;
    bool is_reply = text_digits(&line, 3, &number) == 3 && cursor_u8(&line) == ' ';
    pass_blanks(&line);
    is_reply = is_reply && cursor_left(&line) > 1 && cursor_peek(&line, 0) > ' ';
    return is_reply ? PREFIX_BITS + NUMBER_BITS - (number > 4 ? 12 : 0) : -1;
}

static int client_bits(struct cursor line)
{
    if (cursor_peek(&line, 0) == '@' && !pass_tags(&line))
        return -1;
    if (cursor_peek(&line, 0) == ':' &&
        !pass_prefix(&line)) /* its own name: RFC 2812 section 2.3 */
        return -1;
    int user = command_is_sentence(&line) ? 0 : user_bits(line);
    if (user)
        return user;
    const struct command *command = command_of(COMMANDS(client_commands), line);
    return command ? command_bits(command, &line) : -1;
}

static int server_bits(struct cursor line)
{
    int bits = 0;
    if (cursor_peek(&line, 0) == '@' && (!pass_tags(&line) || cursor_peek(&line, 0) != ':'))
        return -1;
    if (cursor_peek(&line, 0) == ':') {
        if (!pass_prefix(&line))
            return -1;
        bits = PREFIX_BITS;
        if (text_is_digit(cursor_peek(&line, 0)))
            return number_bits(line);
    }
    if (cursor_starts_with(&line, "ERROR :") && !text_has(line, "closing link:"))
        return bits + 28;
    const struct command *command = command_of(COMMANDS(server_commands), line);
    return command ? bits + command_bits(command, &line) : -1;
}

static int weigh(struct cursor c, bool is_client, bool is_final)
{
    int bits = 0;
    struct cursor line;
    while (cursor_accept_text(&c, "\r\n"))
        ;
    for (unsigned i = 0; i < LINES && !cursor_at_end(&c); i++) {
        enum text_line state = text_raw_line(&c, LINE_LIMIT, &line); /* colours are control bytes */
        if (state == LINE_OPEN && !is_final)
            return bits;
        int more = -1;
        pass_blanks(&line);
        if (state != LINE_BAD)
            more = is_client ? client_bits(line) : server_bits(line);
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
    int client = weigh(in->client, true, in->is_final);
    int server = weigh(in->server, false, in->is_final);
    return answer_by_sides(in, client, server, server > client ? "server's lines" : "commands");
}

static const struct signature signatures[] = {
    SIGNATURE(0, ":"),
    SIGNATURE(0, "@"),
    SIGNATURE_MASKED(0, "NOTICE ", "\xdf\xdf\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "PRIVMSG ", "\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "NICK ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "USER ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "PASS ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "JOIN ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "MODE ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "PING ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "PONG ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "ISON ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "USERHOST ", "\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "CAP ", "\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "WEBIRC ", "\xdf\xdf\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE(0, "PROTOCTL "),
    SIGNATURE(0, "ERROR :"),
    SIGNATURE(0, "\r\n"),
};

const struct cdpi_protocol cdpi_protocol_irc = {
    .name = "IRC",
    .reference = "RFC 1459, RFC 2812 sections 2.3, 3 and 5; IRCv3",
    .transports = OVER_TCP,
    .category = CATEGORY_CHAT,
    .tcp_ports = PORTS(6667, 6660, 6661, 6662, 6663, 6664, 6665, 6666, 6668, 6669, 7000),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow_starttls, /* IRCv3: tls */
};
