/* SPDX-License-Identifier: MIT */
/*
 * Kismet before 2016. Its server (README, "Client/server protocol") begins with "*KISMET: version
 * ..."; its drone, which sends frames to servers (drone's tcpserver, packet_drone), sends messages
 * of sentinel(4) = deadbeef, command(4), size(4), the first of them a greeting. Since then whoever
 * captures and the server speak (kis_external_packet.h), in the order of the network:
 *
 *     decafbad, checksum(4) size(4)
 *     decafbad, abcd version(2) size(4) command(32)
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LAST_COMMAND = 8, SIZE_LIMIT = 65536 };
enum { COMMAND_SIZE = 32, LAST_VERSION = 9, CAPTURE_LIMIT = 1 << 20 };

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

/* Command: a word, zeros behind it. */
static bool is_command(struct cursor c)
{
    struct cursor name = cursor_take(&c, COMMAND_SIZE);
    uint32_t letters = 0;
    while (cursor_peek(&name, 0) > 0 && text_is_token(cursor_peek(&name, 0))) {
        cursor_skip(&name, 1);
        letters++;
    }
    while (cursor_peek(&name, 0) == 0)
        cursor_skip(&name, 1);
    return c.ran_short || (letters >= 3 && cursor_at_end(&name));
}

static enum answer judge_capture(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 4);
    uint16_t mark = cursor_u16(&c), version = cursor_u16(&c);
    uint32_t size = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size == 0 || size > CAPTURE_LIMIT)
        return NO;
    if (mark != 0xabcd || version > LAST_VERSION)
        return yes(in, "capture's message", &c);
    bool sound = is_command(c);
    if (!cursor_skip(&c, COMMAND_SIZE))
        return sound ? short_of(in, &c) : NO;
    return sound ? yes(in, "capture's command", &c) : NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (cursor_starts_with(&c, "\xde\xca\xfb\xad"))
        return judge_capture(in, c);
    return cursor_peek(&c, 0) == '*' ? judge_text(in, c) : judge_drone(in, c);
}

static enum answer validate(struct inspection *in)
{
    struct cursor client = in->client; /* who captures connects, and speaks first */
    if (cursor_peek(&client, 0) == 0xde && cursor_may_start_with(&client, "\xde\xca\xfb\xad"))
        return judge_sides(in, judge_server, judge_server);
    return judge_sides(in, NULL, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "*KISMET: "),
    SIGNATURE(0, "\xde\xad\xbe\xef\0\0\0"),
    SIGNATURE(0, "\xde\xca\xfb\xad"),
};

const struct cdpi_protocol cdpi_protocol_kismet = {
    .name = "Kismet",
    .reference = "Kismet 2013: README, packetsource_drone.h; Kismet 2023: kis_external_packet.h",
    .transports = OVER_TCP,
    .category = CATEGORY_SECURITY,
    .is_one_sided = true,
    .tcp_ports = PORTS(2501, 2502, 3501),
    SIGNATURES(signatures),
    .validate = validate,
};
