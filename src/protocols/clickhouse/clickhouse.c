/* SPDX-License-Identifier: MIT */
/*
 * ClickHouse's native protocol (ClickHouse docs: "Native protocol", Client packets, Server
 * packets): each side begins with a hello, 0, then its name, major, minor, revision; sizes and
 * numbers are varints. The client goes on with database, user, password, the server with its time
 * zone.
 */
#include "protocols/protocol.h"

enum { HELLO = 0, EXCEPTION = 2, NAME_LIMIT = 96, FIRST_REVISION = 50000, LAST_REVISION = 56000 };

static uint32_t varint(struct cursor *c)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
        uint8_t byte = cursor_u8(c);
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    return value;
}

/* A printable text; its size, or -1 where it is none. */
static int text(struct cursor *c)
{
    uint32_t size = varint(c);
    struct cursor rest = *c;
    for (uint32_t i = 0; i < size && i < NAME_LIMIT && !cursor_at_end(&rest); i++) {
        uint8_t byte = cursor_u8(&rest);
        if (byte < ' ' || byte == 0x7f)
            return -1;
    }
    if (size > NAME_LIMIT)
        return -1;
    cursor_skip(c, size);
    return (int)size;
}

static bool are_numbers(struct cursor *c)
{
    uint32_t major = varint(c), minor = varint(c), revision = varint(c);
    return c->ran_short ||
           (major < 100 && minor < 1000 && revision >= FIRST_REVISION && revision <= LAST_REVISION);
}

/* A driver may have any name: 0, its size, revision, and the texts that follow. */
static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (cursor_u8(&c) != HELLO)
        return NO;
    struct cursor after = c;
    bool is_theirs = cursor_peek(&after, 0) > 0 && cursor_skip(&after, 1) &&
                     cursor_starts_with(&after, "ClickHouse");
    int name = text(&c);
    if (name < 0 || (name < 3 && !c.ran_short))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (!are_numbers(&c) || text(&c) < 0)
        return NO;
    if (!c.ran_short && text(&c) < 0)
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    return is_theirs || name >= 5 ? yes(in, "hello", &c) : likely(in, "hello", &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint8_t type = cursor_u8(&c);
    if (type == EXCEPTION) { /* code(4), then "DB::Exception" */
        if (!cursor_skip(&c, 4))
            return short_of(in, &c);
        bool may_be = cursor_may_start_with(&c, "\x0d"
                                                "DB::Exception");
        if (!may_be)
            return NO;
        return cursor_skip(&c, 14) ? yes(in, "exception", &c) : short_of(in, &c);
    }
    if (type != HELLO || !cursor_may_start_with(&c, "\x0a"
                                                    "ClickHouse"))
        return NO;
    cursor_skip(&c, 11);
    bool fits = are_numbers(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return fits ? yes(in, "hello", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0\0\0\0", "\xff\x80\x80\x80\x80"),
    SIGNATURE(0, "\0\x0a"
                 "ClickHouse"),
    {.offset = 5,
     .size = 14,
     .bytes = "\x0d"
              "DB::Exception"},
};

const struct cdpi_protocol cdpi_protocol_clickhouse = {
    .name = "ClickHouse",
    .reference = "ClickHouse docs: Native protocol, Client and Server packets",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(9000),
    SIGNATURES(signatures),
    .validate = validate,
};
