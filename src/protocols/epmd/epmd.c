/* SPDX-License-Identifier: MIT */
/*
 * EPMD, Erlang's port mapper (Erlang/OTP, Distribution Protocol): a request is a length(2) and a
 * letter, the answer another letter, or for names (n) a port(4) and lines of text.
 *
 *     x port(2) kind(1) 0(1) 5(2) 5(2) size(2) name size(2) extra     y|v result(1) creation(2|4)
 *     z name                                      w result(1) [port(2) kind(1) 0(1) 5(2) ...]
 *     n                                           port(4) "name ... at port ..."
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum {
    HIDDEN = 72,
    NORMAL = 77,
    LAST_VERSION = 6,
    LEAST_VERSION = 5,
    MOST_NAME = 255,
    PORT = 4369
};

static bool is_name(struct cursor *c, uint32_t size)
{
    struct cursor name = cursor_take(c, size);
    if (c->ran_short || size == 0 || size > MOST_NAME)
        return false;
    return text_all_plain(name) && cursor_peek(&name, 0) != ' ';
}

static bool is_node(struct cursor *c)
{
    cursor_skip(c, 2);
    uint8_t kind = cursor_u8(c), protocol = cursor_u8(c);
    uint16_t highest = cursor_u16(c), lowest = cursor_u16(c);
    return (kind == HIDDEN || kind == NORMAL) && protocol == 0 && highest >= LEAST_VERSION &&
           highest <= LAST_VERSION && lowest >= LEAST_VERSION && lowest <= highest &&
           is_name(c, cursor_u16(c));
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint16_t size = cursor_u16(&c);
    struct cursor request = cursor_take(&c, size);
    if (c.ran_short)
        return size > 0 && size <= MOST_NAME + 32 ? short_of(in, &c)
               : c.size < 2                       ? short_of(in, &c)
                                                  : NO;
    uint8_t letter = cursor_u8(&request);
    if (letter == 'x')
        return is_node(&request) ? yes(in, "a node registers", &c) : NO;
    if (letter == 'z')
        return is_name(&request, cursor_left(&request)) ? (both_spoke(in) ? YES : MORE) : NO;
    return letter == 'n' && size == 1 ? (both_spoke(in) ? YES : MORE) : NO;
}

static enum answer judge_names(struct inspection *in, struct cursor c)
{
    uint32_t port = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (cursor_at_end(&c) && in->is_final) /* nobody is registered */
        return port == PORT ? yes(in, "no names", &c) : NO;
    if (!cursor_may_start_with(&c, "name "))
        return NO;
    return cursor_accept_text(&c, "name ") ? yes(in, "names", &c) : wants(in, SERVER, 9);
}

/* A node's place, or that there is none. */
static enum answer judge_place(struct inspection *in, struct cursor c, uint8_t result)
{
    if (result != 0)
        return yes(in, "no such node", &c);
    if (is_node(&c))
        return yes(in, "a node's port", &c);
    return c.ran_short ? short_of(in, &c) : NO;
}

/* Where only the answer was captured: a node's place with what it adds, or a line for each node. */
static enum answer judge_answer(struct inspection *in, struct cursor c)
{
    struct cursor names = c;
    cursor_skip(&names, 4);
    if (cursor_accept_text(&names, "name ")) {
        int32_t at = cursor_find_text(&names, " at port ", MOST_NAME + 9);
        cursor_skip(&names, at < 0 ? 0 : (uint32_t)at + 9);
        bool is_told = at > 0 && text_digits(&names, 5, NULL) > 0;
        return is_told ? likely(in, "names", &names) : short_of(in, &names);
    }
    uint8_t letter = cursor_u8(&c), result = cursor_u8(&c);
    if (letter != 'w' || result != 0 || !is_node(&c))
        return c.ran_short || c.size < 9 ? wants(in, CLIENT, 3) : NO;
    uint16_t extra = cursor_u16(&c);
    if (!cursor_skip(&c, extra))
        return short_of(in, &c);
    return cursor_at_end(&c) ? likely(in, "a node's port", &c) : NO;
}

/* What comes back hangs on what was asked. */
static enum answer judge_server(struct inspection *in, struct cursor c)
{
    int asked = cursor_peek(&in->client, 2);
    if (asked < 0)
        return judge_answer(in, c);
    if (asked == 'n')
        return judge_names(in, c);
    uint8_t letter = cursor_u8(&c), result = cursor_u8(&c);
    bool fits = asked == 'x' ? letter == 'y' || letter == 'v' : letter == 'w';
    if (!fits || (asked == 'x' && result > 1))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    return asked == 'x' ? YES : judge_place(in, c, result);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0x\0\0\x40\0\0\x04", "\xfe\0\xff\0\0\xf0\xff\xff\xfc"),
    SIGNATURE_MASKED(0, "\0\0z", "\xff\0\xff"),
    SIGNATURE(0, "\0\x01n"),
    SIGNATURE_MASKED(0, "w\0\0\0\x48\0\0\x04\0\x05", "\xff\xff\0\0\xfa\xff\xff\xfc\xff\xff"),
    SIGNATURE(4, "name "),
};

const struct cdpi_protocol cdpi_protocol_epmd = {
    .name = "EPMD",
    .reference = "Erlang/OTP, Distribution Protocol, section EPMD Protocol",
    .transports = OVER_TCP,
    .category = CATEGORY_CLUSTER,
    .tcp_ports = PORTS(PORT),
    SIGNATURES(signatures),
    .validate = validate,
};
