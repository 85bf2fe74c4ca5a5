/* SPDX-License-Identifier: MIT */
/*
 * Fluentd's and Fluent Bit's forward protocol (Forward Protocol Specification v1, "Event Modes") in
 * MessagePack. The client sends an array of two to four: a tag, then time and record, or a list of
 * them, or a packed one; a server that wants a password begins with ["HELO", {...}], and the client
 * answers with ["PING", ...]. The server acknowledges with {"ack": "..."}.
 */
#include "protocols/protocol.h"

enum { EVENT_TIME = 0xd7, MAP = 0x80, ARRAY = 0x90, TAG_LIMIT = 128 };

/* A str of up to 255 bytes; an empty cursor where it is none. */
static struct cursor text(struct cursor *c)
{
    uint8_t head = cursor_u8(c);
    if (head >> 5 == 5)
        return cursor_take(c, head & 31);
    if (head == 0xd9)
        return cursor_take(c, cursor_u8(c));
    return cursor_over("", 0);
}

static bool is_tag(struct cursor tag)
{
    if (tag.size < 3 || tag.size > TAG_LIMIT)
        return false;
    while (!cursor_at_end(&tag)) {
        uint8_t byte = cursor_u8(&tag);
        bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        bool is_other = (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '-' ||
                        byte == ':' || byte == '/';
        if (!is_letter && !is_other)
            return false;
    }
    return true;
}

static bool is_map(int byte)
{
    return (byte & 0xf0) == MAP || byte == 0xde || byte == 0xdf;
}

/* Behind the tag: what it is worth, or 0. Time and record; entries that begin so; bytes of them. */
static unsigned weigh_events(struct cursor *c)
{
    uint8_t head = cursor_u8(c);
    bool is_list = (head & 0xf0) == ARRAY || head == 0xdc || head == 0xdd;
    if (is_list) { /* [[time, record], ...] */
        cursor_skip(c, head == 0xdc ? 2 : head == 0xdd ? 4 : 0);
        if (cursor_u8(c) != 0x92)
            return 0;
        head = cursor_u8(c);
    }
    bool is_packed = head == 0xc4 || head == 0xd9 || head == 0xc5 || head == 0xc6 || head == 0xdb ||
                     head == 0xda;
    if (is_packed && !is_list) {
        cursor_skip(c, head == 0xc4 || head == 0xd9 ? 1 : head == 0xc5 || head == 0xda ? 2 : 4);
        return cursor_u8(c) == 0x92 || cursor_peek(c, 0) == 0x8b ? 16 : 0;
    }
    if (head == EVENT_TIME) {
        uint8_t type = cursor_u8(c);
        cursor_skip(c, 8);
        return type == 0 && is_map(cursor_u8(c)) ? 18 : 0;
    }
    if (head != 0xce || !cursor_skip(c, 4)) /* seconds */
        return 0;
    return is_map(cursor_u8(c)) ? 10 : 0;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint8_t array = cursor_u8(&c);
    if (array < 0x92 || array > 0x96)
        return NO;
    struct cursor tag = text(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (array == 0x96 && cursor_starts_with(&tag, "PING") && tag.size == 4)
        return yes(in, "ping", &c);
    if (array > 0x94 || !is_tag(tag))
        return NO;
    unsigned worth = weigh_events(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return worth ? answer_by_bits(in, 8 + 2 * tag.size + worth, "event", &c) : NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint8_t first = cursor_u8(&c);
    if (first == 0x81) {
        if (!cursor_may_start_with(&c, "\xa3"
                                       "ack"))
            return NO;
        return cursor_skip(&c, 4) ? likely(in, "acknowledgement", &c) : short_of(in, &c);
    }
    if (first == 0x95)
        return cursor_may_start_with(&c, "\xa4PONG") ? YES : NO;
    if (first != 0x92 || !cursor_may_start_with(&c, "\xa4HELO"))
        return NO;
    return cursor_skip(&c, 5) ? yes(in, "greeting", &c) : short_of(in, &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

/* An array, a tag of 3 to 31 bytes or of a size of its own. */
static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x92\xa0", "\xfe\xe0"),
    SIGNATURE_MASKED(0, "\x94\xa0", "\xff\xe0"),
    SIGNATURE_MASKED(0, "\x92\xd9", "\xfe\xff"),
    SIGNATURE(0, "\x94\xd9"),
    SIGNATURE(0, "\x96\xa4PING"),
    SIGNATURE(0, "\x92\xa4HELO"),
    SIGNATURE(0, "\x81\xa3"
                 "ack"),
};

const struct cdpi_protocol cdpi_protocol_fluentd = {
    .name = "Fluentd",
    .reference = "Fluentd: Forward Protocol Specification v1",
    .transports = OVER_TCP,
    .category = CATEGORY_MANAGEMENT,
    .tcp_ports = PORTS(24224),
    SIGNATURES(signatures),
    .validate = validate,
};
