/* SPDX-License-Identifier: MIT */
/*
 * RSocket over TCP (RSocket protocol 1.0, Framing Protocol, Setup Frame): size(3) stream(4) type(6
 * bits) flags(10 bits). The client begins with SETUP on stream 0: major(2) minor(2) keep-alive(4)
 * lifetime(4) [token] and two MIME types of size(1). Both keep the connection alive with KEEPALIVE
 * on stream 0, which says whether an answer is wanted and how far the sender has read(8).
 */
#include "protocols/protocol.h"

enum { KEEP_ALIVE_SIZE = 14 };
enum { SETUP = 1, RESUME = 0x0d, LAST_TYPE = 0x0e, HAS_TOKEN = 0x80, EXTENSION = 0x3f };

static bool is_mime(struct cursor *c)
{
    uint8_t size = cursor_u8(c);
    bool has_slash = false;
    for (unsigned i = 0; i < size; i++) {
        uint8_t byte = cursor_u8(c);
        if (c->ran_short)
            return true;
        if (byte <= ' ' || byte > '~')
            return false;
        has_slash |= byte == '/';
    }
    return c->ran_short || (size >= 3 && has_slash) || (size == 1);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u24(&c), stream = cursor_u32(&c);
    uint16_t frame = cursor_u16(&c);
    uint16_t major = cursor_u16(&c), minor = cursor_u16(&c);
    uint32_t keep_alive = cursor_u32(&c), lifetime = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (stream != 0 || frame >> 10 != SETUP || major > 1 || minor > 9 || size < 18 ||
        keep_alive == 0 || keep_alive > INT32_MAX || lifetime == 0 || lifetime > INT32_MAX)
        return NO;
    if (frame & HAS_TOKEN) {
        uint16_t token = cursor_u16(&c);
        if (c.ran_short || !cursor_skip(&c, token))
            return short_of(in, &c);
    }
    if (!is_mime(&c) || (!c.ran_short && !is_mime(&c)))
        return NO;
    return c.ran_short ? short_of(in, &c) : yes(in, "setup", &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u24(&c), stream = cursor_u32(&c);
    uint16_t type = cursor_u16(&c) >> 10;
    if (c.ran_short)
        return short_of(in, &c);
    bool is_type = (type >= 2 && type <= LAST_TYPE && type != RESUME) || type == EXTENSION;
    return size >= 6 && stream <= INT32_MAX && is_type ? YES : NO;
}

/* Joined late: what keeps a connection alive; it carries nothing, mostly. */
static bool may_be_keep_alive(const struct cursor *c)
{
    return cursor_may_start_with(c, "\0\0\x0e\0\0\0\0\x0c");
}

static enum answer judge_keep_alive(struct inspection *in, struct cursor c)
{
    if (!may_be_keep_alive(&c))
        return judge_server(in, c);
    if (c.size < 3 + KEEP_ALIVE_SIZE)
        return wants(in, (enum side)c.side, 3 + KEEP_ALIVE_SIZE);
    bool fits = !(cursor_peek(&c, 8) & 0x7f) && !(cursor_peek(&c, 9) & 0x80);
    cursor_skip(&c, 3 + KEEP_ALIVE_SIZE);
    return fits ? yes(in, "keep-alive", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    struct cursor first = in->client.size ? in->client : in->server;
    if (may_be_keep_alive(&first))
        return judge_sides(in, judge_keep_alive, judge_keep_alive);
    if (in->client.size == 0)
        return wants(in, CLIENT, 1);
    enum answer client = judge_client(in, in->client);
    enum answer server = in->server.size ? judge_server(in, in->server) : YES;
    return client < server ? client : server;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(3, "\0\0\0\0\x04\0\0\0\0\0", "\xff\xff\xff\xff\xfc\0\xff\xfe\xff\xf0"),
    SIGNATURE_MASKED(0, "\0\0\x0e\0\0\0\0\x0c\0", "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
};

const struct cdpi_protocol cdpi_protocol_rsocket = {
    .name = "RSocket",
    .reference = "RSocket protocol 1.0: Framing Protocol, Setup Frame",
    .transports = OVER_TCP,
    .category = CATEGORY_RPC,
    .tcp_ports = PORTS(7000),
    SIGNATURES(signatures),
    .validate = validate,
};
