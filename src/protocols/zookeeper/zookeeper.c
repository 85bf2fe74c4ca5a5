/* SPDX-License-Identifier: MIT */
/*
 * Apache ZooKeeper (zookeeper.jute: ConnectRequest, ConnectResponse), each behind its size(4):
 *
 *     client  version(4) = 0 last change(8) timeout(4) session(8)
 *             password's size(4) = 16 password(16) [read-only(1)]
 *     server  version(4) = 0 timeout(4) session(8)
 *             password's size(4) = 16 password(16) [read-only(1)]
 *
 * then requests  number(4) type(4) ... and replies  number(4) last change(8) error(4) ...; most
 * requests begin with a path, a text of size(4);
 *
 * and the words of four letters of its administrators, of which "ruok" with "imok", and what begins
 * with "Zookeeper version:" are told.
 */
#include "protocols/protocol.h"

enum { REQUEST = 44, RESPONSE = 36, PASSWORD = 16 };
enum { LAST_TYPE = 22, LATE_TYPES = 100, LAST_LATE_TYPE = 107, SIZE_LIMIT = 1 << 20, REPLY = 16 };
enum { LEAST_ERROR = -128, MOST_PATH = 1024 };

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u32(&c), version = cursor_u32(&c);
    cursor_skip(&c, 8);
    uint32_t timeout = cursor_u32(&c);
    cursor_skip(&c, 8);
    uint32_t password = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if ((size != REQUEST && size != REQUEST + 1) || version != 0 || timeout > INT32_MAX ||
        password != PASSWORD)
        return NO;
    return yes(in, "connect request", &c);
}

/* Joined late, what keeps a session alive: size 8, number -2, type 11; its reply has size 16, -2,
 * the last transaction, no error. */
static enum answer judge_ping(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u32(&c), number = cursor_u32(&c), type = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (number != UINT32_MAX - 1)
        return NO;
    if (c.side == CLIENT)
        return size == 8 && type == 11 ? yes(in, "ping", &c) : NO;
    cursor_skip(&c, 4);
    uint32_t error = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return size == 16 && error == 0 ? yes(in, "pong", &c) : NO;
}

static bool is_ping(const struct cursor *c)
{
    return cursor_may_start_with(c, "\0\0\0\x08\xff\xff\xff\xfe") ||
           cursor_may_start_with(c, "\0\0\0\x10\xff\xff\xff\xfe");
}

/* Joined late: a request about a path, which begins with a slash. */
static enum answer judge_request(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u32(&c), number = cursor_u32(&c), type = cursor_u32(&c);
    uint32_t path = cursor_u32(&c);
    uint8_t slash = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_type =
        (type > 0 && type <= LAST_TYPE) || (type >= LATE_TYPES && type <= LAST_LATE_TYPE);
    if (!is_type || number == 0 || number > INT32_MAX || size > SIZE_LIMIT || path == 0 ||
        path > MOST_PATH || path + 12 > size || slash != '/')
        return NO;
    return likely(in, "request", &c);
}

/* Its reply: the same number, then what the last change was. */
static enum answer judge_reply(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u32(&c), number = cursor_u32(&c);
    uint64_t change = cursor_u64(&c);
    int32_t error = (int32_t)cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size < REPLY || size > SIZE_LIMIT || change >> 63 || error > 0 || error < LEAST_ERROR)
        return NO;
    return in->client.size && number == cursor_peek_u32(&in->client, 4) ? YES : NO;
}

static bool is_connect(const struct cursor *c, uint32_t size)
{
    uint32_t said = cursor_peek_u32(c, 0);
    return c->size < 8 || ((said == size || said == size + 1) && cursor_peek_u32(c, 4) == 0);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u32(&c), version = cursor_u32(&c);
    cursor_skip(&c, 12);
    uint32_t password = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if ((size != RESPONSE && size != RESPONSE + 1) || version != 0 || password != PASSWORD)
        return NO;
    return yes(in, "connect response", &c);
}

/* What begins a session, and what stands in it. */
static enum answer judge_session(struct inspection *in)
{
    if (is_ping(&in->client) && is_ping(&in->server))
        return judge_sides(in, judge_ping, judge_ping);
    if (is_connect(&in->client, REQUEST) && is_connect(&in->server, RESPONSE))
        return judge_sides(in, judge_client, judge_server);
    return in->client.size ? judge_sides(in, judge_request, judge_reply) : NO;
}

static enum answer judge_words(struct inspection *in, struct cursor c)
{
    if (cursor_starts_with(&c, "imok")) {
        cursor_skip(&c, 4);
        if (cursor_starts_with(&in->client, "ruok"))
            return yes(in, "ruok, imok", &c);
        return cursor_may_start_with(&in->client, "ruok") ? wants(in, CLIENT, 4) : NO;
    }
    if (!cursor_may_start_with(&c, "Zookeeper version: "))
        return cursor_may_start_with(&c, "imok") ? short_of(in, &c) : NO;
    return cursor_skip(&c, 19) ? yes(in, "version", &c) : short_of(in, &c);
}

/* What the administrators ask has no structure but for its size. */
static enum answer validate(struct inspection *in)
{
    bool are_words = cursor_peek(&in->server, 0) > 0 || cursor_peek(&in->client, 0) > 0;
    if (!are_words)
        return judge_session(in);
    if (in->client.size > 6)
        return NO;
    return in->server.size ? judge_words(in, in->server) : wants(in, SERVER, 1);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0\0\x2c\0\0\0\0", "\xff\xff\xff\xfe\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\0\0\0\x24\0\0\0\0", "\xff\xff\xff\xfe\xff\xff\xff\xff"),
    SIGNATURE(0, "\0\0\0\x08\xff\xff\xff\xfe"),
    SIGNATURE(0, "\0\0\0\x10\xff\xff\xff\xfe"),
    SIGNATURE_MASKED(1, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0/",
                     "\xf0\0\0\xff\0\0\0\xff\xff\xff\x80\xff\xff\xfc\0\xff"),
    SIGNATURE(0, "Zookeeper versio"),
    SIGNATURE(0, "imok"),
};

const struct cdpi_protocol cdpi_protocol_zookeeper = {
    .name = "ZooKeeper",
    .reference = "Apache ZooKeeper: zookeeper.jute, ConnectRequest and ConnectResponse",
    .transports = OVER_TCP,
    .category = CATEGORY_CLUSTER,
    .tcp_ports = PORTS(2181),
    SIGNATURES(signatures),
    .validate = validate,
};
