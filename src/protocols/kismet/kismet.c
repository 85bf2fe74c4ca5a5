/* SPDX-License-Identifier: MIT */
/*
 * Kismet before 2016. Its server (README, "Client/server protocol") begins with "*KISMET: version
 * ..."; its drone, which sends frames to servers (drone's tcpserver, packet_drone), sends messages
 * of sentinel(4) = deadbeef, command(4), size(4), the first of them a greeting.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LAST_COMMAND = 8, SIZE_LIMIT = 65536 };

static enum answer judge_text(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "*KISMET: "))
        return NO;
    cursor_skip(&c, 9);
    uint8_t digit = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return text_is_digit(digit) || (digit >= 'A' && digit <= 'Z') ? yes(in, "greeting", &c) : NO;
}

static enum answer judge_drone(struct inspection *in, struct cursor c)
{
    uint32_t sentinel = cursor_u32(&c), command = cursor_u32(&c), size = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (sentinel != 0xdeadbeef || command == 0 || command > LAST_COMMAND || size > SIZE_LIMIT)
        return NO;
    return yes(in, "drone's message", &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    return cursor_peek(&c, 0) == '*' ? judge_text(in, c) : judge_drone(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, NULL, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "*KISMET: "),
    SIGNATURE(0, "\xde\xad\xbe\xef\0\0\0"),
};

const struct cdpi_protocol cdpi_protocol_kismet = {
    .name = "Kismet",
    .reference = "Kismet 2013: README, packetsource_drone.h",
    .transports = OVER_TCP,
    .category = CATEGORY_SECURITY,
    .is_one_sided = true,
    .tcp_ports = PORTS(2501, 2502, 3501),
    SIGNATURES(signatures),
    .validate = validate,
};
