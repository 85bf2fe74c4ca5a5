/* SPDX-License-Identifier: MIT */
/*
 * iQIYI's peers, who speak what was PPStream's protocol. As seen in recorded traffic, UDP:
 *
 *     kind (1: 0x1c asks, 0x9c answers)  flags (1)  size (2, little-endian, the datagram's)  ...
 *     at 24: an id of 16 bytes, which the answer brings back
 *
 * The question names the application: "PPStream".
 */
#include "protocols/protocol.h"

enum { ASKS = 0x1c, ANSWERS = 0x9c, ID_AT = 24, ID = 16, LEAST = 64, NAME_WITHIN = 256 };

static bool has_size(const struct inspection *in, struct cursor c, uint8_t kind)
{
    if (cursor_u8(&c) != kind)
        return false;
    cursor_skip(&c, 1);
    uint16_t size = cursor_le16(&c);
    return size >= LEAST && fills_datagram(in, &c, size);
}

static enum answer validate(struct inspection *in)
{
    struct cursor question = in->client, answer = in->server;
    if (answer.size && !has_size(in, answer, ANSWERS))
        return NO;
    if (question.size == 0)
        return wants(in, CLIENT, 1);
    if (!has_size(in, question, ASKS) || cursor_find_text(&question, "PPStream", NAME_WITHIN) < 0)
        return NO;
    cursor_seek(&question, ID_AT);
    cursor_seek(&answer, ID_AT);
    if (in->server.size &&
        (cursor_left(&answer) < ID || !cursor_starts(&question, answer.data + answer.at, ID)))
        return NO;
    return yes(in, "PPStream", &question);
}

static const struct signature signatures[] = {
    {.offset = 0,
     .size = 1,
     .bytes = "\x1c",
     .mask = "\x7f",
     .min_size = LEAST,
     .length = {.width = 2, .offset = 2, .little_endian = true}},
};

const struct cdpi_protocol cdpi_protocol_iqiyi = {
    .name = "iQIYI",
    .reference = "as seen in recorded traffic of the application",
    .transports = OVER_UDP,
    .category = CATEGORY_STREAMING,
    SIGNATURES(signatures),
    .validate = validate,
};
