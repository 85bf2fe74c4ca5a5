/* SPDX-License-Identifier: MIT */
/*
 * JetDirect: a printer's raw port takes what is to be printed. Jobs begin with HP's Universal Exit
 * Language, ESC "%-12345X", most often before "@PJL" (HP, Printer Job Language Technical Reference
 * Manual, chapter 2), and the printer answers in lines of "@PJL". A page description alone
 * (PostScript, PCL) could be any transfer of a file, and is not taken.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

#define EXIT_LANGUAGE "\x1b%-12345X"

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (cursor_accept_text(&c, EXIT_LANGUAGE))
        return yes(in, "exit language", &c);
    if (cursor_accept_text(&c, "@PJL "))
        return yes(in, "job language", &c);
    bool is_open = cursor_may_start_with(&c, EXIT_LANGUAGE) || cursor_may_start_with(&c, "@PJL ");
    return is_open ? short_of(in, &c) : NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (cursor_accept_text(&c, "@PJL "))
        return yes(in, "job language", &c);
    if (cursor_may_start_with(&c, "@PJL "))
        return short_of(in, &c);
    return in->client.size ? LIKELY : NO; /* PostScript's own answers are any text */
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, EXIT_LANGUAGE),
    SIGNATURE(0, "@PJL "),
};

const struct cdpi_protocol cdpi_protocol_jetdirect = {
    .name = "JetDirect",
    .reference = "HP Printer Job Language Technical Reference Manual, chapter 2",
    .transports = OVER_TCP,
    .category = CATEGORY_PRINTING,
    .is_one_sided = true,
    .tcp_ports = PORTS(9100),
    SIGNATURES(signatures),
    .validate = validate,
};
