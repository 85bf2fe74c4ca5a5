/* SPDX-License-Identifier: MIT */
/*
 * TNS, Oracle's database. No public specification; as clients and listeners of versions 8 to 21
 * write it:
 *
 *     size(2) 0(2) type(1) 0 or flags(1) 0(2) ...
 *     size(4)      type(1) flags(1)      0(2) ...      newer ones, after connecting
 *
 * Connect (1) has two versions and, where it says, a text that begins with "("; accept (2) a
 * version; refuse (4) and redirect (5) a text; resend (11) nothing.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 8,
    CONNECT = 1,
    ACCEPT = 2,
    REFUSE = 4,
    REDIRECT = 5,
    DATA = 6,
    RESEND = 11,
    HEAD_LIMIT = 4096,
    END_OF_FILE = 0x40,
    MARKER = 12,
    MARKER_SIZE = 11,
    FIRST_VERSION = 300,
    LAST_VERSION = 350,
    TEXT_WITHIN = 24
};

static bool is_version(uint16_t version)
{
    return version >= FIRST_VERSION && version <= LAST_VERSION;
}

/* Versions, options, SDU, TDU, characteristics, turnaround, one, then the text's size and
 * offset. */
static enum answer judge_connect(struct inspection *in, struct cursor c, uint16_t size)
{
    uint16_t version = cursor_u16(&c), compatible = cursor_u16(&c);
    cursor_skip(&c, 12);
    uint16_t text = cursor_u16(&c), offset = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (!is_version(version) || !is_version(compatible) || compatible > version)
        return NO;
    if (offset < 26 || offset > 256 || (offset + text != size && text < 200))
        return NO; /* long texts come in a packet of their own */
    return yes(in, "connect", &c);
}

static enum answer judge_accept(struct inspection *in, struct cursor c)
{
    uint16_t version = cursor_u16(&c);
    cursor_skip(&c, 2);
    uint16_t unit = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return is_version(version) && (unit >= 512 || unit == 0) ? yes(in, "accept", &c) : NO;
}

static enum answer judge_text(struct inspection *in, struct cursor c, uint16_t size)
{
    uint32_t room = size - (uint32_t)HEADER;
    int32_t text = cursor_find(&c, '(', TEXT_WITHIN);
    if (text < 0)
        return cursor_left(&c) >= room || cursor_left(&c) >= TEXT_WITHIN ? NO : short_of(in, &c);
    cursor_skip(&c, (uint32_t)text + 1);
    uint8_t letter = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return letter >= 'A' && letter <= 'Z' ? yes(in, "text", &c) : NO;
}

/* What data begin with once connected: protocol and types are agreed upon (1, 2), calls and their
 * parameters, errors, rows, states, what goes along, the end of a response (29), tokens (33, 34).
 */
static bool is_code(int code)
{
    return (code >= 1 && code <= 29 && code != 5 && code != 10) || code == 33 || code == 34;
}

/* Whether a packet's bits of data flags are some: tokens, confirmation, more, end, urgent; the end
 * of a request or response. */
static bool are_flags(uint16_t flags)
{
    return (flags & ~0x2be7u) == 0;
}

/* A break or a reset: one, zero, which. */
static enum answer judge_marker(struct inspection *in, struct cursor c, uint16_t size)
{
    uint8_t kind = cursor_u8(&c), zero = cursor_u8(&c), which = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return size == MARKER_SIZE && kind == 1 && zero == 0 && which >= 1 && which <= 3
               ? yes(in, "marker", &c)
               : NO;
}

/* Network services' negotiation stands first in the data: flags(2), de ad be ef. */
static enum answer judge_data(struct inspection *in, struct cursor c, uint32_t size)
{
    uint16_t flags = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_end = size == HEADER + 2 && flags == END_OF_FILE;
    if (cursor_at_end(&c) && !is_end)
        return short_of(in, &c);
    if (is_end || (size > HEADER + 2 && size <= HEAD_LIMIT && are_flags(flags) &&
                   is_code(cursor_peek(&c, 0)))) {
        if (c.size < size)
            return in->is_final ? NO : wants(in, (enum side)c.side, size);
        /* Another packet, or nothing more. */
        int next = cursor_peek(&c, size - c.at + 4u);
        return c.size == size || next == DATA || next == MARKER ? likely(in, "data", &c) : NO;
    }
    if (!cursor_may_start_with(&c, "\xde\xad\xbe\xef"))
        return NO;
    return cursor_skip(&c, 4) ? yes(in, "services", &c) : short_of(in, &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint16_t size = cursor_u16(&c), zero = cursor_u16(&c);
    uint8_t type = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint16_t check = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (check != 0 || (type == DATA && size != 0 && zero != 0) ||
        (type != DATA && (zero != 0 || size < HEADER)))
        return NO;
    switch (type) {
    case CONNECT:
        return judge_connect(in, c, size);
    case ACCEPT:
        return judge_accept(in, c);
    case REFUSE:
    case REDIRECT:
        return judge_text(in, c, size);
    case DATA:
        return judge_data(in, c, size ? size : zero);
    case MARKER:
        return judge_marker(in, c, size);
    case RESEND:
        return size == HEADER ? yes(in, "resend", &c) : NO;
    default:
        return NO;
    }
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.offset = 2, .size = 6, .bytes = "\0\0\x01\0\0\0", .mask = "\xff\xff\xff\0\xff\xff"},
    {.offset = 2, .size = 6, .bytes = "\0\0\x02\0\0\0", .mask = "\xff\xff\xff\0\xff\xff"},
    {.offset = 2, .size = 6, .bytes = "\0\0\x04\0\0\0", .mask = "\xff\xff\xfe\0\xff\xff"},
    {.offset = 2, .size = 6, .bytes = "\0\0\x0b\0\0\0", .mask = "\xff\xff\xff\0\xff\xff"},
    {.offset = 2, .size = 6, .bytes = "\0\0\x06\0\0\0"},
    {.size = 8, .bytes = "\0\0\0\0\x06\0\0\0", .mask = "\xff\xff\xf0\0\xff\xff\xff\xff"},
    {.size = 8, .bytes = "\0\x0b\0\0\x0c\0\0\0"},
    {.offset = 4,
     .size = 10,
     .bytes = "\x06\0\0\0\0\0\xde\xad\xbe\xef",
     .mask = "\xff\0\xff\xff\0\0\xff\xff\xff\xff"},
};

const struct cdpi_protocol cdpi_protocol_tns = {
    .name = "TNS",
    .reference = "no public one; Oracle's clients and listeners",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(1521),
    SIGNATURES(signatures),
    .validate = validate,
};
