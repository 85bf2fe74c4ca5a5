/* SPDX-License-Identifier: MIT */
/*
 * The Elder Scrolls Online. As seen in recorded traffic of the game: a client begins with a message
 * of two lengths, one within the other, and a name (of the player, or of the session) with its
 * length.
 *
 *     length (4)  0 1 0 1  length (4)  kind (2)  length (2)  name
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LENGTH_LIMIT = 4096, NAME_LIMIT = 64, WITHIN = 8 };

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint32_t length = cursor_u32(&c), mark = cursor_u32(&c), inner = cursor_u32(&c);
    cursor_skip(&c, 2);
    uint16_t name = cursor_u16(&c);
    struct cursor text = cursor_take(&c, name);
    if (c.size >= 8 && (mark != 0x00010001 || length > LENGTH_LIMIT))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (inner + WITHIN != length || name < 3 || name > NAME_LIMIT)
        return NO;
    while (!cursor_at_end(&text)) {
        uint8_t byte = cursor_u8(&text);
        if (byte <= ' ' || byte > '~')
            return NO;
    }
    return yes(in, "first message", &c);
}

static enum answer validate(struct inspection *in)
{
    if (in->client.size == 0)
        return wants(in, CLIENT, 1);
    /* What the server says has no structure that we know. */
    enum answer client = judge_client(in, in->client);
    return client == YES && in->server.size ? LIKELY : client;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0\0\0\0\1\0\1\0\0", "\xff\xff\xf0\0\xff\xff\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_teso = {
    .name = "TESO",
    .reference = "as seen in recorded traffic of the game",
    .transports = OVER_TCP,
    .category = CATEGORY_GAME,
    SIGNATURES(signatures),
    .validate = validate,
};
