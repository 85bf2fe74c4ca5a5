/* SPDX-License-Identifier: MIT */
/*
 * NSQ (NSQ's TCP protocol specification): the client begins with "  V2" (nsqd to nsqlookupd: "
 * V1"), then commands as lines; the server sends frames of size(4) type(4), 0 response, 1 error, 2
 * message.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LAST_FRAME = 2, SIZE_LIMIT = 1 << 24, WORD_LIMIT = 12 };

/* Joined behind the magic: who the client is, a size and JSON. */
static enum answer judge_identity(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "IDENTIFY\n"))
        return short_of(in, &c);
    uint32_t size = cursor_u32(&c);
    if (!c.ran_short && !cursor_may_start_with(&c, "{\""))
        return NO;
    if (c.ran_short || cursor_left(&c) < 2)
        return short_of(in, &c);
    return size >= 2 && size <= SIZE_LIMIT ? yes(in, "identity", &c) : NO;
}

/* A word in upper case that a blank or the line's end follows. */
static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (cursor_may_start_with(&c, "IDENTIFY\n") && !cursor_at_end(&c))
        return judge_identity(in, c);
    if (!cursor_may_start_with(&c, "  V"))
        return NO;
    cursor_skip(&c, 3);
    int version = cursor_u8(&c);
    if (!c.ran_short && version != '1' && version != '2')
        return NO;
    for (unsigned i = 0; i < WORD_LIMIT; i++) {
        uint8_t byte = cursor_u8(&c);
        if (c.ran_short)
            return in->is_final || !both_spoke(in) ? short_of(in, &c) : likely(in, "magic", &c);
        if (i >= 3 && (byte == ' ' || byte == '\n'))
            return yes(in, "magic and command", &c);
        if (byte < 'A' || byte > 'Z')
            return NO;
    }
    return NO;
}

/* The lookup daemon's frames have a size only: "OK" or JSON. */
static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size < 2 || size > SIZE_LIMIT)
        return NO;
    if (cursor_may_start_with(&c, "OK") || cursor_may_start_with(&c, "{\""))
        return YES;
    uint32_t type = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return type <= LAST_FRAME && size >= 6 ? YES : NO;
}

static enum answer validate(struct inspection *in)
{
    if (in->client.size == 0)
        return wants(in, CLIENT, 1);
    enum answer client = judge_client(in, in->client);
    enum answer server = in->server.size ? judge_server(in, in->server) : YES;
    return client < server ? client : server;
}

static const struct signature signatures[] = {
    SIGNATURE(0, "  V1"),
    SIGNATURE(0, "  V2"),
    SIGNATURE(0, "IDENTIFY\n"),
};

const struct cdpi_protocol cdpi_protocol_nsq = {
    .name = "NSQ",
    .reference = "NSQ: TCP Protocol Spec",
    .transports = OVER_TCP,
    .category = CATEGORY_MESSAGING,
    .tcp_ports = PORTS(4150, 4160),
    SIGNATURES(signatures),
    .validate = validate,
};
