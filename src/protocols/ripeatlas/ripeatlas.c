/* SPDX-License-Identifier: MIT */
/*
 * The scan that nDPI calls RIPE Atlas: a text with the scanned address and port, over either
 * transport, as honeypots see it daily.
 *
 *     MGLNDD_192.0.2.17_4242
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { ADDRESS_LIMIT = 46 };

static bool passes_address(struct cursor *c)
{
    int32_t end = cursor_find(c, '_', ADDRESS_LIMIT);
    if (end < 2)
        return false;
    struct cursor address = cursor_take(c, (uint32_t)end);
    while (!cursor_at_end(&address)) {
        uint8_t byte = cursor_u8(&address);
        if (!text_is_digit(byte) && byte != '.' && byte != ':' && (byte < 'a' || byte > 'f'))
            return false;
    }
    return cursor_skip(c, 1);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "MGLNDD_"))
        return NO;
    struct cursor all = c;
    if (!cursor_accept_text(&c, "MGLNDD_") ||
        (cursor_find(&c, '_', ADDRESS_LIMIT) < 0 && cursor_left(&c) < ADDRESS_LIMIT)) {
        all.at = all.size;
        return short_of(in, &all);
    }
    if (!passes_address(&c))
        return NO;
    if (cursor_at_end(&c))
        return short_of(in, &c);
    return text_digits(&c, 5, NULL) > 0 ? yes(in, "scan", &c) : NO;
}

/* Whatever is scanned says what it likes. */
static enum answer validate(struct inspection *in)
{
    if (in->client.size == 0)
        return wants(in, CLIENT, 1);
    return judge_client(in, in->client);
}

static const struct signature signatures[] = {SIGNATURE(0, "MGLNDD_")};

const struct cdpi_protocol cdpi_protocol_ripeatlas = {
    .name = "RipeAtlas",
    .reference = "as seen in recorded traffic; nDPI's name for it",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_MANAGEMENT,
    .is_one_sided = true,
    SIGNATURES(signatures),
    .validate = validate,
};
