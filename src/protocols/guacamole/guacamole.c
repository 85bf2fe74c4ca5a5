/* SPDX-License-Identifier: MIT */
/*
 * Guacamole, between its web application and guacd (Guacamole Manual: The Guacamole protocol):
 * elements of size "." text, parted by "," and ended by ";". The client begins with "6.select,",
 * the server answers with "4.args,".
 */
#include "framing/text.h"
#include "protocols/protocol.h"

/* Joined late: instructions that are sent all the time. A sync names a time in milliseconds. */
static enum answer judge_late(struct inspection *in, struct cursor c)
{
    static const char *const instructions[] = {"4.sync,", "5.mouse,", "3.key,", "4.blob,",
                                               "3.img,",  "3.ack,",   "3.nop;", NULL};
    for (unsigned i = 0; instructions[i]; i++) {
        uint32_t n = (uint32_t)strlen(instructions[i]), size;
        if (cursor_may_start(&c, instructions[i], n) && cursor_left(&c) < n + 3)
            return short_of(in, &c);
        if (!cursor_accept(&c, instructions[i], n))
            continue;
        bool is_element = text_digits(&c, 4, &size) > 0 && cursor_u8(&c) == '.' && size <= 8192;
        return is_element ? likely(in, "instruction", &c) : NO;
    }
    return NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint32_t size;
    if (!cursor_may_start_with(&c, "6.select,"))
        return judge_late(in, c);
    if (!cursor_skip(&c, 9) || cursor_left(&c) < 4)
        return short_of(in, &c);
    if (text_digits(&c, 3, &size) == 0 || size == 0 || cursor_u8(&c) != '.')
        return NO;
    return yes(in, "select", &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (cursor_may_start_with(&c, "5.error,"))
        return cursor_skip(&c, 8) ? yes(in, "error", &c) : short_of(in, &c);
    if (cursor_may_start_with(&c, "4.") && c.size < 4)
        return short_of(in, &c);
    if (!cursor_may_start_with(&c, "4.args,"))
        return judge_late(in, c);
    return cursor_skip(&c, 7) ? yes(in, "arguments", &c) : short_of(in, &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "6.select,"), SIGNATURE(0, "4.args,"), SIGNATURE(0, "4.sync,"),
    SIGNATURE(0, "5.mouse,"),  SIGNATURE(0, "3.key,"),  SIGNATURE(0, "4.blob,"),
    SIGNATURE(0, "3.img,"),    SIGNATURE(0, "3.nop;"),  SIGNATURE(0, "5.error,"),
};

const struct cdpi_protocol cdpi_protocol_guacamole = {
    .name = "Guacamole",
    .reference = "Guacamole Manual: The Guacamole protocol",
    .transports = OVER_TCP,
    .category = CATEGORY_REMOTE_ACCESS,
    .tcp_ports = PORTS(4822),
    SIGNATURES(signatures),
    .validate = validate,
};
