/* SPDX-License-Identifier: MIT */
#include "x.h"

#define HELLO "\x05\0\0\0\x0b\x08\x05\x1a\0"
enum { HELLO_SIZE = 9, FIRST_BYTES = 5, CLIENT_TYPES = 50, LENGTHS = 1 << 24 };

bool mysql_may_be_x(const struct cursor *server)
{
    return server->size > 0 && cursor_may_start(server, HELLO, FIRST_BYTES);
}

enum answer mysql_judge_x(struct inspection *in)
{
    struct cursor hello = in->server, c = in->client;
    if (!cursor_may_start(&hello, HELLO, HELLO_SIZE))
        return NO;
    if (!cursor_skip(&hello, HELLO_SIZE))
        return short_of(in, &hello);
    uint32_t length = cursor_le32(&c);
    uint8_t type = cursor_u8(&c);
    if (c.size > 0 && c.ran_short)
        return short_of(in, &c);
    bool is_client = length > 0 && length < LENGTHS && type > 0 && type < CLIENT_TYPES;
    return c.size == 0 || is_client ? yes(in, "hello of the X protocol", &hello) : NO;
}
