/* SPDX-License-Identifier: MIT */
/*
 * DingTalk's first message. As seen in recorded traffic: a header of four bytes, of which the
 * second counts what follows, then fields of a tag (1), a length (2) and a value, in this order: 1,
 * a version; 2, "dk"; 3, a key of 32 bytes; 4, a number of 8.
 */
#include "protocols/protocol.h"

enum { HEADER = 4, KEY = 32, NUMBER = 8 };

static bool passes_field(struct cursor *c, uint8_t tag, uint16_t length)
{
    return cursor_u8(c) == tag && cursor_u16(c) == length && cursor_skip(c, length);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, HEADER);
    bool fits = passes_field(&c, 1, 1);
    struct cursor name = c;
    fits = fits && passes_field(&c, 2, 2);
    cursor_skip(&name, 3);
    fits = fits && passes_field(&c, 3, KEY) && passes_field(&c, 4, NUMBER);
    if (c.ran_short)
        return short_of(in, &c);
    return fits && cursor_starts_with(&name, "dk") ? yes(in, "first message", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    if (in->client.size == 0)
        return wants(in, CLIENT, 1);
    enum answer client = judge_client(in, in->client);
    return client == YES && in->server.size ? LIKELY : client;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(4, "\1\0\1\0\2\0\2dk\3\0\x20",
                     "\xff\xff\xff\0\xff\xff\xff\xff\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_dingtalk = {
    .name = "DingTalk",
    .reference = "as seen in recorded traffic of the application",
    .transports = OVER_TCP,
    .category = CATEGORY_CHAT,
    .is_encrypted = true,
    SIGNATURES(signatures),
    .validate = validate,
};
