/* SPDX-License-Identifier: MIT */
/*
 * DCE/RPC, The Open Group C706 chapter 12, and [MS-RPCE].
 *
 * Connection-oriented (TCP), section 12.6.3.1:
 *     5(1) minor(1) type(1) flags(1) representation(4) fragment size(2)
 *     authentication size(2) call(4)
 *
 * Connectionless (UDP), section 12.5.1:
 *     4(1) type(1) flags(1) flags(1) representation(3) serial(1) object(16) interface(16)
 *     activity(16) boot(4) version(4) sequence(4) operation(2) hints(2,2) size(2) fragment(2)
 *     authentication(1) serial(1)
 *
 * The representation tells the byte order of the rest.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 16,
    CONNECTIONLESS_HEADER = 80,
    REQUEST = 0,
    RESPONSE = 2,
    FAULT = 3,
    BIND = 11,
    BIND_ACK = 12,
    BIND_NAK = 13,
    ALTER_CONTEXT = 14,
    ALTER_RESPONSE = 15,
    AUTH3 = 16,
    SHUTDOWN = 17,
    LAST_TYPE = 20, /* RTS, [MS-RPCH] section 2.2.3.6 */
    LAST_CONNECTIONLESS_TYPE = 10,
    LEAST_FRAGMENT = 64 /* C706 says 1432 (MustRecvFragSize); whoever splits exploits, less */
};

struct representation {
    bool little;
};

/* Integers 0 big, 1 little; characters 0 ASCII, 1 EBCDIC; floating point 0 to 3 (C706
 * section 14.1). */
static bool representation(struct cursor *c, struct representation *r)
{
    uint8_t integers = cursor_u8(c), floats = cursor_u8(c), reserved = cursor_u8(c);
    r->little = integers >> 4 == 1;
    return c->ran_short ||
           (integers >> 4 <= 1 && (integers & 15) <= 1 && floats <= 3 && reserved == 0);
}

static uint16_t u16(struct cursor *c, struct representation r)
{
    return r.little ? cursor_le16(c) : cursor_u16(c);
}

static uint32_t u32(struct cursor *c, struct representation r)
{
    return r.little ? cursor_le32(c) : cursor_u32(c);
}

/* ---- over TCP ---------------------------------------------------------------------------- */

/* Fragment sizes, group, number of contexts, reserved zeros; the first context has a transfer
 * syntax at least. */
static bool bind_fits(struct cursor *c, struct representation r, uint32_t size)
{
    uint16_t send = u16(c, r), receive = u16(c, r);
    cursor_skip(c, 4);
    uint8_t contexts = cursor_u8(c);
    uint8_t zero = cursor_u8(c);
    uint16_t zeros = u16(c, r);
    if (contexts == 0 && size == HEADER + 12)
        return c->ran_short || (zero == 0 && zeros == 0);
    cursor_skip(c, 2);
    uint8_t syntaxes = cursor_u8(c);
    return c->ran_short || (send >= LEAST_FRAGMENT && receive >= LEAST_FRAGMENT && zero == 0 &&
                            zeros == 0 && syntaxes > 0 && size >= HEADER + 12 + contexts * 24u);
}

static bool bind_ack_fits(struct cursor *c, struct representation r, uint32_t size)
{
    uint16_t send = u16(c, r), receive = u16(c, r);
    cursor_skip(c, 4);
    uint16_t address = u16(c, r);
    return c->ran_short || (send >= LEAST_FRAGMENT && receive >= LEAST_FRAGMENT && address <= 256 &&
                            size >= HEADER + 10u + address);
}

/* Allocation hint; context; operation, or a count of cancels and a zero. */
static bool call_fits(struct cursor *c, struct representation r, uint8_t type, uint32_t size)
{
    uint32_t hint = u32(c, r);
    uint16_t context = u16(c, r);
    cursor_skip(c, 1);
    uint8_t zero = type == REQUEST ? 0 : cursor_u8(c);
    return c->ran_short ||
           (size >= HEADER + 8 && (hint <= 0x4000000 || hint == INT32_MAX || hint == UINT32_MAX) &&
            context <= 1024 && zero == 0);
}

static bool body_fits(struct cursor *c, struct representation r, uint8_t type, uint32_t size)
{
    switch (type) {
    case BIND:
    case ALTER_CONTEXT:
        return bind_fits(c, r, size);
    case BIND_ACK:
    case ALTER_RESPONSE:
        return bind_ack_fits(c, r, size);
    case REQUEST:
    case RESPONSE:
    case FAULT:
        return call_fits(c, r, type, size);
    case BIND_NAK:
        return size <= 512;
    case AUTH3:
    case SHUTDOWN:
    case SHUTDOWN + 1: /* cancel */
    case SHUTDOWN + 2: /* orphaned */
    case LAST_TYPE:
        return true;
    default: /* those of the connectionless protocol */
        return false;
    }
}

/* [MS-RPCH] section 2.1.1.1: a server of ncacn_http says so first. */
static enum answer judge_greeting(struct inspection *in, struct cursor c)
{
    if (cursor_accept_text(&c, "ncacn_http/1.0"))
        return yes(in, "greeting of ncacn_http", &c);
    return cursor_may_start_with(&c, "ncacn_http/1.0") ? short_of(in, &c) : NO;
}

