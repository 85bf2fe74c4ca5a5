/* SPDX-License-Identifier: MIT */
/*
 * Java RMI's wire protocol, Java RMI specification section 10.2: the client sends "JRMI",
 * version(2) 1 or 2, and 4b (stream), 4c (single operation) or 4d (multiplex); the server answers
 * 4e, the client's host as text(2 + n) and port(4), or 4f. A call begins with 50, its return with
 * 51, both with Java's serialization after it.
 */
#include "protocols/protocol.h"

enum { PROTOCOL_ACK = 0x4e, NOT_SUPPORTED = 0x4f, CALL = 0x50, RETURN = 0x51, HOST_LIMIT = 255 };

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) == CALL) { /* joined late */
        cursor_skip(&c, 1);
        if (!cursor_may_start_with(&c, "\xac\xed\0\x05\x77"))
            return NO;
        return cursor_skip(&c, 5) ? yes(in, "call", &c) : short_of(in, &c);
    }
    if (!cursor_may_start_with(&c, "JRMI\0"))
        return NO;
    cursor_skip(&c, 5);
    uint8_t version = cursor_u8(&c), protocol = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return version >= 1 && version <= 2 && protocol >= 0x4b && protocol <= 0x4d
               ? yes(in, "client's greeting", &c)
               : NO;
}

/* Letters, digits, dots, colons, dashes: a name or address. */
static bool is_host(struct cursor *c, uint16_t size)
{
    for (; size > 0 && cursor_left(c) > 0; size--) {
        uint8_t byte = cursor_u8(c);
        if (byte <= ' ' || byte > '~')
            return false;
    }
    return true;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint8_t kind = cursor_u8(&c);
    if (kind == NOT_SUPPORTED)
        return both_spoke(in) ? yes(in, "not supported", &c) : MORE;
    if (kind == RETURN && cursor_may_start_with(&c, "\xac\xed\0\x05"))
        return cursor_skip(&c, 4) ? yes(in, "return", &c) : short_of(in, &c);
    if (kind != PROTOCOL_ACK)
        return NO;
    uint16_t size = cursor_u16(&c);
    if (!c.ran_short && (size == 0 || size > HOST_LIMIT || !is_host(&c, size)))
        return NO;
    uint16_t zero = cursor_u16(&c);
    cursor_skip(&c, 2);
    if (c.ran_short)
        return short_of(in, &c);
    if (zero != 0)
        return NO;
    return both_spoke(in) ? yes(in, "server's greeting", &c) : likely(in, "server's greeting", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "JRMI\0"),
    SIGNATURE_MASKED(0, "\x4e\0\0", "\xff\xff\0"),
    SIGNATURE(0, "\x50\xac\xed\0\x05\x77"),
    SIGNATURE(0, "\x51\xac\xed\0\x05"),
};

const struct cdpi_protocol cdpi_protocol_rmi = {
    .name = "RMI",
    .reference = "Java RMI specification section 10.2",
    .transports = OVER_TCP,
    .category = CATEGORY_RPC,
    .tcp_ports = PORTS(1099),
    SIGNATURES(signatures),
    .validate = validate,
};
