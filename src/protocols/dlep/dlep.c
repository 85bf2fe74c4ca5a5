/* SPDX-License-Identifier: MIT */
/*
 * DLEP. RFC 8175 section 11: signals over UDP begin with "DLEP" type(2) length(2); messages over
 * TCP with type(2) length(2); both hold data items, type(2) length(2) value, that fill them.
 */
#include "protocols/protocol.h"

enum { HEARTBEAT_INTERVAL = 5, LAST_SIGNAL = 2, LAST_MESSAGE = 16, LAST_ITEM = 32, MESSAGES = 8 };

/* Section 13: the items' sizes where they are fixed, 0 where they are free. */
static const struct {
    uint8_t size, or_size;
} item_sizes[] = {
    [2] = {5, 7},  [3] = {17, 19},  [5] = {4, 4},  [7] = {6, 8},  [8] = {5, 5},  [9] = {17, 17},
    [10] = {6, 6}, [11] = {18, 18}, [12] = {8, 8}, [13] = {8, 8}, [14] = {8, 8}, [15] = {8, 8},
    [16] = {8, 8}, [17] = {1, 1},   [18] = {1, 1}, [19] = {1, 1}, [20] = {2, 2}};

enum { FIXED_SIZES = sizeof item_sizes / sizeof item_sizes[0] };

/* Bits that the items up to the end are worth. -1: they do not fill it, or one has a wrong size. */
static int weigh_items(struct cursor c)
{
    int bits = 0;
    while (!cursor_at_end(&c)) {
        uint16_t type = cursor_u16(&c);
        uint16_t size = cursor_u16(&c);
        bool is_interval =
            type == HEARTBEAT_INTERVAL && cursor_peek(&c, 0) == 0; /* hours at most */
        if (type == 0 || (type > LAST_ITEM && type < 65408) || !cursor_skip(&c, size))
            return -1;
        bool is_fixed = type < FIXED_SIZES && item_sizes[type].size > 0;
        if (is_fixed && size != item_sizes[type].size && size != item_sizes[type].or_size)
            return -1;
        bits += (is_fixed ? 27 : 6) + (is_interval ? 8 : 0);
    }
    return bits;
}

static enum answer judge_signal(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "DLEP"))
        return NO;
    uint16_t type = cursor_u16(&c), length = cursor_u16(&c);
    if (c.ran_short || type < 1 || type > LAST_SIGNAL || !fills_datagram(in, &c, c.at + length))
        return NO;
    if (is_cut(in, &c)) /* magic, type and size are 78 bits */
        return yes(in, "signal, cut", &c);
    if (weigh_items(c) < 0)
        return NO;
    return yes(in, "signal", &c);
}

static enum answer judge_messages(struct inspection *in, struct cursor c)
{
    unsigned bits = 0;
    for (int i = 0; i < MESSAGES && !cursor_at_end(&c); i++) {
        uint16_t type = cursor_u16(&c), length = cursor_u16(&c);
        if (!c.ran_short && (type < 1 || type > LAST_MESSAGE))
            return NO;
        struct cursor items = cursor_take(&c, length);
        if (c.ran_short)
            break;
        int worth = weigh_items(items);
        if (worth < 0)
            return NO;
        bits += 2 + (unsigned)worth;
    }
    return answer_by_bits(in, bits, "messages", &c);
}

static enum answer validate(struct inspection *in)
{
    side_validator *judge = is_udp(in) ? judge_signal : judge_messages;
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.transports = OVER_UDP, .size = 4, .bytes = "DLEP"},
    {.transports = OVER_TCP, .size = 6, .bytes = "\0\0\0\0\0\0", .mask = "\xff\xe0\xf0\0\xff\xc0"},
};

const struct cdpi_protocol cdpi_protocol_dlep = {
    .name = "DLEP",
    .reference = "RFC 8175 section 11",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_ROUTING,
    .tcp_ports = PORTS(854),
    .udp_ports = PORTS(854),
    SIGNATURES(signatures),
    .validate = validate,
};
