/* SPDX-License-Identifier: MIT */
/*
 * SOCKS 4, 4a and 5 (RFC 1928, RFC 1929; Ying-Da Lee's "SOCKS 4A").
 *
 *     4   client: 4, command, port(2), address(4), user, 0, and of 4a: name, 0
 *         server: 0, code, 6 bytes
 *     5   client: 5, count, methods
 *         server: 5, method
 *         client: 1, length, user, length, password (method 2)
 *         server: 1, status
 *         client: 5, command, 0, type, address, port
 *         server: 5, code, 0, type, address, port
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { METHODS_LIMIT = 16, NAME_LIMIT = 255, USER_LIMIT = 64 };
enum { METHOD_NONE = 0, METHOD_PASSWORD = 2, METHOD_REFUSED = 0xff, METHOD_UNKNOWN = 0x100 };
enum { IPV4 = 1, NAME = 3, IPV6 = 4 };

/* What was heard so far, in bits; a side that breaks the rules sets is_no. */
struct dialogue {
    unsigned bits;
    unsigned method;
    uint16_t port;
    bool is_all; /* a request and nothing else: the client waits */
    bool is_no;
};

/* Text up to a zero byte. False: it does not end here, or is no text. */
static bool pass_string(struct cursor *c, uint32_t limit, uint32_t *length)
{
    for (*length = 0; *length <= limit; ++*length) {
        uint8_t byte = cursor_u8(c);
        if (c->ran_short || byte == 0)
            return true;
        if (byte < ' ' || byte == 0x7f)
            return false;
    }
    return false;
}

/* What was granted begins: where the server's answer was not captured, that tells a request by. */
static bool is_what_follows(struct cursor c)
{
    return cursor_accept_text(&c, "GET ") || cursor_accept_text(&c, "POST ") ||
           cursor_accept_text(&c, "HEAD ") || cursor_accept_text(&c, "\x16\x03");
}

static void hear_client_4(struct cursor c, struct dialogue *d)
{
    uint32_t user, name;
    cursor_skip(&c, 1);
    uint8_t command = cursor_u8(&c);
    d->port = cursor_u16(&c);
    uint32_t address = cursor_u32(&c);
    bool is_4a = address > 0 && address < 256;
    if ((c.size > 1 && (command < 1 || command > 2)) || (address == 0 && !c.ran_short) ||
        !pass_string(&c, USER_LIMIT, &user) || (is_4a && !pass_string(&c, NAME_LIMIT, &name))) {
        d->is_no = true;
        return;
    }
    if (c.ran_short)
        return;
    d->bits += 23 + (user > 10 ? 10 : user);
    if (is_4a)
        d->bits += name > 2 ? 30 : 10;
    if (d->port != 0 && is_what_follows(c))
        d->bits += 16;
    d->is_all = cursor_at_end(&c) && d->port != 0;
}

/* Codes 90 to 93; port and address are zeros, or echo the request. */
static void hear_server_4(struct cursor c, struct dialogue *d)
{
    uint8_t version = cursor_u8(&c);
    uint8_t code = cursor_u8(&c);
    uint16_t port = cursor_u16(&c);
    uint32_t address = cursor_u32(&c);
    d->is_no |= version != 0 || (c.size > 1 && (code < 90 || code > 93));
    if (!d->is_no && !c.ran_short)
        d->bits += 14 + (port == 0 || port == d->port ? 12u : 0u) + (address == 0 ? 20u : 0u);
}

/* RFC 1928 sections 4 to 6: what a request and a reply share after the version. */
static void hear_address(struct cursor *c, uint8_t code_limit, struct dialogue *d)
{
    uint8_t code = cursor_u8(c);
    uint8_t reserved = cursor_u8(c);
    uint8_t type = cursor_u8(c);
    d->is_no |= code > code_limit || reserved != 0;
    if (c->ran_short || d->is_no)
        return;
    d->is_no = type != IPV4 && type != NAME && type != IPV6;
    uint32_t length = type == NAME ? cursor_u8(c) : type == IPV4 ? 4 : 16;
    struct cursor address = cursor_take(c, length);
    cursor_u16(c);
    while (type == NAME && !cursor_at_end(&address))
        d->is_no |= cursor_u8(&address) < '-';
    if (!c->ran_short)
        d->bits += 28;
}

