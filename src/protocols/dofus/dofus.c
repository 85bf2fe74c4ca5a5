/* SPDX-License-Identifier: MIT */
/*
 * Dofus before version 2 (public server emulators): the server's first line is "HC" and a key of 32
 * small letters, or "HG" on the game server; lines end with a zero. The client answers with its
 * version, "1.29.1\n" and a zero.
 */
#include "protocols/protocol.h"

enum { KEY = 32 };

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "HC"))
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
    if (!in->server.size)
        return wants(in, SERVER, 1);
    if (!cursor_may_start_with(&c, "1."))
        return NO;
    return cursor_skip(&c, 2) ? yes(in, "version", &c) : short_of(in, &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {SIGNATURE(0, "HC")};

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
