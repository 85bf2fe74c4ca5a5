/* SPDX-License-Identifier: MIT */
/*
 * RTMP, Adobe's specification 1.0, section 5.2: a version, 3 (6 where it is encrypted), then blocks
 * of 1536 bytes: time(4) zeros or version(4) random. The server's second block repeats the client's
 * random bytes.
 */
#include "protocols/protocol.h"

enum { VERSION = 3, ENCRYPTED = 6, BLOCK = 1536, CLIENT_FIRST = 1 + BLOCK, ENOUGH = 512 };
enum { LAST_PLAYER = 40 };

/* What encrypts its block (RTMPE) says 128.0.N.2: which place holds the digest. Flash's own client
 * and the servers that know it put their version there: 9.0.124.2; librtmp says 128.0.7.2. */
static bool is_software(uint32_t version)
{
    return (version >> 24 > 0 && version >> 24 <= LAST_PLAYER) ||
           (version & 0xfffff0ffu) == 0x80000002u;
}

/* A first block: C0 and C1, or S0 and S1. */
static enum answer judge_block(struct inspection *in, struct cursor c)
{
    uint8_t version = cursor_u8(&c);
    cursor_skip(&c, 4);
    uint32_t zeros = cursor_u32(&c);
    if (version != VERSION && version != ENCRYPTED)
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (zeros != 0 && !is_software(zeros))
        return NO;
    if (c.size < CLIENT_FIRST && !in->is_final)
        return wants(in, (enum side)c.side, CLIENT_FIRST);
    if (c.size < CLIENT_FIRST)
        return c.size >= ENOUGH && zeros == 0 ? likely(in, "part of a first block", &c) : NO;
    /* The server waits for the whole block, and so the client sends no more before it answers. */
    return zeros == 0 ? yes(in, "first block", &c) : likely(in, "first block with a version", &c);
}

/* Joined after the handshake: a message of type 20 on chunk stream 3 (section 6.1.1, 7.2.1), whose
 * first value is the command's name. */
static enum answer judge_command(struct inspection *in, struct cursor c)
{
    struct cursor name = c;
    cursor_skip(&c, 7);
    uint8_t type = cursor_u8(&c);
    if (c.ran_short || type != 0x14 || cursor_peek(&c, 0) > 0)
        return NO;
    if (!cursor_skip(&name, 12) || cursor_left(&name) < 10)
        return short_of(in, &name);
    bool is_known = cursor_accept_text(&name, "\x02\0\x07"
                                              "connect") ||
                    cursor_accept_text(&name, "\x02\0\x07_result");
    return is_known && cursor_u32(&c) == 0 ? yes(in, "command", &name) : NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    enum answer command = judge_command(in, c);
    return command == NO ? judge_block(in, c) : command;
}

/* The echo of the client's block, from its random bytes on. */
static bool is_echo(const struct inspection *in, struct cursor c)
{
    struct cursor client = in->client;
    const uint8_t *random = cursor_skip(&client, 9) ? cursor_bytes(&client, 64) : NULL;
    return random && cursor_skip(&c, 1 + BLOCK + 8) && cursor_starts(&c, random, 64);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint8_t version = cursor_u8(&c);
    if (version != VERSION && version != ENCRYPTED)
        return NO;
    if (c.size < 1 + BLOCK + 8 + 64)
        return in->is_final ? likely(in, "version", &c) : wants(in, SERVER, 1 + BLOCK + 8 + 64);
    cursor_skip(&c, 8);
    /* Digests may take an echo's place (Flash 9 and later). */
    return is_echo(in, in->server) ? yes(in, "echo", &c) : likely(in, "blocks", &c);
}

static enum answer validate(struct inspection *in)
{
    if (in->client.size == 0)
        return judge_client(in, in->server);
    enum answer client = judge_client(in, in->client);
    if (client == NO || in->server.size == 0)
        return client;
    const char *rule = in->rule;
    enum answer server = judge_server(in, in->server);
    if (server == NO || server == MORE || client == MORE)
        return server == NO ? NO : MORE;
    bool sure = client == YES || server == YES;
    return answer_at(in, sure ? YES : LIKELY, rule, CLIENT, 0, 9);
}

static const struct signature signatures[] = {
    SIGNATURE(12, "\x02\0\x07"
                  "connect"),
    SIGNATURE(12, "\x02\0\x07_result"),
    SIGNATURE_MASKED(0, "\x06\0\0\0\0\x80\0\0\x02", "\xff\0\0\0\0\xff\xff\xf0\xff"),
    SIGNATURE_MASKED(0, "\x03\0\0\0\0\x80\0\x07\x02", "\xff\xff\0\0\0\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x03\0\0\0\0\0\0\0\0", "\xff\0\0\0\0\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x03\0\0\0\0\0\0\0\0", "\xff\xff\xff\0\0\x80\x80\x80\0"),
    SIGNATURE_MASKED(0, "\x06\0\0\0\0\0\0\0\0", "\xff\xff\xff\0\0\x80\x80\x80\0"),
};

const struct cdpi_protocol cdpi_protocol_rtmp = {
    .name = "RTMP",
    .reference = "Adobe's Real Time Messaging Protocol 1.0, section 5.2",
    .transports = OVER_TCP,
    .category = CATEGORY_STREAMING,
    .tcp_ports = PORTS(1935),
    SIGNATURES(signatures),
    .validate = validate,
};
