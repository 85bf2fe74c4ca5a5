/* SPDX-License-Identifier: MIT */
/*
 * Alibaba Cloud's security agent. As seen in recorded traffic: records, little-endian,
 *
 *     0xbabeface (4)  length (4)  body, encrypted
 */
#include "protocols/protocol.h"

enum { HEADER = 8, LENGTH_LIMIT = 64 << 10 };

/* Two records, or what else has arrived of them. */
static enum answer judge_records(struct inspection *in, struct cursor c)
{
    struct cursor first = c;
    for (int i = 0; i < 2; i++) {
        if (!cursor_may_start_with(&c, "\xce\xfa\xbe\xba"))
            return NO;
        cursor_skip(&c, 4);
        uint32_t length = cursor_le32(&c);
        if (c.ran_short && i == 0)
            return short_of(in, &c);
        if (c.ran_short)
            break;
        if (length == 0 || length > LENGTH_LIMIT || length % 8)
            return NO;
        if (i == 0)
            first = c;
        if (i == 1)
            return yes(in, "records", &c);
        if (!cursor_skip(&c, length))
            break;
    }
    return both_spoke(in) ? yes(in, "record", &first) : likely(in, "record", &first);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_records, judge_records);
}

static const struct signature signatures[] = {SIGNATURE(0, "\xce\xfa\xbe\xba")};

const struct cdpi_protocol cdpi_protocol_alicloud = {
    .name = "AliCloud",
    .reference = "as seen in recorded traffic of the agent",
    .transports = OVER_TCP,
    .category = CATEGORY_SECURITY,
    .is_encrypted = true,
    SIGNATURES(signatures),
    .validate = validate,
};
