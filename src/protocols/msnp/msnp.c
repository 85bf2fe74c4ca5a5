/* SPDX-License-Identifier: MIT */
/*
 * MSN Messenger (draft-movva-msn-messenger-protocol-00 and later versions): lines of a command of
 * three letters, a transaction's number, words. A session begins with VER and the versions known,
 * MSNP2 to MSNP21, and CVR0; a conversation with USR or ANS and an address.
 */
#include "framing/commands.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 512, LINES = 6 };

static const struct command commands[] = {
    {.word = "ack", .bits = 10, .arguments = ARGUMENTS_NUMBER},
    {.word = "adc", .bits = 18, .arguments = ARGUMENTS_NUMBER},
    {.word = "adl", .bits = 18, .arguments = ARGUMENTS_NUMBER},
    {.word = "ans", .bits = 16, .arguments = ARGUMENTS_NUMBER},
    {.word = "blp", .bits = 18, .arguments = ARGUMENTS_NUMBER},
    {.word = "bye", .bits = 8, .arguments = ARGUMENTS_SOME},
    {.word = "cvr", .bits = 28, .arguments = ARGUMENTS_NUMBER},
    {.word = "chg", .bits = 18, .arguments = ARGUMENTS_NUMBER},
    {.word = "chl", .bits = 18, .arguments = ARGUMENTS_NUMBER},
    {.word = "cal", .bits = 18, .arguments = ARGUMENTS_NUMBER},
    {.word = "fln", .bits = 18, .arguments = ARGUMENTS_SOME},
    {.word = "gcf", .bits = 18, .arguments = ARGUMENTS_NUMBER},
    {.word = "gtc", .bits = 18, .arguments = ARGUMENTS_NUMBER},
    {.word = "inf", .bits = 18, .arguments = ARGUMENTS_NUMBER},
    {.word = "iro", .bits = 18, .arguments = ARGUMENTS_NUMBER},
    {.word = "iln", .bits = 18, .arguments = ARGUMENTS_NUMBER},
    {.word = "joi", .bits = 18, .arguments = ARGUMENTS_SOME},
    {.word = "lsg", .bits = 18, .arguments = ARGUMENTS_NUMBER},
    {.word = "msg", .bits = 10, .arguments = ARGUMENTS_SOME},
    {.word = "mime-version:", .bits = 10, .arguments = ARGUMENTS_NUMBER},
    {.word = "nln", .bits = 18, .arguments = ARGUMENTS_SOME},
    {.word = "png", .bits = 16, .arguments = ARGUMENTS_NONE},
    {.word = "prp", .bits = 18, .arguments = ARGUMENTS_SOME},
    {.word = "qng", .bits = 22, .arguments = ARGUMENTS_NUMBER},
    {.word = "qry", .bits = 20, .arguments = ARGUMENTS_NUMBER},
    {.word = "rng", .bits = 18, .arguments = ARGUMENTS_NUMBER},
    {.word = "sbs", .bits = 18, .arguments = ARGUMENTS_NUMBER},
    {.word = "syn", .bits = 18, .arguments = ARGUMENTS_NUMBER},
    {.word = "ubx", .bits = 22, .arguments = ARGUMENTS_SOME},
    {.word = "usr", .bits = 16, .arguments = ARGUMENTS_NUMBER},
    {.word = "uum", .bits = 22, .arguments = ARGUMENTS_NUMBER},
    {.word = "uux", .bits = 22, .arguments = ARGUMENTS_NUMBER},
    {.word = "xfr", .bits = 18, .arguments = ARGUMENTS_NUMBER},
};

/* All is in upper case, but the headers of a message. */
static bool is_in_case(const struct cursor *line)
{
    int second = cursor_peek(line, 1);
    return second >= 'A' && second <= 'Z';
}

/* VER and a number, then MSNP and digits among the words. */
static bool is_version(struct cursor line)
{
    if (!cursor_accept_nocase(&line, "ver ") || text_digits(&line, 10, NULL) == 0)
        return false;
    int32_t at = cursor_find_text(&line, " MSNP", 64);
    return at >= 0;
}

/* Addresses of the service have an @, tickets of a conversation stand behind them. */
static int line_bits(struct cursor line)
{
    if (is_version(line))
        return 60;
    const struct command *command = command_of(COMMANDS(commands), line);
    if (!command || (command->word[3] == 0 && !is_in_case(&line)))
        return -1;
    return command->bits + (cursor_find(&line, '@', LINE_LIMIT) > 4 ? 12 : 0);
}

static int weigh(struct cursor c)
{
    int bits = 0;
    struct cursor line;
    for (unsigned i = 0; i < LINES && !cursor_at_end(&c); i++) {
        enum text_line state = text_line(&c, LINE_LIMIT, &line);
        if (state == LINE_OPEN)
            return bits;
        int more = state == LINE_WHOLE ? line_bits(line) : -1;
        if (more < 0)
            return i ? bits : -1;
        bits += more;
    }
    return bits;
}

static enum answer validate(struct inspection *in)
{
    return answer_by_sides(in, weigh(in->client), weigh(in->server), "commands");
}

static const struct signature signatures[] = {
    SIGNATURE(0, "VER "), SIGNATURE(0, "CVR "), SIGNATURE(0, "USR "), SIGNATURE(0, "ANS "),
    SIGNATURE(0, "XFR "), SIGNATURE(0, "IRO "), SIGNATURE(0, "QNG "), SIGNATURE(0, "PNG\r\n"),
    SIGNATURE(0, "NLN "), SIGNATURE(0, "CHG "), SIGNATURE(0, "SYN "), SIGNATURE(0, "MSG "),
    SIGNATURE(0, "UBX "), SIGNATURE(0, "FLN "), SIGNATURE(0, "ILN "), SIGNATURE(0, "JOI "),
    SIGNATURE(0, "CHL "), SIGNATURE(0, "QRY "), SIGNATURE(0, "RNG "), SIGNATURE(0, "UUX "),
};

const struct cdpi_protocol cdpi_protocol_msnp = {
    .name = "MSNP",
    .reference = "draft-movva-msn-messenger-protocol-00",
    .transports = OVER_TCP,
    .category = CATEGORY_CHAT,
    .tcp_ports = PORTS(1863),
    SIGNATURES(signatures),
    .validate = validate,
};
