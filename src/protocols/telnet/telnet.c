/* SPDX-License-Identifier: MIT */
/*
 * Telnet, RFC 854, RFC 855. It begins with the negotiation of options:
 *
 *     IAC, WILL | WONT | DO | DONT, option          IAC SB option ... IAC SE
 *
 * A server that negotiates nothing (small devices, honeypots) or a session joined late shows only
 * its prompts for a name and a password: likely at the most.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { SE = 240, NOP_ = 241, SB = 250, WILL = 251, DONT = 254, IAC = 255 };
enum { COMMANDS_LIMIT = 8, SUBOPTION_LIMIT = 512, TEXT_LIMIT = 1024 };
enum { OPTION_BITS = 16, SUBOPTION_BITS = 26, PROMPT_BITS = 26, WHOLE_BITS = 10 };
enum { GREETING_LEAST = 4 };

/* IANA's registry, and the options of games (MSSP, MCCP, MSP, MXP, ZMP, ATCP, GMCP). */
static bool is_option(uint8_t option)
{
    return option <= 49 || option == 70 || option == 85 || option == 86 || option == 90 ||
           option == 91 || option == 93 || (option >= 138 && option <= 140) || option == 200 ||
           option == 201 || option == 255;
}

/* Up to IAC SE; an IAC in the data is doubled. */
static int pass_suboption(struct cursor *c)
{
    if (!is_option(cursor_u8(c)))
        return c->ran_short ? 0 : -1;
    for (unsigned i = 0; i < SUBOPTION_LIMIT; i++) {
        if (cursor_u8(c) != IAC)
            continue;
        uint8_t next = cursor_u8(c);
        if (next == SE && !c->ran_short)
            return SUBOPTION_BITS;
        if (next != IAC)
            return c->ran_short ? 0 : -1;
    }
    return c->ran_short ? 0 : -1;
}

/* The bits of the next command, -1 if it is none, 0 if it is not all there. */
static int pass_command(struct cursor *c)
{
    cursor_skip(c, 1);
    uint8_t command = cursor_u8(c);
    if (c->ran_short)
        return 0;
    if (command == SB)
        return pass_suboption(c);
    if (command < NOP_ || command == IAC)
        return -1;
    if (command < SB)
        return 2;
    uint8_t option = cursor_u8(c);
    if (c->ran_short)
        return 0;
    return is_option(option) ? OPTION_BITS : -1;
}

static int weigh_commands(struct cursor *c)
{
    int bits = 0;
    for (unsigned i = 0; i < COMMANDS_LIMIT && cursor_peek(c, 0) == IAC; i++) {
        int more = pass_command(c);
        if (more < 0)
            return i ? bits : -1;
        bits += more;
        if (c->ran_short)
            return bits;
    }
    return bits;
}

/* A terminal's text: no control bytes but those that move the cursor. */
static bool is_terminal_text(struct cursor c)
{
    for (unsigned i = 0; i < TEXT_LIMIT && !cursor_at_end(&c); i++) {
        uint8_t byte = cursor_u8(&c);
        bool is_control = byte < ' ' && byte != 0 && byte != '\a' && byte != '\b' && byte != '\t' &&
                          byte != '\r' && byte != '\n' && byte != '\f' && byte != 0x1b;
        if (is_control)
            return false;
    }
    return true;
}

/* The text's last line asks for a name or a password. */
static bool ends_with_prompt(struct cursor c)
{
    static const char *const prompts[] = {
        "login:", "username:", "user name:", "password:", "user:", "passwd:", "login as:", NULL};
    if (c.size > TEXT_LIMIT)
        return false;
    struct cursor last = c;
    while (!cursor_at_end(&c)) {
        if (cursor_u8(&c) == '\n')
            last = c;
    }
    if (cursor_left(&last) > 96 || cursor_left(&last) < 6)
        return false;
    for (; !cursor_at_end(&last); cursor_skip(&last, 1)) {
        for (unsigned i = 0; prompts[i]; i++) {
            struct cursor rest = last;
            if (cursor_accept_nocase(&rest, prompts[i]) && cursor_left(&rest) <= 1)
                return cursor_at_end(&rest) || cursor_peek(&rest, 0) == ' ';
        }
    }
    return false;
}

/* Options from here on; a message that nothing but options fill tells more than its options do. */
static int weigh_options(const struct inspection *in, struct cursor *c)
{
    int bits = weigh_commands(c);
    bool is_all = in->is_final && bits > 0 && cursor_at_end(c) && !c->ran_short;
    return is_all ? bits + WHOLE_BITS : bits;
}

/* Options, from the first byte on or behind a greeting. 0: this side has none; -1: bytes that are
 * no terminal's. */
static int weigh_side(const struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) == IAC)
        return weigh_options(in, &c);
    int32_t at = cursor_find(&c, IAC, TEXT_LIMIT);
    struct cursor text = cursor_take(&c, at < 0 ? cursor_left(&c) : (uint32_t)at);
    if (!is_terminal_text(text))
        return -1;
    int bits = at < GREETING_LEAST ? 0 : weigh_commands(&c);
    return bits < 0 ? 0 : bits;
}

static enum answer judge_options(struct inspection *in)
{
    enum answer answer =
        answer_by_sides(in, weigh_side(in, in->client), weigh_side(in, in->server), "options");
    /* Behind text they may be letters of an 8-bit set. */
    bool is_behind = cursor_peek(&in->client, 0) != IAC && cursor_peek(&in->server, 0) != IAC;
    return answer == YES && is_behind ? LIKELY : answer;
}

/* A prompt is the server's last word before the client's: text that is still arriving may go on. */
static enum answer judge_prompt(struct inspection *in)
{
    const struct cursor *c = &in->server;
    if (in->first_speaker != SERVER || c->size > TEXT_LIMIT)
        return NO;
    if (!both_spoke(in) && !in->is_final)
        return cursor_peek(c, 0) < 0x80 ? wants(in, CLIENT, 1) : NO;
    int last = cursor_peek(c, c->size - 1);
    if ((last != ':' && last != ' ') || !ends_with_prompt(*c) || !is_terminal_text(*c) ||
        !is_terminal_text(in->client))
        return NO;
    return answer_by_bits(in, PROMPT_BITS, "prompt", c);
}

static enum answer validate(struct inspection *in)
{
    bool has_commands =
        cursor_find(&in->server, IAC, TEXT_LIMIT) >= 0 || cursor_peek(&in->client, 0) == IAC;
    return has_commands ? judge_options(in) : judge_prompt(in);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\xff\xf8", "\xff\xf8"),
    SIGNATURE_MASKED(0, "\xff\xf1", "\xff\xf9"),
};

const struct cdpi_protocol cdpi_protocol_telnet = {
    .name = "Telnet",
    .reference = "RFC 854, RFC 855, IANA's Telnet options",
    .transports = OVER_TCP,
    .category = CATEGORY_REMOTE_ACCESS,
    .tcp_ports = PORTS(23, 2323),
    SIGNATURES(signatures),
    .is_unsigned = true,
    .validate = validate,
};
