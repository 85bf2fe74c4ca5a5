/* SPDX-License-Identifier: MIT */
/*
 * Apache Thrift (doc/specs: thrift-binary-protocol, thrift-compact-protocol, thrift-rpc):
 *
 *     binary   80 01 00 type(1) size(4) name sequence(4) field's type(1)
 *     compact  82 type * 32 + 1 (1) sequence(varint) size(varint) name field(1)
 *
 * as they are, or each message behind its size(4) ("framed"). A compact field's first half is how
 * far its number is from the last one's, 1 to 15; or 0, and the number follows, as for a result's
 * 0. Types: 1 call, 2 reply, 3 exception, 4 one way.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { CALL = 1, REPLY = 2, EXCEPTION = 3, ONE_WAY = 4, NAME_LIMIT = 128, LAST_FIELD = 17 };
enum { LAST_COMPACT = 13, FRAME_BITS = 24 };

/* A method's name, "getAll", with a service's before it: "Store:getAll". */
static bool is_name(struct cursor name)
{
    while (!cursor_at_end(&name)) {
        int byte = cursor_u8(&name);
        bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        if (!is_letter && !text_is_digit(byte) && byte != '_' && byte != '.' && byte != ':')
            return false;
    }
    return true;
}

static uint32_t varint(struct cursor *c)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte = cursor_u8(c);
        value |= shift < 32 ? (uint32_t)(byte & 0x7f) << shift : 0;
        if (byte < 0x80)
            break;
    }
    return value;
}

/* Requests come from the client, replies from the server. */
static bool is_type(uint8_t type, uint8_t side)
{
    bool is_request = type == CALL || type == ONE_WAY;
    bool is_reply = type == REPLY || type == EXCEPTION;
    return side == CLIENT ? is_request : is_reply;
}

static enum answer judge_binary(struct inspection *in, struct cursor c)
{
    uint16_t version = cursor_u16(&c);
    uint8_t unused = cursor_u8(&c), type = cursor_u8(&c);
    uint32_t size = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (version != 0x8001 || unused != 0 || !is_type(type, c.side) || size == 0 ||
        size > NAME_LIMIT)
        return NO;
    struct cursor name = cursor_take(&c, size);
    cursor_skip(&c, 4);
    uint8_t field = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return is_name(name) && field <= LAST_FIELD ? yes(in, "binary message", &c) : NO;
}

/* The struct's first field, or its end. */
static bool is_field(struct cursor *c)
{
    uint8_t field = cursor_u8(c);
    if ((field & 15) > LAST_COMPACT)
        return false;
    if (field == 0 || field >> 4 != 0)
        return true;
    return varint(c) == 0 && c->side == SERVER; /* a result */
}

static enum answer judge_compact(struct inspection *in, struct cursor c, unsigned bits)
{
    uint8_t magic = cursor_u8(&c), type = cursor_u8(&c);
    varint(&c);
    uint32_t size = varint(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (magic != 0x82 || (type & 0x1f) != 1 || !is_type(type >> 5, c.side) || size == 0 ||
        size > NAME_LIMIT)
        return NO;
    struct cursor name = cursor_take(&c, size);
    bool has_field = is_field(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (!is_name(name) || !has_field)
        return NO;
    return answer_by_bits(in, bits + 19 + 2 * size + 2, "compact message", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    int first = cursor_peek(&c, 0);
    unsigned bits = 0;
    if (first == 0 && !is_udp(in)) { /* framed */
        if (c.size < 5)
            return wants(in, (enum side)c.side, 5);
        bits = cursor_u32(&c) == cursor_left(&c) ? FRAME_BITS : 0;
        first = cursor_peek(&c, 0);
    }
    return first == 0x80 ? judge_binary(in, c) : first == 0x82 ? judge_compact(in, c, bits) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x80\x01\0\0\0\0\0", "\xff\xff\xff\xf8\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\0\0\0\0\x80\x01\0\0\0\0\0", "\xff\0\0\0\xff\xff\xff\xf8\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x82\x01", "\xff\x1f"),
    {.transports = OVER_TCP, .size = 6, .bytes = "\0\0\0\0\x82\x01", .mask = "\xff\0\0\0\xff\x1f"},
};

const struct cdpi_protocol cdpi_protocol_thrift = {
    .name = "Thrift",
    .reference = "Apache Thrift: doc/specs/thrift-binary-protocol, thrift-compact-protocol",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_RPC,
    .tcp_ports = PORTS(9090),
    .udp_ports = PORTS(6831, 6832),
    SIGNATURES(signatures),
    .validate = validate,
};
