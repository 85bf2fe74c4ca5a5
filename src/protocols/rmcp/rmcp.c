/* SPDX-License-Identifier: MIT */
/*
 * RMCP, ASF 2.0 section 3.2.2: 6(1) 0(1) sequence(1) class(1), then
 *
 *     class 6, ASF: enterprise 4542(4) type(1) tag(1) 0(1) size(1) data
 *     class 7, IPMI 1.5 and 2.0 sections 13.6 and 13.8: kind of authentication(1), session
 *              numbers, size, message, whose checksums add up
 */
#include "protocols/protocol.h"

enum {
    VERSION = 6,
    CLASS_ASF = 6,
    CLASS_IPMI = 7,
    ACKNOWLEDGE = 0x80,
    ASF_ENTERPRISE = 4542,
    LAST_KIND = 5,
    KIND_PLUS = 6,
    LEAST_MESSAGE = 7,
    LAST_PAYLOAD = 0x27
};

static enum answer judge_asf(struct inspection *in, struct cursor c)
{
    uint32_t enterprise = cursor_u32(&c);
    cursor_skip(&c, 2);
    uint8_t zero = cursor_u8(&c), size = cursor_u8(&c);
    if (c.ran_short || enterprise != ASF_ENTERPRISE || zero != 0 || size > cursor_left(&c))
        return NO;
    return yes(in, "ASF", &c);
}

/* IPMI section 13.8: address, function, checksum of the two; ...; checksum of the rest. */
static bool checksums_fit(struct cursor message)
{
    uint8_t head = (uint8_t)(cursor_u8(&message) + cursor_u8(&message));
    head = (uint8_t)(head + cursor_u8(&message));
    uint8_t rest = 0;
    while (cursor_left(&message) > 0)
        rest = (uint8_t)(rest + cursor_u8(&message));
    return !message.ran_short && head == 0 && rest == 0;
}

/* Some append a byte for old network cards (section 13.6, legacy pad). */
static enum answer judge_session(struct inspection *in, struct cursor c, uint8_t kind)
{
    cursor_skip(&c, 8 + (kind ? 16u : 0));
    uint8_t size = cursor_u8(&c);
    if (c.ran_short || size < LEAST_MESSAGE || cursor_left(&c) < size ||
        cursor_left(&c) > size + 1u)
        return NO;
    return checksums_fit(cursor_take(&c, size)) ? yes(in, "IPMI message", &c) : NO;
}

/* RMCP+, section 13.6: payload's type, [enterprise, its type], session, sequence, size. */
static enum answer judge_plus(struct inspection *in, struct cursor c)
{
    uint8_t type = cursor_u8(&c) & 0x3f;
    if (type == 2)
        cursor_skip(&c, 6);
    cursor_skip(&c, 8);
    uint16_t size = cursor_le16(&c);
    if (c.ran_short || type > LAST_PAYLOAD || size > cursor_left(&c) || cursor_left(&c) - size > 64)
        return NO;
    return yes(in, "RMCP+", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t version = cursor_u8(&c), zero = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint8_t class = cursor_u8(&c);
    if (c.ran_short || version != VERSION || zero != 0)
        return NO;
    if (class & ACKNOWLEDGE && cursor_at_end(&c))
        return both_spoke(in) ? yes(in, "acknowledgement", &c)
               : class == (CLASS_ASF | ACKNOWLEDGE) || class == (CLASS_IPMI | ACKNOWLEDGE)
                   ? likely(in, "acknowledgement", &c)
                   : NO;
    if (class == CLASS_ASF)
        return judge_asf(in, c);
    if (class != CLASS_IPMI)
        return NO;
    uint8_t kind = cursor_u8(&c);
    if (kind == KIND_PLUS)
        return judge_plus(in, c);
    return kind <= LAST_KIND && kind != 3 ? judge_session(in, c, kind) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 4, .bytes = "\x06\0\0\x06", .mask = "\xff\xff\0\x7e"}};

const struct cdpi_protocol cdpi_protocol_rmcp = {
    .name = "RMCP",
    .reference = "DMTF ASF 2.0 section 3.2, IPMI 2.0 section 13",
    .transports = OVER_UDP,
    .category = CATEGORY_MANAGEMENT,
    .udp_ports = PORTS(623, 664),
    SIGNATURES(signatures),
    .validate = validate,
};
