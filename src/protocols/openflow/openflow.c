/* SPDX-License-Identifier: MIT */
/*
 * OpenFlow (ONF, OpenFlow Switch Specification 1.5.1 section 7.1.1): version(1) type(1) size(2)
 * transaction(4). Each side begins with a hello, which since 1.3.1 may list versions as an element
 * 1 of a bit map (section 7.5.1); then come requests and replies of fixed sizes.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 8,
    HELLO = 0,
    ECHO_REQUEST = 2,
    FEATURES_REQUEST = 5,
    FEATURES_REPLY = 6,
    LAST_TYPE = 35,
    LAST_VERSION = 6,
    VERSION_BITMAP = 1,
    MESSAGES = 8,
    MOST_ECHO = 1024
};

/* What the bytes after the header are worth, or 0 where they cannot be. */
static unsigned weigh_hello(struct cursor body)
{
    if (body.size == 0)
        return 12;
    uint16_t type = cursor_u16(&body), size = cursor_u16(&body);
    return type == VERSION_BITMAP && size >= 8 && size <= body.size ? 40 : 0;
}

static unsigned weigh(uint8_t type, struct cursor body)
{
    if (type == HELLO)
        return weigh_hello(body);
    if (type == FEATURES_REQUEST)
        return body.size == 0 ? 16 : 0;
    if (type == FEATURES_REPLY)
        return body.size >= 24 ? 8 : 0;
    return 6;
}

/* All messages have the version of the first, but for the hello, which has its sender's. */
static int weigh_side(struct cursor c)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < MESSAGES && !cursor_at_end(&c); i++) {
        uint8_t version = cursor_u8(&c), type = cursor_u8(&c);
        uint16_t size = cursor_u16(&c);
        cursor_skip(&c, 4);
        if (c.ran_short)
            break;
        if (version == 0 || version > LAST_VERSION || type > LAST_TYPE || size < HEADER ||
            (i == 0 && type != HELLO) || (i == 0 && size > 64))
            return -1;
        struct cursor body = cursor_take(&c, size - (uint32_t)HEADER);
        if (c.ran_short)
            break;
        unsigned worth = weigh(type, body);
        if (worth == 0)
            return -1;
        bits += 7 + worth + (i == 0 ? 8 : 0);
    }
    return (int)bits;
}

/* Joined late: an idle session is kept alive by echoes, which come back with their transaction
 * (section 7.5.2, 7.5.3). NO, MORE or LIKELY. */
static enum answer judge_echo(struct inspection *in)
{
    struct cursor asked = in->client, answered = in->server;
    if (asked.size && cursor_peek(&asked, 1) == ECHO_REQUEST + 1) {
        asked = in->server;
        answered = in->client;
    }
    uint8_t version = cursor_u8(&asked), type = cursor_u8(&asked);
    uint16_t size = cursor_u16(&asked);
    uint32_t transaction = cursor_u32(&asked);
    if (version > LAST_VERSION || (asked.at > 1 && type != ECHO_REQUEST) || size > MOST_ECHO)
        return NO;
    uint8_t back = cursor_u8(&answered), reply = cursor_u8(&answered);
    if ((answered.at > 0 && asked.at > 0 && back != version) ||
        (answered.at > 1 && reply != ECHO_REQUEST + 1))
        return NO;
    uint16_t size_back = cursor_u16(&answered);
    uint32_t transaction_back = cursor_u32(&answered);
    if (asked.ran_short || answered.ran_short)
        return wants_more(in, asked.ran_short ? &asked : &answered);
    bool fits = size >= HEADER && size == size_back && transaction == transaction_back;
    return fits ? likely(in, "echo", &in->client) : NO;
}

static enum answer validate(struct inspection *in)
{
    int asked = cursor_peek(&in->client, 1), answered = cursor_peek(&in->server, 1);
    if (asked > HELLO || answered > HELLO)
        return judge_echo(in);
    int client = weigh_side(in->client), server = weigh_side(in->server);
    if (client < 0 || server < 0)
        return NO;
    struct cursor c = in->client.size ? in->client : in->server;
    if (both_spoke(in) && (client == 0 || server == 0))
        return short_of(in, client == 0 ? &in->client : &in->server);
    cursor_skip(&c, c.size < HEADER ? c.size : HEADER);
    return answer_by_bits(in, (unsigned)(client + server), "hello", &c);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0\0\0", "\xf8\xff\xff\x80"),
    SIGNATURE_MASKED(0, "\0\x02\0\0", "\xf8\xfe\xfc\x07"),
};

const struct cdpi_protocol cdpi_protocol_openflow = {
    .name = "OpenFlow",
    .reference = "ONF TS-025, OpenFlow Switch Specification 1.5.1 sections 7.1.1, 7.5.1",
    .transports = OVER_TCP,
    .category = CATEGORY_NETWORK,
    .tcp_ports = PORTS(6653, 6633),
    SIGNATURES(signatures),
    .validate = validate,
};
