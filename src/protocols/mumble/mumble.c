/* SPDX-License-Identifier: MIT */
/*
 * Mumble's ping over UDP, which clients send to servers of their list (Mumble's protocol
 * documentation, "UDP connectivity checks"):
 *
 *     request   zeros(4) identifier(8)
 *     answer    version(4) identifier(8) users(4) limit(4) bandwidth(4)
 *
 * Voice is encrypted, and the control channel is TLS: neither is told.
 */
#include "protocols/protocol.h"

enum { REQUEST = 12, ANSWER = 24, USERS_LIMIT = 100000, BANDWIDTH_LIMIT = 100000000 };

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (c.size != REQUEST || cursor_u32(&c) != 0 ||
        cursor_peek_u32(&c, 0) + cursor_peek_u32(&c, 4) == 0)
        return NO;
    return in->server.size ? yes(in, "ping", &c) : in->is_final ? NO : MORE;
}

/* 1.2 to 1.5, and the request's identifier. */
static enum answer judge_server(struct inspection *in, struct cursor c)
{
    struct cursor asked = in->client;
    uint32_t version = cursor_u32(&c);
    const uint8_t *identifier = cursor_bytes(&c, 8);
    uint32_t users = cursor_u32(&c), limit = cursor_u32(&c), bandwidth = cursor_u32(&c);
    bool sound = c.size == ANSWER && version >> 16 == 1 && (version >> 8 & 0xff) <= 9 &&
                 users <= USERS_LIMIT && limit <= USERS_LIMIT && bandwidth <= BANDWIDTH_LIMIT;
    if (!sound || !identifier || !cursor_skip(&asked, 4) || !cursor_starts(&asked, identifier, 8))
        return NO;
    return yes(in, "answer to a ping", &c);
}

static enum answer validate(struct inspection *in)
{
    return in->client.size ? judge_sides(in, judge_client, judge_server) : NO;
}

static const struct signature signatures[] = {
    {.size = 4, .bytes = "\0\0\0\0", .min_size = REQUEST, .max_size = REQUEST},
    {.size = 3,
     .bytes = "\0\x01\0",
     .mask = "\xff\xff\xf0",
     .min_size = ANSWER,
     .max_size = ANSWER},
};

const struct cdpi_protocol cdpi_protocol_mumble = {
    .name = "Mumble",
    .reference = "Mumble's protocol documentation: UDP ping packet",
    .transports = OVER_UDP,
    .category = CATEGORY_VOICE,
    .udp_ports = PORTS(64738),
    SIGNATURES(signatures),
    .validate = validate,
};
