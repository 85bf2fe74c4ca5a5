/* SPDX-License-Identifier: MIT */
/*
 * Quake, Quake II, III and their kin: messages outside of a connection are ff*4 and a word (id's
 * published sources, sv_main.c and cl_main.c). The first Quake's control messages are 80 00
 * length(2) command(1) "QUAKE\0" (net_dgrm.h).
 */
#include "protocols/protocol.h"

enum { CONTROL = 0x8000, COMMAND_LEAST = 1 };

/* Words long enough to tell; the game's clients and servers send no others first. */
static const char *const words[] = {
    "getstatus",  "getinfo",     "statusResponse",  "infoResponse",    "getchallenge",
    "challengeR", "connectResp", "getservers",      "getserversRespo", "getserversExt",
    "disconnect", "connect \"",  "client_connect",  "print\n",         "status\n",
    "info 3",     "rcon ",       "getKeyAuthorize", "ipAuthorize",     "heartbeat ",
    "status ",    "challenge ",
};

/* Doom 3, Quake 4 and their kin say ff ff, a word, a zero (id's AsyncServer.cpp). */
static const char *const later_words[] = {
    "getInfo", "infoResponse", "getServers", "challenge", "challengeResponse", "connectResponse",
};

static enum answer judge_later(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "\xff\xff"))
        return NO;
    for (size_t i = 0; i < sizeof later_words / sizeof later_words[0]; i++) {
        if (cursor_accept(&c, later_words[i], (uint32_t)strlen(later_words[i]) + 1))
            return yes(in, "word outside of a connection", &c);
    }
    return NO;
}

static enum answer judge_control(struct inspection *in, struct cursor c)
{
    uint16_t flags = cursor_u16(&c), length = cursor_u16(&c);
    uint8_t command = cursor_u8(&c);
    if (flags != CONTROL || length != c.size || command < COMMAND_LEAST)
        return NO;
    bool is_request = command <= 2 && cursor_accept_text(&c, "QUAKE\0\x03");
    return is_request ? yes(in, "control message", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) == 0x80)
        return judge_control(in, c);
    if (!cursor_accept_text(&c, "\xff\xff\xff\xff"))
        return judge_later(in, c);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        uint32_t size = (uint32_t)strlen(words[i]);
        if (cursor_accept(&c, words[i], size))
            return size >= 6 ? yes(in, "word outside of a connection", &c)
                             : likely(in, "word outside of a connection", &c);
    }
    if (cursor_accept_text(&c, "status") && cursor_at_end(&c))
        return yes(in, "word outside of a connection", &c);
    return NO;
}

/* What one side asks for in words, the other may answer in any of its games' ways. */
static enum answer validate(struct inspection *in)
{
    enum answer client = in->client.size ? judge(in, in->client) : NO;
    if (!in->server.size)
        return client;
    struct inspection said = *in;
    enum answer server = judge(in, in->server);
    if (client >= LIKELY && server >= LIKELY)
        return client > server ? client : server;
    if (client == NO)
        return in->client.size ? NO : server;
    *in = said;
    return cursor_starts_with(&in->server, "\xff\xff\xff\xff") ||
                   cursor_starts_with(&in->server, "\x80\0")
               ? client
               : NO;
}

static const struct signature signatures[] = {
    SIGNATURE(0, "\xff\xff\xff\xffg"),
    SIGNATURE(0, "\xff\xff\xff\xffs"),
    SIGNATURE(0, "\xff\xff\xff\xffi"),
    SIGNATURE(0, "\xff\xff\xff\xff"
                 "c"),
    SIGNATURE(0, "\xff\xff\xff\xff"
                 "d"),
    SIGNATURE(0, "\xff\xff\xff\xffp"),
    SIGNATURE(0, "\xff\xff\xff\xffr"),
    SIGNATURE(0, "\xff\xff\xff\xffh"),
    SIGNATURE(0, "\xff\xffgetInfo\0"),
    SIGNATURE(0, "\xff\xffinfoResponse\0"),
    SIGNATURE(0, "\xff\xffgetServers\0"),
    SIGNATURE(0, "\xff\xff"
                 "challenge\0"),
    {.size = 3, .bytes = "\x80\0\0", .min_size = 12, .length = {2, 2, false, 0}},
};

const struct cdpi_protocol cdpi_protocol_quake = {
    .name = "Quake",
    .reference = "id Software's published sources: net_dgrm.h (Quake), sv_main.c (Quake II, III)",
    .transports = OVER_UDP,
    .category = CATEGORY_GAME,
    .udp_ports = PORTS(26000, 27500, 27910, 27960),
    SIGNATURES(signatures),
    .validate = validate,
};
