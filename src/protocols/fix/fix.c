/* SPDX-License-Identifier: MIT */
/*
 * FIX, Financial Information eXchange (FIX 4.4 volume 1, Message format; FIXT 1.1): fields of
 * tag=value that end with 01. The first three are the version (8), the body's length (9) and the
 * message's type (35).
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { SOH = 1 };

/* "FIX.4.2", "FIXT.1.1", "FIX.5.0SP2". */
static bool is_version(struct cursor v)
{
    if (!cursor_accept_text(&v, "FIX"))
        return false;
    cursor_accept_text(&v, "T");
    return cursor_u8(&v) == '.' && text_digits(&v, 1, NULL) == 1 && cursor_u8(&v) == '.' &&
           text_digits(&v, 1, NULL) == 1;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "8=FIX"))
        return NO;
    cursor_skip(&c, 2);
    int32_t end = cursor_find(&c, SOH, 16);
    if (end < 0)
        return cursor_left(&c) >= 16                          ? NO
               : is_version(cursor_take(&c, cursor_left(&c))) ? likely_at_end(in, "version", &c)
                                                              : short_of(in, &c);
    struct cursor version = cursor_take(&c, (uint32_t)end);
    if (!is_version(version) || !cursor_may_start_with(&c, "\x01"
                                                           "9="))
        return NO;
    if (!cursor_skip(&c, 3))
        return short_of(in, &c);
    uint32_t digits = text_digits(&c, 8, NULL);
    if (cursor_at_end(&c))
        return short_of(in, &c);
    if (digits == 0 || !cursor_may_start_with(&c, "\x01"
                                                  "35="))
        return NO;
    if (!cursor_skip(&c, 4))
        return short_of(in, &c);
    return yes(in, "first fields", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "8=FIX")};

const struct cdpi_protocol cdpi_protocol_fix = {
    .name = "FIX",
    .reference = "FIX 4.4 volume 1: Message format; FIX Session Protocol",
    .transports = OVER_TCP,
    .category = CATEGORY_FINANCE,
    SIGNATURES(signatures),
    .validate = validate,
};
