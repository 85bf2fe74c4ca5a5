/* SPDX-License-Identifier: MIT */
/*
 * NNTP, RFC 3977, RFC 4643, RFC 4644, RFC 2980: the server greets with 200 or 201 (RFC 3977 section
 * 5.1), the client's commands are words. Joined late, replies that carry article numbers and
 * message identifiers tell it.
 */
#include "framing/commands.h"
#include "protocols/protocol.h"
#include "protocols/starttls.h"

enum { LINE_LIMIT = 1024, CODE_BITS = 12 };

static const struct command commands[] = {
    {.word = "authinfo user", .bits = 44, .arguments = ARGUMENTS_SOME},
    {.word = "authinfo pass", .bits = 44, .arguments = ARGUMENTS_SOME},
    {.word = "authinfo sasl", .bits = 44, .arguments = ARGUMENTS_SOME, .is_last = true},
    {.word = "article", .bits = 28, .arguments = ARGUMENTS_ONE_AT_MOST},
    {.word = "body", .bits = 16, .arguments = ARGUMENTS_ONE_AT_MOST},
    {.word = "capabilities", .bits = 44},
    {.word = "check", .bits = 14, .arguments = ARGUMENTS_SOME},
    {.word = "date", .bits = 14, .arguments = ARGUMENTS_NONE},
    {.word = "group", .bits = 20, .arguments = ARGUMENTS_ONE},
    {.word = "head", .bits = 10, .arguments = ARGUMENTS_ONE_AT_MOST},
    {.word = "hdr", .bits = 16, .arguments = ARGUMENTS_SOME},
    {.word = "help", .bits = 3, .arguments = ARGUMENTS_NONE},
    {.word = "ihave", .bits = 26, .arguments = ARGUMENTS_SOME},
    {.word = "listgroup", .bits = 40},
    {.word = "list active", .bits = 40},
    {.word = "list newsgroups", .bits = 48},
    {.word = "list overview.fmt", .bits = 60, .arguments = ARGUMENTS_NONE},
    {.word = "list", .bits = 6},
    {.word = "last", .bits = 12, .arguments = ARGUMENTS_NONE},
    {.word = "mode reader", .bits = 48, .arguments = ARGUMENTS_NONE},
    {.word = "mode stream", .bits = 44, .arguments = ARGUMENTS_NONE},
    {.word = "newgroups", .bits = 44, .arguments = ARGUMENTS_NUMBER},
    {.word = "newnews", .bits = 34, .arguments = ARGUMENTS_SOME},
    {.word = "next", .bits = 12, .arguments = ARGUMENTS_NONE},
    {.word = "over", .bits = 16, .arguments = ARGUMENTS_ONE_AT_MOST},
    {.word = "post", .bits = 14, .arguments = ARGUMENTS_NONE, .is_last = true},
    {.word = "quit", .bits = 3, .arguments = ARGUMENTS_NONE},
    {.word = "stat", .bits = 8, .arguments = ARGUMENTS_ONE_AT_MOST},
    {.word = "starttls", .bits = 12, .arguments = ARGUMENTS_NONE, .is_last = true},
    {.word = "takethis", .bits = 40, .arguments = ARGUMENTS_SOME, .is_last = true},
    {.word = "xover", .bits = 32, .arguments = ARGUMENTS_NONE_OR_NUMBERS},
    {.word = "xhdr", .bits = 30, .arguments = ARGUMENTS_SOME},
    {.word = "xfeature compress", .bits = 60, .arguments = ARGUMENTS_SOME, .is_last = true},
};

static bool pass_number(struct cursor *line)
{
    return text_digits(line, 16, NULL) > 0 && (cursor_at_end(line) || cursor_u8(line) == ' ');
}

/* RFC 3977 section 3.6: <...@...>. */
static bool is_message_id(struct cursor line)
{
    return cursor_peek(&line, 0) == '<' && cursor_find(&line, '@', 250) > 0 &&
           cursor_find(&line, '>', 250) > 2;
}

