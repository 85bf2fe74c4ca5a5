/* SPDX-License-Identifier: MIT */
/*
 * Niagara Fox, building automation by Tridium, as scanners and honeypots know it: messages are
 * lines,
 *
 *     fox a 1 -1 fox hello\n{\nfox.version=s:1.0\n ... };;\n
 *
 * type(1 letter) number number channel command, then fields between braces.
 */
#include "protocols/protocol.h"

enum { LINE = 64 };

static bool is_line(struct cursor c, int32_t size)
{
    bool has_space = false;
    for (int32_t i = 0; i < size; i++) {
        uint8_t letter = cursor_u8(&c);
        if (letter < ' ' || letter > '~')
            return false;
        has_space |= letter == ' ';
    }
    return has_space;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "fox "))
        return NO;
    if (!cursor_accept_text(&c, "fox "))
        return short_of(in, &c);
    int32_t end = cursor_find(&c, '\n', LINE);
    if (end < 0)
        return cursor_left(&c) >= LINE ? NO : short_of(in, &c);
    if (!is_line(c, end) || cursor_peek(&c, 1) != ' ')
        return NO;
    cursor_skip(&c, (uint32_t)end + 1);
    if (!cursor_may_start_with(&c, "{\n"))
        return NO;
    return cursor_accept_text(&c, "{\n") ? yes(in, "message", &c) : short_of(in, &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "fox ")};

const struct cdpi_protocol cdpi_protocol_niagara_fox = {
    .name = "Niagara-Fox",
    .reference = "no public specification; nmap's fox-info script and honeypots describe the hello",
    .transports = OVER_TCP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(1911),
    SIGNATURES(signatures),
    .validate = validate,
};
