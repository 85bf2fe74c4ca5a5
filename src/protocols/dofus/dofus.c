/* SPDX-License-Identifier: MIT */
/*
 * Dofus before version 2 (public server emulators): the server's first line is "HC" and a key of 32
 * small letters, or "HG" on the game server; lines end with a zero. The client answers with its
 * version, "1.29.1\n" and a zero, or on the game server with its ticket, "AT", letters and digits.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { KEY = 32, LEAST_TICKET = 4, TICKET_LIMIT = 128 };

/* "HG" and a zero say little: the client's ticket has to be there. */
static enum answer judge_game_server(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 2);
    uint8_t end = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (end != 0)
        return NO;
    return in->client.size ? yes(in, "game server's greeting", &c) : wants(in, CLIENT, 1);
}

/* Letters and digits, then a line's end (or none) and a zero. */
static enum answer judge_ticket(struct inspection *in, struct cursor c)
{
    uint32_t size = 0;
    if (!cursor_may_start_with(&c, "AT"))
        return NO;
    for (cursor_skip(&c, 2); size < TICKET_LIMIT; size++, cursor_skip(&c, 1)) {
        int byte = cursor_peek(&c, 0) | 0x20;
        if ((byte < 'a' || byte > 'z') && !text_is_digit(cursor_peek(&c, 0)))
            break;
    }
    if (cursor_at_end(&c))
        return short_of(in, &c);
    cursor_accept_text(&c, "\n");
    uint8_t end = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return size >= LEAST_TICKET && end == 0 ? yes(in, "ticket", &c) : NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (cursor_starts_with(&c, "HG"))
        return judge_game_server(in, c);
    if (!cursor_may_start_with(&c, "HC") && !cursor_may_start_with(&c, "HG"))
        return NO;
    cursor_skip(&c, 2);
    for (int i = 0; i < KEY; i++) {
        uint8_t letter = cursor_u8(&c);
        if (c.ran_short)
            return short_of(in, &c);
        if (letter < 'a' || letter > 'z')
            return NO;
    }
    uint8_t end = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return end == 0 ? yes(in, "key", &c) : NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (in->server.size < 2)
        return in->is_final ? NO : wants(in, SERVER, 2);
    if (cursor_starts_with(&in->server, "HG"))
        return judge_ticket(in, c);
    if (!cursor_may_start_with(&c, "1."))
        return NO;
    return cursor_skip(&c, 2) ? yes(in, "version", &c) : short_of(in, &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {SIGNATURE(0, "HC"), SIGNATURE(0, "HG\0")};

const struct cdpi_protocol cdpi_protocol_dofus = {
    .name = "Dofus",
    .reference =
        "no public specification; the greeting as public emulators of version 1.29 implement it",
    .transports = OVER_TCP,
    .category = CATEGORY_GAME,
    .tcp_ports = PORTS(5555),
    SIGNATURES(signatures),
    .validate = validate,
};