/* What stands after the code of a greeting: words of news. */
static int greeting_bits(struct cursor line)
{
    bool says_software = text_has(line, "nn") && (text_has(line, "nntp") ||
                                                  text_has(line, "innd") || text_has(line, "nnrp"));
    bool says_news = text_has(line, "news");
    if (says_software || text_has(line, "usenet") || (says_news && text_has(line, "newsreader")))
        return CODE_BITS + 32;
    return says_news || text_has(line, "posting") ? CODE_BITS + 20 : CODE_BITS;
}

/* RFC 3977 section 6: 211 count first last group; 220 to 223 number <id>. */
static int reply_bits(uint32_t code, struct cursor line)
{
    switch (code) {
    case 200:
    case 201:
        return greeting_bits(line);
    case 211:
        return pass_number(&line) && pass_number(&line) && pass_number(&line) ? 44 : -1;
    case 220:
    case 221:
    case 222:
    case 223:
        return pass_number(&line) && is_message_id(line) ? 48 : -1;
    case 235:
    case 238:
    case 239:
    case 335:
    case 438:
    case 439:
        return is_message_id(line) ? 40 : -1;
    case 101:
    case 215:
    case 224:
    case 381:
    case 281:
    case 340:
        return CODE_BITS + 4;
    case 400:
    case 480:
    case 500:
    case 502:
        return CODE_BITS - 4;
    default:
        return -1;
    }
}

/* RFC 3977 section 5.2: the capabilities' list begins with the version. */
static bool is_version(struct cursor c)
{
    struct cursor line;
    return text_line(&c, LINE_LIMIT, &line) == LINE_WHOLE &&
           cursor_accept_text(&line, "VERSION ") && text_is_digit(cursor_peek(&line, 0));
}

static int weigh_server(struct cursor c)
{
    if (c.size == 0)
        return 0;
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state != LINE_WHOLE) /* digits, or not a reply */
        return state == LINE_OPEN && text_is_digit(cursor_peek(&c, 0)) ? 0 : -1;
    uint32_t code;
    bool is_last;
    if (!text_reply_code(&line, &code, &is_last) || !is_last)
        return -1;
    return code == 101 && is_version(c) ? 44 : reply_bits(code, line);
}

static enum answer validate(struct inspection *in)
{
    int server = weigh_server(in->server);
    int client = in->client.size ? commands_weigh(in->client, COMMANDS(commands), LINE_LIMIT) : 0;
    return answer_by_sides(in, client, server, server > client ? "reply" : "commands");
}

static const struct signature signatures[] = {
    SIGNATURE(0, "101 "),
    SIGNATURE(0, "200 "),
    SIGNATURE(0, "201 "),
    SIGNATURE(0, "211 "),
    SIGNATURE_MASKED(0, "220 ", "\xff\xff\xfc\xff"),
    SIGNATURE(0, "239 <"),
    SIGNATURE(0, "238 <"),
    SIGNATURE(0, "335 <"),
    SIGNATURE_MASKED(0, "CAPABILIT", "\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf"),
    SIGNATURE_MASKED(0, "MODE ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "AUTHINFO ", "\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "GROUP ", "\xdf\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "LIST", "\xdf\xdf\xdf\xdf"),
    SIGNATURE_MASKED(0, "ARTICLE", "\xdf\xdf\xdf\xdf\xdf\xdf\xdf"),
    SIGNATURE_MASKED(0, "BODY", "\xdf\xdf\xdf\xdf"),
    SIGNATURE_MASKED(0, "XOVER ", "\xdf\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "XHDR ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "NEWGROUPS", "\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf"),
    SIGNATURE_MASKED(0, "NEWNEWS ", "\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "IHAVE ", "\xdf\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "CHECK <", "\xdf\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "TAKETHIS ", "\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xdf\xff"),
};

const struct cdpi_protocol cdpi_protocol_nntp = {
    .name = "NNTP",
    .reference = "RFC 3977 sections 5 to 8, RFC 4643, RFC 4644, RFC 2980",
    .transports = OVER_TCP,
    .category = CATEGORY_CHAT,
    .tcp_ports = PORTS(119, 433),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow_starttls, /* RFC 4642 */
};
