/* SPDX-License-Identifier: MIT */
/*
 * RustDesk's rendezvous over UDP. No specification beside the source (hbb_common,
 * protos/rendezvous.proto): Protocol Buffers, a union of messages.
 *
 *     register_peer (6)             32 LL 0a LL id [10 serial]
 *     register_peer_response (7)    3a 00, or 3a 02 10 01
 *
 * An id has nine digits or so, or letters where its owner chose them.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { REGISTER = 0x32, RESPONSE = 0x3a, ID = 0x0a, SERIAL = 0x10, LEAST_ID = 6, MOST_ID = 16 };

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint8_t tag = cursor_u8(&c), size = cursor_u8(&c), field = cursor_u8(&c);
    uint8_t length = cursor_u8(&c);
    if (c.ran_short || tag != REGISTER || size != cursor_left(&c) + 2 || field != ID ||
        length < LEAST_ID || length > MOST_ID)
        return NO;
    uint32_t digits = text_digits(&c, length, NULL);
    if (digits != length)
        return NO;
    if (cursor_at_end(&c))
        return likely(in, "a peer registers", &c);
    if (cursor_u8(&c) != SERIAL)
        return NO;
    while (cursor_peek(&c, 0) >= 0x80)
        cursor_skip(&c, 1);
    cursor_skip(&c, 1);
    return cursor_at_end(&c) && !c.ran_short ? likely(in, "a peer registers", &c) : NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    bool is_bare = c.size == 2 && cursor_starts_with(&c, "\x3a\0");
    bool asks_key = c.size == 4 && cursor_starts_with(&c, "\x3a\x02\x10\x01");
    if (!is_bare && !asks_key)
        return NO;
    cursor_skip(&c, c.size);
    return asks_key && !both_spoke(in) ? likely(in, "answer to a registration", &c) : MORE;
}

/* The answer makes up for what a registration lacks. */
static enum answer validate(struct inspection *in)
{
    enum answer client = in->client.size ? judge_client(in, in->client) : MORE;
    enum answer server = in->server.size ? judge_server(in, in->server) : MORE;
    if (client == NO || server == NO)
        return NO;
    if (both_spoke(in))
        return answer_at(in, YES, "registration and answer", CLIENT, 0, in->client.size);
    return client > server ? client : server;
}

static const struct signature signatures[] = {
    {.size = 3, .bytes = "\x32\0\x0a", .mask = "\xff\xe0\xff", .length = {1, 1, false, 2}},
    {.size = 2, .bytes = "\x3a\0", .max_size = 2},
    {.size = 4, .bytes = "\x3a\x02\x10\x01", .max_size = 4},
};

const struct cdpi_protocol cdpi_protocol_rustdesk = {
    .name = "RustDesk",
    .reference = "no specification; RustDesk's source, hbb_common/protos/rendezvous.proto",
    .transports = OVER_UDP,
    .category = CATEGORY_REMOTE_ACCESS,
    .udp_ports = PORTS(21116),
    SIGNATURES(signatures),
    .validate = validate,
};
