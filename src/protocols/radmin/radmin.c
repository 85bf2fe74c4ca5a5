/* SPDX-License-Identifier: MIT */
/*
 * Radmin 2 and 3. No specification is public; every message seen of both sides in the open phase of
 * a connection has this head, and a sum that holds:
 *
 *     1, length of the data (32), sum of the data as little-endian 32-bit words (32), data
 */
#include "protocols/protocol.h"

enum { HEADER = 9, DATA_LIMIT = 2048 };

static uint32_t sum_words(struct cursor data)
{
    uint32_t sum = 0;
    for (unsigned i = 0; !cursor_at_end(&data); i++)
        sum += (uint32_t)cursor_u8(&data) << 8 * (i % 4);
    return sum;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t version = cursor_u8(&c);
    uint32_t length = cursor_u32(&c);
    uint32_t sum = cursor_u32(&c);
    if (version != 1)
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (length == 0 || length > DATA_LIMIT)
        return NO;
    struct cursor data = cursor_take(&c, length);
    if (data.ran_short)
        return short_of(in, &c);
    return sum != 0 && sum == sum_words(data) ? yes(in, "message with its sum", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x01\x00\x00\x00", "\xff\xff\xff\xf0")};

const struct cdpi_protocol cdpi_protocol_radmin = {
    .name = "Radmin",
    .reference = "as Radmin 3 behaves: head and sum of its messages",
    .transports = OVER_TCP,
    .category = CATEGORY_REMOTE_ACCESS,
    .tcp_ports = PORTS(4899),
    SIGNATURES(signatures),
    .validate = validate,
};
