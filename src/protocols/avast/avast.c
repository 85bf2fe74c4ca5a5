/* SPDX-License-Identifier: MIT */
/*
 * Avast's link to its servers. As seen in recorded traffic:
 *
 *     "NOSA"  length (2, all counted)  1  what (1: 1 asks, 2 answers)  body
 */
#include "protocols/protocol.h"

enum { HEADER = 8, LENGTH_LIMIT = 4096, ASKS = 1, ANSWERS = 2 };

static enum answer judge(struct inspection *in, struct cursor c, uint8_t expected)
{
    if (!cursor_may_start_with(&c, "NOSA"))
        return NO;
    cursor_skip(&c, 4);
    uint16_t length = cursor_u16(&c);
    uint8_t version = cursor_u8(&c), what = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length < HEADER || length > LENGTH_LIMIT || version != 1 || what != expected)
        return NO;
    return yes(in, "header", &c);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    return judge(in, c, ASKS);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    return judge(in, c, ANSWERS);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {SIGNATURE(0, "NOSA")};

const struct cdpi_protocol cdpi_protocol_avast = {
    .name = "Avast",
    .reference = "as seen in recorded traffic",
    .transports = OVER_TCP,
    .category = CATEGORY_SECURITY,
    .is_encrypted = true,
    SIGNATURES(signatures),
    .validate = validate,
};