static enum answer judge_stream(struct inspection *in, struct cursor c)
{
    struct representation r;
    if (c.side == SERVER && cursor_peek(&c, 0) == 'n')
        return judge_greeting(in, c);
    if (cursor_u8(&c) != 5 || cursor_u8(&c) > 1)
        return NO;
    uint8_t type = cursor_u8(&c);
    cursor_skip(&c, 1);
    if (type > LAST_TYPE || !representation(&c, &r))
        return NO;
    uint8_t zero = cursor_u8(&c);
    uint16_t size = u16(&c, r), authentication = u16(&c, r);
    bool is_cut_off = c.ran_short || !cursor_skip(&c, 4);
    if (is_cut_off) /* version, type, representation and a size are 50 bits */
        return c.at >= 10 && zero == 0 && size >= HEADER
                   ? likely_at_end(in, "connection-oriented header", &c)
                   : short_of(in, &c);
    if (zero != 0 || size < HEADER || (uint32_t)authentication + HEADER > size)
        return NO;
    if (!body_fits(&c, r, type, size))
        return NO;
    if (c.ran_short)
        return likely_at_end(in, "connection-oriented header", &c);
    return yes(in, "connection-oriented header", &c);
}

/* ---- over UDP ---------------------------------------------------------------------------- */

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    struct representation r;
    if (cursor_u8(&c) != 4 || uncut_size(in, &c) < CONNECTIONLESS_HEADER)
        return NO;
    uint8_t type = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint8_t flags = cursor_u8(&c); /* C706 12.5.2.3: cancel pending, and reserved zeros */
    if (type > LAST_CONNECTIONLESS_TYPE || flags & 0xfc || !representation(&c, &r))
        return NO;
    if (c.size < CONNECTIONLESS_HEADER) /* version, type, zeros and representation: 38 bits */
        return c.ran_short ? NO : likely(in, "connectionless header, cut", &c);
    cursor_skip(&c, 1 + 3 * 16 + 4);
    bool is_version = u16(&c, r) <= UINT8_MAX && u16(&c, r) <= UINT8_MAX; /* the interface's */
    if (!is_version)
        return NO;
    cursor_skip(&c, 4 + 2 + 2 + 2);
    uint16_t size = u16(&c, r);
    cursor_skip(&c, 2);
    uint8_t authentication = cursor_u8(&c);
    cursor_skip(&c, 1);
    if (authentication > 16 && authentication != 0xff)
        return NO;
    if (authentication == 0 && !is_cut(in, &c) && size != cursor_left(&c))
        return NO;
    if (size > cursor_left(&c) && !is_cut(in, &c))
        return NO;
    return yes(in, "connectionless header", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    return is_udp(in) ? judge_datagram(in, c) : judge_stream(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
}

/* ---- the endpoint mapper ----------------------------------------------------------------- */

enum { MAPPER_BOUND = 1, FOLLOWED_PAYLOADS = 64 };

/* C706 appendix O: the mapper's interface, e1af8308-5d1f-11c9-91a4-08002b14a0fa, little-endian. */
#define MAPPER "\x08\x83\xaf\xe1\x1f\x5d\xc9\x11\x91\xa4\x08\x00\x2b\x14\xa0\xfa"

/* The last floors of a protocol tower, C706 appendix L: each a left side (size, protocol) and a
 * right side (size, value): RPC's own version, then TCP's or UDP's port, then IP. */
static bool find_tower(struct cursor *c, const char *rpc, uint8_t transport, uint16_t *port)
{
    for (;;) {
        int32_t found = cursor_find_bytes(c, rpc, 7, 4096);
        if (found < 0)
            return false;
        cursor_skip(c, (uint32_t)found + 7);
        struct cursor floor = *c;
        if (cursor_le16(&floor) != 1 || cursor_u8(&floor) != transport || cursor_le16(&floor) != 2)
            continue;
        *port = cursor_u16(&floor);
        if (cursor_accept(&floor, "\x01\0\x09\x04\0", 5) && cursor_skip(&floor, 4))
            return true;
    }
}

static void announce_towers(struct follow *f, struct cursor c)
{
    static const struct {
        char rpc[8];
        uint8_t protocol, transport;
    } kinds[] = {{"\x01\0\x0b\x02\0\0", 7, OVER_TCP}, {"\x01\0\x0a\x02\0\0", 8, OVER_UDP}};
    for (unsigned i = 0; i < 2; i++) {
        struct cursor towers = c;
        uint16_t port;
        while (find_tower(&towers, kinds[i].rpc, kinds[i].protocol, &port)) {
            struct announcement *a = announce(f, "DCERPC", kinds[i].transport, port);
            if (a)
                a->at = AT_SERVER; /* the mapper speaks of its own host */
        }
    }
}

/* Towers that the mapper answers with name endpoints of its host. */
static enum follow_answer follow(struct follow *f, struct cursor *payload)
{
    struct cursor c = *payload;
    if (payload->side == CLIENT && cursor_find_bytes(&c, MAPPER, 16, 4096) >= 0)
        f->state[0] = MAPPER_BOUND;
    if (payload->side == SERVER && (f->state[0] == MAPPER_BOUND || f->server_port == 135))
        announce_towers(f, c);
    return ++f->state[1] < FOLLOWED_PAYLOADS ? FOLLOW_ON : FOLLOW_DONE;
}

static const struct signature signatures[] = {
    {.transports = OVER_TCP, .size = 14, .bytes = "ncacn_http/1.0"},
    {.transports = OVER_TCP,
     .size = 8,
     .bytes = "\5\0\0\0\0\0\0\0",
     .mask = "\xff\xfe\xe0\0\xee\xfc\xff\xff"},
    {.transports = OVER_UDP,
     .size = 7,
     .bytes = "\4\0\0\0\0\0\0",
     .mask = "\xff\xf0\0\xfc\xee\xfc\xff",
     .min_size = CONNECTIONLESS_HEADER},
};

const struct cdpi_protocol cdpi_protocol_dcerpc = {
    .name = "DCERPC",
    .reference = "The Open Group C706 chapter 12, [MS-RPCE]",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_RPC,
    .tcp_ports = PORTS(135),
    .udp_ports = PORTS(135),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow,
};
