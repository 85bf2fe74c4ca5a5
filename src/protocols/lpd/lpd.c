/* SPDX-License-Identifier: MIT */
/*
 * LPD, RFC 1179 section 5: the client's line is a number from 1 to 5 and a queue's name, the server
 * answers a job (2) with a zero, a question for the queue's state (3, 4) with text. A job's files
 * come with subcommands (section 6): 2 or 3, size, blank, cfA... or dfA...
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { PRINT_WAITING = 1, RECEIVE_JOB, SEND_SHORT, SEND_LONG, REMOVE_JOBS };
enum { QUEUE_LIMIT = 64, LINE_LIMIT = 256, COMMAND_BITS = 18, ACK_BITS = 8, FILE_BITS = 44 };

static bool is_queue_byte(int byte)
{
    return text_is_token(byte) || byte == '/' || byte == '\\' || byte == '@' || byte == ':';
}

/* Section 6: the names of files begin with cf or df, a letter, three digits. */
static int subcommand_bits(struct cursor c)
{
    uint8_t command = cursor_u8(&c);
    if (c.ran_short)
        return 0;
    if (command == 1)
        return 4;
    if (command != 2 && command != 3)
        return -1;
    if (text_digits(&c, 10, NULL) == 0 || cursor_u8(&c) != ' ')
        return c.ran_short || cursor_at_end(&c) ? 0 : -1;
    uint8_t kind = cursor_u8(&c), of = cursor_u8(&c), letter = cursor_u8(&c);
    uint32_t digits = text_digits(&c, 3, NULL);
    if (c.ran_short)
        return 0;
    bool is_file = kind == (command == 2 ? 'c' : 'd') && of == 'f' && letter >= 'A';
    return is_file ? (digits == 3 ? FILE_BITS : FILE_BITS - 20) : -1;
}

static int weigh_client(struct cursor c, uint8_t *command)
{
    uint32_t queue = 0;
    *command = cursor_u8(&c);
    if (c.size == 0)
        return 0;
    if (*command < PRINT_WAITING || *command > REMOVE_JOBS)
        return -1;
    for (; is_queue_byte(cursor_peek(&c, 0)) && queue <= QUEUE_LIMIT; queue++)
        cursor_skip(&c, 1);
    if (cursor_at_end(&c) && queue <= QUEUE_LIMIT)
        return 0;
    if (queue == 0 || queue > QUEUE_LIMIT)
        return -1;
    if (*command >= SEND_SHORT && cursor_peek(&c, 0) == ' ') {
        struct cursor list;
        if (text_line(&c, LINE_LIMIT, &list) != LINE_WHOLE)
            return 0;
        return cursor_at_end(&c) ? COMMAND_BITS : -1;
    }
    cursor_accept_text(&c, "\r");
    if (cursor_u8(&c) != '\n')
        return c.ran_short ? 0 : -1;
    if (cursor_at_end(&c))
        return COMMAND_BITS;
    int more = *command == RECEIVE_JOB ? subcommand_bits(c) : -1;
    return more < 0 ? -1 : COMMAND_BITS + more;
}

/* Zeros to a job; else the queue's state, as BSD's lpq and its heirs print it. */
static int weigh_server(struct cursor c, uint8_t command)
{
    static const char *const words[] = {"no entries", "rank ",  "is ready",   "queue",
                                        "printer",    "owner ", "total size", NULL};
    if (c.size == 0)
        return 0;
    if (command == 0 && text_has(c, "rank ") && text_has(c, " owner ") && text_has(c, "total size"))
        return BITS_FOR_LIKELY;
    if (command < SEND_SHORT)
        return cursor_u8(&c) == 0 ? ACK_BITS : c.size < 64 && command ? 0 : -1;
    for (unsigned i = 0; words[i]; i++) {
        if (text_has(c, words[i]))
            return 16;
    }
    return 0;
}

static enum answer validate(struct inspection *in)
{
    uint8_t command;
    int client = weigh_client(in->client, &command);
    int server = weigh_server(in->server, command);
    if (in->client.size == 0 && server < BITS_FOR_LIKELY)
        return server < 0 || in->is_final ? NO : wants(in, CLIENT, 1);
    return answer_by_sides(in, client, server, "command");
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x00\x40", "\xfc\xc0"),
    SIGNATURE_MASKED(0, "\x04\x40", "\xfe\xc0"),
    SIGNATURE_MASKED(0, "\x00\x20", "\xf8\xe0"),
    SIGNATURE(0, "Rank "),
    SIGNATURE(0, "\nRank "),
};

const struct cdpi_protocol cdpi_protocol_lpd = {
    .name = "LPD",
    .reference = "RFC 1179 sections 5 and 6",
    .transports = OVER_TCP,
    .category = CATEGORY_PRINTING,
    .tcp_ports = PORTS(515),
    SIGNATURES(signatures),
    .validate = validate,
};