static void hear_methods(struct cursor *c, struct cursor *methods, struct dialogue *d)
{
    cursor_skip(c, 1);
    uint8_t count = cursor_u8(c);
    if (c->ran_short)
        return;
    if (count == 0 || count > METHODS_LIMIT) {
        d->is_no = true;
        return;
    }
    *methods = cursor_take(c, count);
    for (struct cursor each = *methods; !cursor_at_end(&each);) {
        uint8_t method = cursor_u8(&each);
        d->is_no |= method > 9 && (method < 0x80 || method == METHOD_REFUSED);
        d->is_no |= cursor_find(&each, method, METHODS_LIMIT) >= 0; /* nobody offers one twice */
    }
    if (!c->ran_short)
        d->bits += 13 + 6 * (count > 3 ? 3u : count);
}

/* RFC 1929 section 2. */
static void hear_password(struct cursor *c, struct dialogue *d)
{
    cursor_skip(c, 1);
    uint8_t user = cursor_u8(c);
    cursor_skip(c, user);
    uint8_t password = cursor_u8(c);
    d->is_no |= user == 0 && !c->ran_short;
    if (cursor_skip(c, password) && !c->ran_short)
        d->bits += 8;
}

static bool has_method(struct cursor methods, unsigned method)
{
    return cursor_at_end(&methods) || cursor_find(&methods, (uint8_t)method, METHODS_LIMIT) >= 0;
}

/* After the methods: the server's choice says what comes; without it the first byte does. */
static void hear_client_5(struct cursor *c, struct dialogue *d)
{
    int next = cursor_peek(c, 0);
    if (next < 0 || d->is_no)
        return;
    if (d->method == METHOD_PASSWORD || (d->method == METHOD_UNKNOWN && next == 1)) {
        d->is_no |= next != 1;
        hear_password(c, d);
        next = cursor_peek(c, 0);
    } else if (d->method != METHOD_NONE && d->method != METHOD_UNKNOWN) {
        return;
    }
    if (next < 0 || c->ran_short)
        return;
    d->is_no |= cursor_u8(c) != 5 || cursor_peek(c, 0) == 0;
    hear_address(c, 3, d);
}

static void hear_server_5(struct cursor *c, struct cursor methods, struct dialogue *d)
{
    cursor_skip(c, 1);
    d->method = cursor_u8(c);
    if (c->ran_short) {
        d->method = METHOD_UNKNOWN;
        return;
    }
    d->is_no |= d->method != METHOD_REFUSED && !has_method(methods, d->method);
    d->is_no |= d->method > 9 && d->method < 0x80;
    d->bits += d->method <= 2 || d->method == METHOD_REFUSED ? 15 : 9;
    if (d->method == METHOD_PASSWORD && cursor_left(c) >= 2) {
        d->is_no |= cursor_u8(c) != 1;
        cursor_skip(c, 1);
    } else if (d->method != METHOD_NONE) {
        return;
    }
    if (cursor_at_end(c))
        return;
    d->is_no |= cursor_u8(c) != 5;
    hear_address(c, 8, d);
}

/* Joined after the choice of a method: request and reply alone (RFC 1928 sections 4 and 6), which
 * have one form. NO, MORE or LIKELY. */
static enum answer judge_late(struct inspection *in)
{
    struct dialogue d = {.method = METHOD_NONE};
    struct cursor client = in->client, server = in->server;
    d.is_no = client.size && (cursor_u8(&client) != 5 || cursor_peek(&client, 0) == 0);
    hear_address(&client, 3, &d);
    d.is_no |= server.size && cursor_u8(&server) != 5;
    hear_address(&server, 8, &d);
    if (d.is_no || (!client.ran_short && !cursor_at_end(&client)))
        return NO;
    if (!client.ran_short && !server.ran_short)
        return LIKELY;
    return in->client.size == 0 ? wants(in, CLIENT, 1)
                                : wants_more(in, client.ran_short ? &client : &server);
}

static enum answer validate(struct inspection *in)
{
    enum answer late = judge_late(in);
    if (late == LIKELY)
        return likely(in, "request", &in->client);
    struct dialogue d = {.method = METHOD_UNKNOWN};
    struct cursor client = in->client, server = in->server, methods = {0};
    int version = client.size ? cursor_peek(&client, 0) : cursor_peek(&server, 0);
    if (version != 5 && version != 4)
        return NO;
    if (version == 4) {
        if (client.size)
            hear_client_4(client, &d);
        if (server.size)
            hear_server_4(server, &d);
    } else {
        if (client.size)
            hear_methods(&client, &methods, &d);
        d.is_no |= server.size && cursor_peek(&server, 0) != 5;
        if (server.size && !d.is_no)
            hear_server_5(&server, methods, &d);
        if (client.size && !client.ran_short)
            hear_client_5(&client, &d);
    }
    if (d.is_no)
        return in->is_final ? NO : late;
    struct cursor seen = in->client.size ? in->client : in->server;
    seen.at = seen.size;
    if (in->is_final && d.is_all)
        d.bits += 4;
    if (d.bits < BITS_FOR_LIKELY)
        return in->is_final ? NO : MORE;
    return answer_by_bits(in, d.bits, version == 4 ? "version 4" : "version 5", &seen);
}

