/* SPDX-License-Identifier: MIT */
/*
 * X11, X Window System Protocol, chapter 8 "Connection setup". The client:
 *
 *     'B' or 'l', 0, major(2) = 11, minor(2) = 0, name's size(2), data's size(2), 0(2), name, data
 *
 * and the server: 0 failed, 1 success or 2 authenticate; a size or nothing; major(2), minor(2),
 * words to follow(2). The client's first byte tells the byte order of both.
 */
#include "protocols/protocol.h"

enum { MAJOR = 11, NAME_LIMIT = 64, DATA_LIMIT = 1024 };

static uint16_t u16(struct cursor *c, bool little)
{
    return little ? cursor_le16(c) : cursor_u16(c);
}

static bool is_name(struct cursor *c, uint16_t size)
{
    for (; size > 0 && cursor_left(c) > 0; size--) {
        uint8_t byte = cursor_u8(c);
        if (byte <= ' ' || byte > '~')
            return false;
    }
    return true;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "B\0") && !cursor_may_start_with(&c, "l\0"))
        return NO;
    bool little = cursor_u8(&c) == 'l';
    cursor_skip(&c, 1);
    uint16_t major = u16(&c, little), minor = u16(&c, little);
    uint16_t name = u16(&c, little), data = u16(&c, little), zero = u16(&c, little);
    if (c.ran_short)
        return short_of(in, &c);
    if (major != MAJOR || minor != 0 || name > NAME_LIMIT || data > DATA_LIMIT || zero != 0)
        return NO;
    if (cursor_left(&c) < name && !in->is_final)
        return wants(in, CLIENT, c.at + name);
    return is_name(&c, name) ? yes(in, "connection setup", &c) : NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint8_t status = cursor_u8(&c), reason = cursor_u8(&c);
    if (status > 2)
        return NO;
    struct cursor big = c;
    bool fits =
        cursor_may_start_with(&c, "\x0b\0\0\0") || cursor_may_start_with(&big, "\0\x0b\0\0");
    if (status != 2 && !fits) /* authenticate: five unused bytes */
        return NO;
    bool little = cursor_peek(&c, 0) == MAJOR;
    cursor_skip(&c, 4);
    uint16_t words = u16(&c, little);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_padded = words == (reason + 3u) / 4; /* the reason's text, to a multiple of four */
    if (words == 0 || (status == 1 && words < 8) || (status == 0 && !is_padded))
        return NO;
    if (status == 1)
        return yes(in, "connection granted", &c);
    return both_spoke(in) ? yes(in, "connection refused", &c)
                          : likely(in, "connection refused", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "B\0\0\x0b\0\0"),
    SIGNATURE(0, "l\0\x0b\0\0\0"),
    SIGNATURE_MASKED(0, "\0\0\0\x0b\0\0", "\xfe\0\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\0\0\x0b\0\0\0", "\xfe\0\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_x11 = {
    .name = "X11",
    .reference = "X Window System Protocol, version 11, chapter 8",
    .transports = OVER_TCP,
    .category = CATEGORY_REMOTE_ACCESS,
    .tcp_ports = PORTS(6000, 6001, 6010),
    SIGNATURES(signatures),
    .validate = validate,
};
