/* SPDX-License-Identifier: MIT */
/*
 * SoftEther VPN's datagrams for NAT traversal and dynamic DNS, as its published sources write them
 * (Mayaqua/Pack.c): a pack is
 *
 *     elements(4), then each: size of name + 1 (4) name kind(4) values(4) values
 *
 * of kinds 0 number(4), 1 data, 2 and 3 text, each size(4) bytes; 4 number(8). A server that is
 * asked by a letter for one's own address answers "IP=192.0.2.1,PORT=40000" (Cedar/Server.c). The
 * tunnel itself is TLS, or has no plain byte.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { ELEMENTS = 64, NAME_LIMIT = 63, VALUES = 256 };
enum { KIND_NUMBER = 0, KIND_DATA, KIND_TEXT, KIND_UNICODE, KIND_LONG };

static bool pass_name(struct cursor *c)
{
    uint32_t size = cursor_u32(c);
    if (c->ran_short || size < 2 || size > NAME_LIMIT + 1)
        return c->ran_short;
    struct cursor name = cursor_take(c, size - 1);
    while (!name.ran_short && !cursor_at_end(&name)) {
        if (!text_is_token(cursor_u8(&name)))
            return false;
    }
    return true;
}

static void pass_value(struct cursor *c, uint32_t kind)
{
    if (kind == KIND_NUMBER || kind == KIND_LONG)
        cursor_skip(c, kind == KIND_NUMBER ? 4 : 8);
    else
        cursor_skip(c, cursor_u32(c));
}

/* False: it is none. c->ran_short: it runs over the end. */
static bool pass_element(struct cursor *c)
{
    if (!pass_name(c))
        return false;
    uint32_t kind = cursor_u32(c), values = cursor_u32(c);
    if (c->ran_short)
        return true;
    if (kind > KIND_LONG || values == 0 || values > VALUES)
        return false;
    for (; values > 0 && !c->ran_short; values--)
        pass_value(c, kind);
    return true;
}

static enum answer judge_pack(struct inspection *in, struct cursor c)
{
    uint32_t elements = cursor_u32(&c), whole = 0;
    if (elements == 0 || elements > ELEMENTS)
        return NO;
    for (; whole < elements && !c.ran_short; whole++) {
        if (!pass_element(&c))
            return NO;
    }
    if (c.ran_short)
        return is_cut(in, &c) && whole > 1 ? likely(in, "pack, cut", &c) : NO;
    return cursor_at_end(&c) ? yes(in, "pack", &c) : NO;
}

static enum answer judge_address(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 3);
    for (int byte = cursor_peek(&c, 0); byte != ','; byte = cursor_peek(&c, 0)) {
        bool is_hex = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'f';
        if (byte < 0 || (!text_is_digit(byte) && byte != '.' && byte != ':' && !is_hex))
            return NO;
        cursor_skip(&c, 1);
    }
    bool has_port = cursor_accept_text(&c, ",PORT=") && text_digits(&c, 5, NULL) > 0;
    cursor_accept_text(&c, "\0");
    return has_port && cursor_at_end(&c) ? yes(in, "address", &c) : NO;
}

/* The letters that ask, or keep a binding alive, are a datagram of one byte. */
static enum answer judge(struct inspection *in, struct cursor c)
{
    if (c.size == 1)
        return both_spoke(in) && c.side == CLIENT ? yes(in, "letter", &c) : NO;
    return cursor_starts_with(&c, "IP=") ? judge_address(in, c) : judge_pack(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 8,
     .bytes = "\0\0\0\0\0\0\0\0",
     .mask = "\xff\xff\xff\x80\xff\xff\xff\x80",
     .min_size = 21},
    {.size = 3, .bytes = "IP=", .min_size = 15, .max_size = 64},
};

const struct cdpi_protocol cdpi_protocol_softether = {
    .name = "SoftEther",
    .reference = "SoftEther VPN's published sources: Mayaqua/Pack.c, Cedar/Server.c",
    .transports = OVER_UDP,
    .category = CATEGORY_VPN,
    .udp_ports = PORTS(5004),
    SIGNATURES(signatures),
    .validate = validate,
};