/* ---- following --------------------------------------------------------------------------- */

/* Where the server's answers are, byte by byte: the choice of method, the answer to a name and
 * password (RFC 1929), then to the request (RFC 1928 section 6); or that of version 4. */
enum step {
    STEP_BEGINNING = 0,
    STEP_METHOD,
    STEP_PASSWORD,
    STEP_PASSWORD_STATUS,
    STEP_REPLY,
    STEP_STATUS,
    STEP_RESERVED,
    STEP_KIND,
    STEP_LENGTH,
    STEP_OLD_STATUS,
    STEP_ADDRESS, /* so many bytes are left: progress.left */
    GRANTED,
    REFUSED
};

struct progress {
    uint8_t step;
    uint16_t left;
};

static enum step skip_address(struct progress *p, uint16_t bytes)
{
    p->left = bytes;
    return STEP_ADDRESS;
}

static enum step after_kind(struct progress *p, uint8_t kind)
{
    if (kind == 3)
        return STEP_LENGTH;
    return kind == 1 ? skip_address(p, 6) : kind == 4 ? skip_address(p, 18) : REFUSED;
}

static enum step next_step(struct progress *p, uint8_t byte)
{
    switch ((enum step)p->step) {
    case STEP_BEGINNING:
        return byte == 0 ? STEP_OLD_STATUS : byte == 5 ? STEP_METHOD : REFUSED;
    case STEP_OLD_STATUS:
        return byte == 0x5a ? skip_address(p, 6) : REFUSED;
    case STEP_METHOD:
        return byte == METHOD_PASSWORD ? STEP_PASSWORD : byte == METHOD_NONE ? STEP_REPLY : REFUSED;
    case STEP_PASSWORD:
        return byte == 1 ? STEP_PASSWORD_STATUS : REFUSED;
    case STEP_PASSWORD_STATUS:
        return byte == 0 ? STEP_REPLY : REFUSED;
    case STEP_REPLY: /* joined at the reply itself, this is its third byte */
        return byte == 5 ? STEP_STATUS : byte == 0 ? STEP_KIND : REFUSED;
    case STEP_STATUS:
        return byte == 0 ? STEP_RESERVED : REFUSED;
    case STEP_RESERVED:
        return byte == 0 ? STEP_KIND : REFUSED;
    case STEP_KIND:
        return after_kind(p, byte);
    case STEP_LENGTH:
        return skip_address(p, (uint16_t)(byte + 2));
    case STEP_ADDRESS:
        return --p->left ? STEP_ADDRESS : GRANTED;
    default:
        return (enum step)p->step;
    }
}

/* Once the server has granted, the flow is what it was asked for, whoever begins. */
static enum follow_answer follow(struct follow *f, struct cursor *payload)
{
    struct progress p;
    memcpy(&p, f->state, sizeof p);
    while (payload->side == SERVER && p.step < GRANTED && !cursor_at_end(payload))
        p.step = (uint8_t)next_step(&p, cursor_u8(payload));
    memcpy(f->state, &p, sizeof p);
    if (p.step == REFUSED)
        return FOLLOW_DONE;
    return p.step == GRANTED && !cursor_at_end(payload) ? FOLLOW_SPEAKS : FOLLOW_ON;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x05\x00", "\xff\xf0"),
    SIGNATURE(0, "\x05\xff"),
    SIGNATURE(0, "\x05\x10"),
    SIGNATURE(0, "\x04\x01"),
    SIGNATURE(0, "\x04\x02"),
};

const struct cdpi_protocol cdpi_protocol_socks = {
    .name = "SOCKS",
    .reference = "RFC 1928, RFC 1929, SOCKS 4 and 4A by Ying-Da Lee",
    .transports = OVER_TCP,
    .category = CATEGORY_TUNNEL,
    .tcp_ports = PORTS(1080),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow,
};
