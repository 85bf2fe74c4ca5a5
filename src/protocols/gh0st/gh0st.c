/* SPDX-License-Identifier: MIT */
/*
 * Gh0st, a remote access trojan whose source is public; analysts' reports (Norman, "The many faces
 * of Gh0st Rat", 2012) describe its packets, both ways:
 *
 *     "Gh0st" size(4) of the whole, size(4) of what is compressed, zlib data (78 9c)
 *
 * low byte first. Its many relatives change the five letters.
 */
#include "protocols/protocol.h"

enum { HEADER = 13, MOST = 0x1000000 };

static bool is_text(struct cursor c)
{
    for (int i = 0; i < 5; i++) {
        uint8_t letter = cursor_u8(&c);
        bool is_sound = letter > ' ' && letter <= '~';
        if (!c.ran_short && !is_sound)
            return false;
    }
    return true;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    bool is_named = cursor_starts_with(&c, "Gh0st");
    if (!is_text(c))
        return NO;
    cursor_skip(&c, 5);
    uint32_t size = cursor_le32(&c), plain = cursor_le32(&c);
    if (!c.ran_short && (size < HEADER + 8 || size > MOST || plain == 0 || plain > MOST))
        return NO;
    uint8_t method = cursor_u8(&c), level = cursor_u8(&c);
    if (c.ran_short) /* the size's highest byte, which is zero, is there */
        return is_named && c.size >= 9 ? likely_at_end(in, "packet", &c) : short_of(in, &c);
    if (method != 0x78 || level != 0x9c)
        return NO;
    return is_named ? yes(in, "packet", &c) : likely(in, "packet of a relative", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "Gh0st"),
    SIGNATURE_MASKED(8, "\0\0\0\0\0\x78\x9c", "\xff\0\0\0\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_gh0st = {
    .name = "Gh0st",
    .reference = "Norman, The many faces of Gh0st Rat (2012)",
    .transports = OVER_TCP,
    .category = CATEGORY_MALWARE,
    SIGNATURES(signatures),
    .validate = validate,
};
