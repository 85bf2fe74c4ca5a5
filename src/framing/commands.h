/* SPDX-License-Identifier: MIT */
/*
 * Protocols whose client sends lines that begin with a command word: POP3, IMAP, NNTP, IRC ...
 * A table says which words there are, what may follow each, and how much each tells.
 */
#ifndef CDPI_FRAMING_COMMANDS_H
#define CDPI_FRAMING_COMMANDS_H

#include "framing/text.h"

enum command_arguments {
    ARGUMENTS_ANY = 0,
    ARGUMENTS_NONE,
    ARGUMENTS_SOME,
    ARGUMENTS_NUMBER,  /* begins with a number */
    ARGUMENTS_NUMBERS, /* nothing but numbers and ranges: "1", "1-20", "1 20" */
    ARGUMENTS_NONE_OR_NUMBERS,
    ARGUMENTS_ONE,        /* a single word */
    ARGUMENTS_ONE_AT_MOST /* or none */
};

/* Blanks may stand at its end. */
static inline bool command_is_one_word(struct cursor rest)
{
    while (cursor_peek(&rest, 0) > ' ')
        cursor_skip(&rest, 1);
    while (cursor_accept_text(&rest, " "))
        ;
    return cursor_at_end(&rest);
}

static inline bool command_are_numbers(struct cursor rest)
{
    for (; !cursor_at_end(&rest); cursor_skip(&rest, 1)) {
        int byte = cursor_peek(&rest, 0);
        if (!text_is_digit(byte) && byte != ' ' && byte != '-')
            return false;
    }
    return true;
}

enum { COMMAND_BLOCKS = 3, COMMAND_SIZE = 8 * COMMAND_BLOCKS };

struct command {
    char word[COMMAND_SIZE]; /* lower case, two letters or more, a zero behind; behind a "("
                                anything may stand */
    uint8_t bits;            /* what it adds, see BITS_FOR_YES */
    uint8_t arguments;
    bool is_last; /* what follows it is of another kind (STARTTLS, a message's text) */
};

/* The commands of a table, in the order of their first letters (tools/check-includes.py holds them
 * to it); several may have one word. */
struct command_table {
    const struct command *list;
    uint32_t count;
};
#define COMMANDS(table) ((struct command_table){(table), sizeof(table) / sizeof((table)[0])})

static inline bool command_has_arguments(const struct command *command, struct cursor rest)
{
    while (cursor_accept_text(&rest, " "))
        ;
    bool is_none = cursor_at_end(&rest);
    switch (command->arguments) {
    case ARGUMENTS_NONE:
        return is_none;
    case ARGUMENTS_SOME:
        return !is_none;
    case ARGUMENTS_NUMBER:
        return text_is_digit(cursor_peek(&rest, 0));
    case ARGUMENTS_NUMBERS:
        return !is_none && command_are_numbers(rest);
    case ARGUMENTS_NONE_OR_NUMBERS:
        return command_are_numbers(rest);
    case ARGUMENTS_ONE:
        return !is_none && command_is_one_word(rest);
    case ARGUMENTS_ONE_AT_MOST:
        return command_is_one_word(rest);
    default:
        return true;
    }
}

/* The first command whose word begins with this letter or a later one. */
static inline const struct command *command_first(struct command_table table, int letter)
{
    const struct command *from = table.list;
    for (uint32_t count = table.count; count > 0;) {
        uint32_t half = count / 2;
        bool is_before = from[half].word[0] < letter;
        from += is_before ? half + 1 : 0;
        count = is_before ? count - half - 1 : half;
    }
    return from;
}

/* Eight letters at once in lower case. */
static inline uint64_t command_lower(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    uint64_t low = word & ~tops;
    uint64_t is_upper = ((low + ones * (0x80 - 'A')) ^ (low + ones * (0x7f - 'Z'))) & ~word & tops;
    return word | is_upper >> 2;
}

