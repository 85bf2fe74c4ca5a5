/* SPDX-License-Identifier: MIT */
/*
 * Automatic tank gauges. Veeder-Root 576013-635, serial interface, computer and display format: a
 * command is
 *
 *     SOH S|I|s|i function(3) tank(2)
 *
 * and the display's response repeats it after SOH CR LF, the computer's after SOH. What the gauge
 * does not understand it answers by 9999FF1B.
 */
#include "protocols/protocol.h"

enum { SOH = 1, COMMAND = 6 };

/* A letter and five characters: hexadecimal digits, or letters in setup functions. */
static bool is_command(struct cursor *c)
{
    uint8_t letter = cursor_u8(c);
    if (!c->ran_short && letter != 'I' && letter != 'S' && letter != 'i' && letter != 's')
        return false;
    for (int i = 1; i < COMMAND; i++) {
        uint8_t digit = cursor_u8(c);
        bool is_digit = (digit >= '0' && digit <= '9') || (i < 4 && digit >= 'A' && digit <= 'F');
        if (!is_digit && !c->ran_short)
            return false;
    }
    return true;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (cursor_u8(&c) != SOH)
        return NO;
    if (!is_command(&c)) {
        if (!c.ran_short)
            return NO;
        return short_of(in, &c);
    }
    if (c.ran_short)
        return short_of(in, &c);
    return cursor_left(&c) <= 32 ? likely(in, "command", &c) : NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (cursor_u8(&c) != SOH)
        return NO;
    if (cursor_starts_with(&c, "9999FF1B"))
        return yes(in, "not understood", &c);
    if (cursor_left(&c) < 8 && cursor_may_start_with(&c, "9999FF1B"))
        return short_of(in, &c);
    if (cursor_left(&c) < 2 && cursor_may_start_with(&c, "\r\n"))
        return short_of(in, &c);
    bool is_display = cursor_accept_text(&c, "\r\n");
    if (!is_command(&c) && !c.ran_short)
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    return is_display ? yes(in, "report", &c) : likely(in, "report", &c);
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge_client, judge_server);
    return answer == LIKELY && both_spoke(in)
               ? answer_at(in, YES, "command and report", SERVER, 0, COMMAND + 1)
               : answer;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x01I", "\xff\xdf"),
    SIGNATURE_MASKED(0, "\x01S", "\xff\xdf"),
    SIGNATURE(0, "\x01\r\nI"),
    SIGNATURE(0, "\x01\r\nS"),
    SIGNATURE(0, "\x01"
                 "9999FF1B"),
};

const struct cdpi_protocol cdpi_protocol_atg = {
    .name = "ATG",
    .reference = "Veeder-Root 576013-635, serial interface manual",
    .transports = OVER_TCP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(10001),
    SIGNATURES(signatures),
    .validate = validate,
};
