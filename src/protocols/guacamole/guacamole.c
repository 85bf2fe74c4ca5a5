/* SPDX-License-Identifier: MIT */
/*
 * Guacamole, between its web application and guacd (Guacamole Manual: The Guacamole protocol):
 * elements of size "." text, parted by "," and ended by ";". The client begins with "6.select,",
 * the server answers with "4.args,".
 */
#include "framing/text.h"
#include "protocols/protocol.h"

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint32_t size;
    if (!cursor_may_start_with(&c, "6.select,"))
        return NO;
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
    if (!cursor_may_start_with(&c, "4.args,"))
        return NO;
    return cursor_skip(&c, 7) ? yes(in, "arguments", &c) : short_of(in, &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "6.select,"),
    SIGNATURE(0, "4.args,"),
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