/* What a line begins with, to be compared with words: in lower case, zeros behind its end. */
static inline void command_begin(struct cursor line, uint64_t begin[COMMAND_BLOCKS])
{
    uint32_t size = cursor_left(&line) < COMMAND_SIZE ? cursor_left(&line) : COMMAND_SIZE;
    memset(begin, 0, COMMAND_SIZE);
    memcpy(begin, cursor_bytes(&line, size), size);
    for (unsigned i = 0; i < COMMAND_BLOCKS; i++)
        begin[i] = command_lower(begin[i]);
}

/* Whether that begins with the command's word; its zeros are not compared. */
static inline bool command_begins(const struct command *c, const uint64_t begin[COMMAND_BLOCKS])
{
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    for (unsigned i = 0; i < COMMAND_BLOCKS; i++) {
        uint64_t word;
        memcpy(&word, c->word + 8u * i, sizeof word);
        uint64_t letters = (word + ~tops) & tops;
        if ((begin[i] ^ word) & (letters >> 7) * 0xff)
            return false;
        if (letters != tops)
            return true;
    }
    return true;
}

/* The command of the table that the line is, or NULL. */
static inline const struct command *command_of(struct command_table table, struct cursor line)
{
    uint64_t begin[COMMAND_BLOCKS];
    int first = text_lower(cursor_peek(&line, 0)), second = text_lower(cursor_peek(&line, 1));
    const struct command *end = table.list + table.count;
    command_begin(line, begin);
    for (const struct command *c = command_first(table, first); c < end; c++) {
        if (c->word[0] != first)
            return NULL;
        if (c->word[1] != second || !command_begins(c, begin))
            continue;
        struct cursor rest = line;
        size_t size = strlen(c->word);
        cursor_skip(&rest, (uint32_t)size);
        bool is_open = c->word[size - 1] == '(';
        if (!is_open && !cursor_at_end(&rest) && cursor_peek(&rest, 0) != ' ')
            continue;
        if (command_has_arguments(c, rest))
            return c;
    }
    return NULL;
}

/* "Group", not "GROUP" nor "group": so a sentence begins. Nobody's software writes so, some people
 * do. */
static inline bool command_is_sentence(const struct cursor *line)
{
    int first = cursor_peek(line, 0), second = cursor_peek(line, 1);
    return first >= 'A' && first <= 'Z' && second >= 'a' && second <= 'z';
}

/* What the command that a line is adds. */
static inline int command_bits(const struct command *command, const struct cursor *line)
{
    return command_is_sentence(line) ? command->bits / 3 : command->bits;
}

/* What the line that the bytes begin with adds, though it is no text (a shell code's) or never
 * ends; -1: no command stands there. */
static inline int command_alone_weighs(struct cursor c, struct command_table table)
{
    int32_t end = cursor_find(&c, '\n', cursor_left(&c));
    struct cursor line = cursor_take(&c, end < 0 ? cursor_left(&c) : (uint32_t)end);
    const struct command *command = command_of(table, line);
    return command && command->arguments != ARGUMENTS_NONE ? command->bits : -1;
}

/* What the whole lines from here add up to; the first must be a command (else -1), another kind of
 * line ends the count. 0: the first line is not all there; where nothing more will come (is_final)
 * it is taken as it is. */
static inline int commands_weigh_final(struct cursor c, struct command_table table,
                                       uint32_t line_limit, bool is_final)
{
    int bits = 0;
    struct cursor line;
    for (unsigned i = 0; i < 16 && !cursor_at_end(&c); i++) {
        struct cursor here = c;
        enum text_line state = text_line(&c, line_limit, &line);
        if (state == LINE_BAD)
            return i ? bits : command_alone_weighs(here, table);
        if (state == LINE_OPEN && !is_final)
            return bits;
        const struct command *command = command_of(table, line);
        if (!command)
            return i || state == LINE_OPEN ? bits : -1;
        bits += command_bits(command, &line);
        if (command->is_last || state == LINE_OPEN)
            return bits;
    }
    return bits;
}

static inline int commands_weigh(struct cursor c, struct command_table table, uint32_t line_limit)
{
    return commands_weigh_final(c, table, line_limit, false);
}

#endif
