/* SPDX-License-Identifier: MIT */
/*
 * DICOM's upper layer, PS3.8 section 9.3: type(1) 0 size(4), then
 *
 *     1  associate, 2 its answer: version(2) zeros(2) called(16) calling(16) zeros(32)
 *        item 10 00 size(2) name
 *     3  refused: 0 result(1) source(1) reason(1)
 *     4  data: size(4) context(1) control(1), section 9.3.5: for connections whose beginning
 *        was missed
 */
#include "protocols/protocol.h"

enum {
    ASSOCIATE = 1,
    ACCEPT = 2,
    REJECT = 3,
    DATA = 4,
    RELEASE = 5,
    ABORT = 7,
    CONTEXT_ITEM = 0x10,
    LEAST_ASSOCIATE = 68,
    SIZE_LIMIT = 1 << 28
};

/* 9.3.2: leading and trailing blanks, no control bytes, not all blanks. */
static bool is_title(struct cursor *c)
{
    bool is_named = false, is_text = true;
    for (unsigned i = 0; i < 16; i++) {
        uint8_t byte = cursor_u8(c);
        is_named |= byte > ' ';
        is_text &= (byte >= ' ' && byte < 0x7f) || byte == 0; /* zeros pad where blanks should */
    }
    return is_named && is_text;
}

static enum answer judge_associate(struct inspection *in, struct cursor c, bool is_request)
{
    uint16_t versions = cursor_u16(&c), reserved = cursor_u16(&c);
    if (!c.ran_short && (!(versions & 1) || versions > 0xff || reserved != 0))
        return NO;
    bool are_titles = is_title(&c);
    are_titles &= is_title(&c);
    cursor_skip(&c, 32);
    uint8_t item = cursor_u8(&c), zero = cursor_u8(&c);
    uint16_t size = cursor_u16(&c);
    if (c.ran_short)
        return c.at >= 10 ? likely_at_end(in, "association", &c) : short_of(in, &c);
    if (!are_titles || item != CONTEXT_ITEM || zero != 0 || size == 0 || size > 64)
        return NO;
    return yes(in, is_request ? "associate" : "associated", &c);
}

static enum answer judge_reject(struct inspection *in, struct cursor c, uint32_t size)
{
    uint8_t zero = cursor_u8(&c), result = cursor_u8(&c);
    uint8_t source = cursor_u8(&c), reason = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool fits = size == 4 && zero == 0 && result >= 1 && result <= 2 && source >= 1 &&
                source <= 3 && reason >= 1 && reason <= 10;
    return fits ? yes(in, "rejected", &c) : NO;
}

/* 9.3.5: one value that fills the message; contexts are odd; two bits of control. */
static enum answer judge_data(struct inspection *in, struct cursor c, uint32_t size)
{
    uint32_t value = cursor_u32(&c);
    uint8_t context = cursor_u8(&c), control = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (value < 3 || value + 4 != size || !(context & 1) || control > 3)
        return NO;
    return yes(in, "data", &c);
}

/* 9.3.6 to 9.3.8: a release, its answer, an abort with its source and reason. */
static enum answer judge_end(struct inspection *in, struct cursor c, uint8_t type, uint32_t size)
{
    uint16_t zeros = cursor_u16(&c);
    uint8_t source = cursor_u8(&c), reason = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_abort = type == ABORT;
    bool fits =
        size == 4 && zeros == 0 && source <= (is_abort ? 2 : 0) && reason <= (is_abort ? 6 : 0);
    return fits ? yes(in, is_abort ? "abort" : "release", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t type = cursor_u8(&c), zero = cursor_u8(&c);
    uint32_t size = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (zero != 0 || size > SIZE_LIMIT)
        return NO;
    if (type == (c.side == CLIENT ? ASSOCIATE : ACCEPT) && size >= LEAST_ASSOCIATE)
        return judge_associate(in, c, c.side == CLIENT);
    if (type == REJECT && c.side == SERVER)
        return judge_reject(in, c, size);
    if (type >= RELEASE && type <= ABORT)
        return judge_end(in, c, type, size);
    return type == DATA && in->is_midstream ? judge_data(in, c, size) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 10, .bytes = "\x01\0\0\0\0\0\0\x01\0\0", .mask = "\xff\xff\xf0\0\0\0\xff\x01\xff\xff"},
    {.size = 10, .bytes = "\x02\0\0\0\0\0\0\x01\0\0", .mask = "\xff\xff\xf0\0\0\0\xff\x01\xff\xff"},
    {.size = 7, .bytes = "\x03\0\0\0\0\x04\0"},
    {.size = 8, .bytes = "\x04\0\0\0\0\x04\0\0", .mask = "\xfc\xff\xff\xff\xff\xff\xff\xff"},
    {.size = 12,
     .bytes = "\x04\0\0\0\0\0\0\0\0\0\x01\0",
     .mask = "\xff\xff\xf0\0\0\0\xf0\0\0\0\x01\xfc"},
};

const struct cdpi_protocol cdpi_protocol_dicom = {
    .name = "DICOM",
    .reference = "DICOM PS3.8 section 9.3",
    .transports = OVER_TCP,
    .category = CATEGORY_MEDICAL,
    .tcp_ports = PORTS(104, 11112),
    SIGNATURES(signatures),
    .validate = validate,
};
