/* SPDX-License-Identifier: MIT */
/*
 * World of Warcraft. The world server's connection begins with a text on each side,
 *
 *     30 00 "WORLD OF WARCRAFT CONNECTION - SERVER TO CLIENT" (or CLIENT TO SERVER)
 *
 * the log-on server's with a challenge, 00 protocol(1) size(2) "WoW\0" version(3) ... as public
 * server emulators write it.
 */
#include "protocols/protocol.h"

enum { CHALLENGE_LEAST = 30, CHALLENGE_MOST = 64 };

/* Low byte first: size of what follows; then the game, its version, "68x\0" or another machine
 * backwards. */
static enum answer judge_challenge(struct inspection *in, struct cursor c)
{
    uint8_t command = cursor_u8(&c), protocol = cursor_u8(&c);
    uint16_t size = cursor_le16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (command != 0 || size < CHALLENGE_LEAST || size > CHALLENGE_MOST)
        return NO;
    if (!cursor_may_start_with(&c, "WoW\0"))
        return NO;
    if (!cursor_accept_text(&c, "WoW\0"))
        return short_of(in, &c);
    return protocol <= 8 ? yes(in, "log-on challenge", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) == 0 && cursor_peek(&c, 1) != '0')
        return judge_challenge(in, c);
    uint16_t size = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size != 0x3000 && size != 0x0030)
        return NO;
    if (!cursor_may_start_with(&c, "WORLD OF WARCRAFT CONNECTION"))
        return NO;
    if (!cursor_accept_text(&c, "WORLD OF WARCRAFT CONNECTION"))
        return short_of(in, &c);
    return yes(in, "connection greeting", &c);
}

/* The log-on server answers a challenge with 00 00 and a result. */
static enum answer judge_server(struct inspection *in, struct cursor c)
{
    bool is_logon = in->client.size > 0 && cursor_peek(&in->client, 0) == 0;
    if (!is_logon)
        return judge(in, c);
    uint8_t command = cursor_u8(&c), zero = cursor_u8(&c), result = cursor_u8(&c);
    if (command != 0 || zero != 0 || result > 0x20)
        return NO;
    return c.ran_short ? short_of(in, &c) : yes(in, "log-on answer", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(2, "WORLD OF WARCRAF"),
    SIGNATURE_MASKED(0, "\0\0\0\0WoW\0", "\xff\xf0\0\xff\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_worldofwarcraft = {
    .name = "WorldOfWarcraft",
    .reference = "wowdev.wiki: Login Packet; TrinityCore's WorldSocket and AuthSession",
    .transports = OVER_TCP,
    .category = CATEGORY_GAME,
    .tcp_ports = PORTS(3724),
    SIGNATURES(signatures),
    .validate = validate,
};
