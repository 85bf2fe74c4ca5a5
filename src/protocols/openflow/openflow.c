/* SPDX-License-Identifier: MIT */
/*
 * OpenFlow (ONF, OpenFlow Switch Specification 1.5.1 section 7.1.1): version(1) type(1) size(2)
 * transaction(4). Each side begins with a hello, which since 1.3.1 may list versions as an element
 * 1 of a bit map (section 7.5.1); then come requests and replies of fixed sizes.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 8,
    LEAST_ERROR = 12,
    HELLO = 0,
    ERROR = 1,
    ECHO_REQUEST = 2,
    FEATURES_REQUEST = 5,
    FEATURES_REPLY = 6,
    CONFIG_REQUEST = 7,
    FIRST_PAIR = 16, /* from here on requests are even, and replies follow them */
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

/* ---- joined late ------------------------------------------------------------------------- */

struct message {
    uint8_t version, type;
    uint16_t size;
    uint32_t transaction;
};

/* The headers of a side's first messages, all of one version. How many; -1 where they are none. */
static int read_messages(struct cursor c, struct message *list)
{
    int count = 0;
    while (count < MESSAGES && !cursor_at_end(&c)) {
        struct message *m = &list[count];
        m->version = cursor_u8(&c);
        m->type = cursor_u8(&c);
        bool has_type = !c.ran_short;
        m->size = cursor_u16(&c);
        m->transaction = cursor_u32(&c);
        if (m->version == 0 || m->version > LAST_VERSION || m->version != list[0].version ||
            (has_type && m->type > LAST_TYPE))
            return -1;
        if (c.ran_short)
            break;
        if (m->size < HEADER)
            return -1;
        count++;
        if (!cursor_skip(&c, m->size - (uint32_t)HEADER))
            break;
    }
    return count;
}

/* An error says of what it is one: its data is the beginning of that (section 7.5.4). */
static bool is_error_of(const struct message *asked, const struct message *reply)
{
    return reply->type == ERROR && asked->type != ERROR && reply->size >= LEAST_ERROR &&
           reply->size <= asked->size + (uint32_t)LEAST_ERROR;
}

/* A reply's type is one above its request's; an error answers anything. An echo comes back with all
 * that was sent. */
static bool is_answer(const struct message *asked, const struct message *reply)
{
    if (asked->version != reply->version || asked->transaction != reply->transaction)
        return false;
    if (asked->type == ECHO_REQUEST)
        return reply->type == ECHO_REQUEST + 1 && asked->size == reply->size &&
               asked->size <= MOST_ECHO;
    bool is_pair = reply->type == asked->type + 1 &&
                   (asked->type == FEATURES_REQUEST || asked->type == CONFIG_REQUEST ||
                    (asked->type >= FIRST_PAIR && asked->type % 2 == 0));
    return asked->transaction != 0 && (is_pair || is_error_of(asked, reply));
}

/* An idle session is kept alive by echoes, a busy one asks for statistics: what comes back has its
 * request's transaction (section 7.1.1). NO, MORE or LIKELY. */
static enum answer judge_pairs(struct inspection *in)
{
    struct message from_client[MESSAGES], from_server[MESSAGES];
    int n = read_messages(in->client, from_client), m = read_messages(in->server, from_server);
    if (n < 0 || m < 0)
        return NO;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < m; k++) {
            if (is_answer(&from_client[i], &from_server[k]) ||
                is_answer(&from_server[k], &from_client[i]))
                return likely(in, "a request and its reply", &in->client);
        }
    }
    return n < MESSAGES && m < MESSAGES ? MORE : NO;
}

static enum answer validate(struct inspection *in)
{
    int asked = cursor_peek(&in->client, 1), answered = cursor_peek(&in->server, 1);
    if (asked > HELLO || answered > HELLO)
        return judge_pairs(in);
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
    SIGNATURE_MASKED(0, "\x01\0", "\xff\xc0"),
    SIGNATURE_MASKED(0, "\x04\0", "\xfe\xc0"),
    SIGNATURE_MASKED(0, "\x06\0", "\xff\xc0"),
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
