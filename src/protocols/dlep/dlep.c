/* SPDX-License-Identifier: MIT */
/*
 * DLEP. RFC 8175 section 11: signals over UDP begin with "DLEP" type(2) length(2); messages over
 * TCP with type(2) length(2); both hold data items, type(2) length(2) value, that fill them.
 */
#include "protocols/protocol.h"

enum { LAST_SIGNAL = 2, LAST_MESSAGE = 16, LAST_ITEM = 32, MESSAGES = 8 };

/* Section 13 (and RFCs 8629 to 8757): items up to the end. -1: they do not fill it. */
static int count_items(struct cursor c)
{
    int count = 0;
    for (; !cursor_at_end(&c); count++) {
        uint16_t type = cursor_u16(&c), size = cursor_u16(&c);
        if (type == 0 || (type > LAST_ITEM && type < 65408) || !cursor_skip(&c, size))
            return -1;
    }
    return count;
}

static enum answer judge_signal(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "DLEP"))
        return NO;
    uint16_t type = cursor_u16(&c), length = cursor_u16(&c);
    if (c.ran_short || type < 1 || type > LAST_SIGNAL || length != cursor_left(&c) ||
        count_items(c) < 0)
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
        int count = count_items(items);
        if (count < 0)
            return NO;
        bits += 12 + 15 * (unsigned)count;
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
