/* SPDX-License-Identifier: MIT */
/*
 * njRAT (Bladabindi), as analysts' reports describe it (Fidelis, threat advisory 1009, 2013): the
 * victim's first message is
 *
 *     digits 0 "ll" separator campaign separator ...
 *
 * where the digits are the size of what follows and the separator is usually |'|'|; before 0.7
 * there are no digits.
 */
#include "protocols/protocol.h"

enum { DIGITS = 5 };

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    int digits = 0;
    while (digits < DIGITS && cursor_peek(&c, 0) >= '0' && cursor_peek(&c, 0) <= '9') {
        cursor_skip(&c, 1);
        digits++;
    }
    if (cursor_at_end(&c))
        return short_of(in, &c);
    if (digits > 0 && cursor_u8(&c) != 0)
        return NO;
    if (!cursor_may_start_with(&c, "ll|'|'|"))
        return NO;
    return cursor_accept_text(&c, "ll|'|'|") ? yes(in, "log-on of a victim", &c) : short_of(in, &c);
}

/* Commands have the same shape. */
static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, NULL);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "ll|'|'|"),
    SIGNATURE(2, "\0ll|'|'|"),
    SIGNATURE(3, "\0ll|'|'|"),
    SIGNATURE(4, "\0ll|'|'|"),
};

const struct cdpi_protocol cdpi_protocol_njrat = {
    .name = "njRAT",
    .reference = "Fidelis Threat Advisory 1009, njRAT Uncovered (2013)",
    .transports = OVER_TCP,
    .category = CATEGORY_MALWARE,
    SIGNATURES(signatures),
    .validate = validate,
};
