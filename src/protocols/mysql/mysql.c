/* SPDX-License-Identifier: MIT */
/*
 * MySQL and MariaDB, MySQL Internals "Client/Server Protocol": packets of length(3, little-endian)
 * sequence(1). The server greets:
 *
 *     0a "8.0.36\0" thread(4) salt(8) 00 capabilities(2) set(1) status(2) capabilities(2) size(1)
 *     zeros(10; MariaDB's last four are capabilities)
 *
 * or refuses: ff code(2) text. The client answers with sequence 1: capabilities(4) largest(4)
 * set(1) zeros(23; MariaDB's last four are capabilities) name.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum {
    GREETING = 10,
    REFUSAL = 0xff,
    VERSION_LIMIT = 80,
    PACKET_LIMIT = 1024,
    PROTOCOL_41 = 0x200,
    SSL_REQUEST = 32,
    ZEROS = 19
};

static bool are_zeros(struct cursor *c, uint32_t n)
{
    while (n-- > 0) {
        if (cursor_u8(c) != 0)
            return c->ran_short;
    }
    return true;
}

/* "5.7.44", "8.0.36-0ubuntu", "5.5.5-10.11.6-MariaDB": a digit, then a dot among digits. */
static bool is_version(struct cursor v)
{
    if (text_digits(&v, 3, NULL) == 0 || cursor_u8(&v) != '.')
        return false;
    while (cursor_left(&v) > 0) {
        if (!text_is_plain(cursor_u8(&v)))
            return false;
    }
    return true;
}

static enum answer judge_greeting(struct inspection *in, struct cursor c, uint32_t end)
{
    int32_t size = cursor_find(&c, 0, VERSION_LIMIT);
    if (size < 0)
        return cursor_left(&c) < VERSION_LIMIT ? short_of(in, &c) : NO;
    struct cursor version = cursor_take(&c, (uint32_t)size);
    cursor_skip(&c, 1 + 4 + 8);
    uint8_t filler = cursor_u8(&c);
    cursor_skip(&c, 8);
    if (!is_version(version) || (!c.ran_short && filler != 0))
        return NO;
    bool sound = are_zeros(&c, 6);
    if (c.ran_short)
        return short_of(in, &c);
    return sound && c.at < end ? yes(in, "greeting", &c) : NO;
}

/* ff code(2), then '#' and a state, or text at once (before the greeting there is no state). */
static enum answer judge_refusal(struct inspection *in, struct cursor c, uint32_t end)
{
    uint16_t code = cursor_le16(&c);
    if (c.size < end)
        return short_of(in, &c);
    if (code < 1000 || code > 4200 || end - c.at < 8)
        return NO;
    while (c.at < end) {
        if (!text_is_plain(cursor_u8(&c)))
            return NO;
    }
    return yes(in, "refusal", &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint32_t length = cursor_le24(&c);
    uint8_t sequence = cursor_u8(&c), first = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length < 9 || length > PACKET_LIMIT || sequence != 0)
        return NO;
    uint32_t end = 4 + length;
    if (first == GREETING)
        return judge_greeting(in, c, end);
    return first == REFUSAL ? judge_refusal(in, c, end) : NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint32_t length = cursor_le24(&c);
    uint8_t sequence = cursor_u8(&c);
    uint16_t capabilities = cursor_le16(&c);
    cursor_skip(&c, 2 + 4 + 1);
    if (!c.ran_short && (sequence != 1 || length < SSL_REQUEST || length > PACKET_LIMIT * 4 ||
                         !(capabilities & PROTOCOL_41)))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    bool sound = are_zeros(&c, ZEROS);
    if (c.ran_short)
        return short_of(in, &c);
    return sound ? yes(in, "login", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    {.size = 5, .bytes = "\0\0\0\0\x0a", .mask = "\0\xfc\xff\xff\xff"},
    {.size = 5, .bytes = "\0\0\0\0\xff", .mask = "\0\xfc\xff\xff\xff"},
    {.offset = 1,
     .size = 16,
     .bytes = "\0\0\x01\0\x02\0\0\0\0\0\0\0\0\0\0\0",
     .mask = "\xf0\xff\xff\0\x02\0\0\0\0\0\0\0\xff\xff\xff\xff"},
};

const struct cdpi_protocol cdpi_protocol_mysql = {
    .name = "MySQL",
    .reference = "MySQL Internals Manual: Connection Phase Packets; MariaDB: Connection",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(3306),
    SIGNATURES(signatures),
    .validate = validate,
};
