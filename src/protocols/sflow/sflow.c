/* SPDX-License-Identifier: MIT */
/*
 * sFlow 5, sflow.org "sFlow version 5" section 5 (and 2, 4 before it, RFC 3176):
 *
 *     version(4) address type(4) = 1 | 2, address(4 | 16) sub-agent(4) sequence(4) uptime(4)
 *     samples(4), each: kind(4) size(4) ...
 *
 * Version 4 has no sub-agent, and samples without sizes.
 */
#include "protocols/protocol.h"

enum { VERSION_4 = 4, VERSION_5 = 5, SAMPLES_LIMIT = 128, KINDS = 4, KIND_LIMIT = 64 };

static bool samples_fit(struct inspection *in, struct cursor c, uint32_t samples)
{
    for (uint32_t i = 0; i < samples; i++) {
        uint32_t kind = cursor_u32(&c), size = cursor_u32(&c);
        if (c.ran_short)
            return is_cut(in, &c);
        bool is_standard = kind >> 12 == 0 && kind >= 1 && kind <= KINDS + 1;
        bool is_other = kind >> 12 != 0 && (kind & 0xfff) <= KIND_LIMIT;
        if ((!is_standard && !is_other) || size % 4 || !(cursor_skip(&c, size) || is_cut(in, &c)))
            return false;
    }
    return cursor_at_end(&c) || is_cut(in, &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint32_t version = cursor_u32(&c), type = cursor_u32(&c);
    if (type < 1 || type > 2 || !cursor_skip(&c, type == 1 ? 4 : 16))
        return NO;
    if (version == VERSION_5)
        cursor_skip(&c, 4);
    cursor_skip(&c, 8);
    uint32_t samples = cursor_u32(&c);
    if (c.ran_short || samples > SAMPLES_LIMIT || (samples == 0 && !cursor_at_end(&c)))
        return NO;
    if (version == VERSION_5)
        return samples_fit(in, c, samples) ? yes(in, "samples", &c) : NO;
    uint32_t kind = cursor_peek_u32(&c, 0);
    bool is_old = version == VERSION_4 || version == 2;
    return is_old && samples > 0 && kind >= 1 && kind <= 2 ? likely(in, "samples of before", &c)
                                                           : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 8, .bytes = "\0\0\0\x05\0\0\0\x01", .min_size = 28},
    {.size = 8, .bytes = "\0\0\0\x05\0\0\0\x02", .min_size = 40},
    {.size = 8, .bytes = "\0\0\0\x04\0\0\0\x01", .min_size = 28},
    {.size = 8, .bytes = "\0\0\0\x02\0\0\0\x01", .min_size = 28},
};

const struct cdpi_protocol cdpi_protocol_sflow = {
    .name = "sFlow",
    .reference = "sflow.org: sFlow version 5, section 5; RFC 3176 section 4",
    .transports = OVER_UDP,
    .category = CATEGORY_MANAGEMENT,
    .is_one_sided = true,
    .udp_ports = PORTS(6343),
    SIGNATURES(signatures),
    .validate = validate,
};
