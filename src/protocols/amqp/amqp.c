/* SPDX-License-Identifier: MIT */
/*
 * AMQP. All versions begin with "AMQP" and four bytes: 0-8 to 0-10 and 0-9-1 (AMQP 0-9-1
 * specification, section 4.2.2), 1.0 (OASIS, part 2.2), where the first says SASL (3) or TLS (2).
 * 0-9-1 goes on with frames: type(1) channel(2) size(4) payload ce; 1.0 with size(4) offset(1)
 * type(1) channel(2).
 */
#include "protocols/protocol.h"

enum {
    FRAME_END = 0xce,
    METHOD = 1,
    FRAME_LIMIT = 1 << 17,
    FRAME_BITS = 22,
    NAMED_BITS = 42,
    HEADER = 2,
    HEARTBEAT = 8,
    EMPTY_ENOUGH = 4 * 8 /* of 1.0's frames that keep a connection open */
};

static bool is_version(struct cursor c)
{
    uint8_t first = cursor_u8(&c), second = cursor_u8(&c), third = cursor_u8(&c),
            fourth = cursor_u8(&c);
    if (c.ran_short)
        return true;
    bool is_one = first <= 3 && second == 1 && third == 0 && fourth == 0;
    bool is_zero = first == 0 && second == 0 && third == 9 && fourth <= 1;
    bool is_old = first == 1 && second == 1 && (third == 0 || third == 8 || third == 9) &&
                  (fourth <= 1 || fourth == 9 || fourth == 10);
    return is_one || is_zero || is_old;
}

/* 0-9-1 section 1.3: classes 10 (connection) to 90 (transactions), methods up to 120. A header
 * frame (section 4.2.6.1) names a class, and a weight of zero. */
static bool names_class(struct cursor body, uint8_t type)
{
    uint16_t class = cursor_u16(&body), method = cursor_u16(&body);
    bool is_class = (class >= 10 && class <= 90 && class % 10 == 0) || class == 85;
    return !body.ran_short && is_class &&
           (type == HEADER ? method == 0 : method > 0 && method <= 120);
}

/* Frames of 0-9-1, each with its end; those that are not all there wait. */
static enum answer judge_frames(struct inspection *in, struct cursor c)
{
    unsigned bits = 0;
    while (bits < BITS_FOR_YES && !cursor_at_end(&c)) {
        uint8_t type = cursor_u8(&c);
        cursor_skip(&c, 2);
        uint32_t size = cursor_u32(&c);
        bool is_known = (type >= 1 && type <= 3) || type == 8;
        if (!is_known || size > FRAME_LIMIT || (type == 8 && size != 0))
            return NO;
        struct cursor body = c;
        cursor_skip(&c, size);
        uint8_t end = cursor_u8(&c);
        if (c.ran_short && !bits && type == METHOD && names_class(body, type))
            return likely_at_end(in, "frame that is cut", &c);
        if (c.ran_short)
            break;
        if (end != FRAME_END)
            return NO;
        if (type == METHOD || type == HEADER)
            bits += names_class(body, type) ? NAMED_BITS : FRAME_BITS;
        else
            bits += type == HEARTBEAT ? BITS_FOR_LIKELY : FRAME_BITS;
    }
    return answer_by_bits(in, bits, "frames", &c);
}

/* connection.start: class 10, method 10, version 0 9. */
static enum answer judge_start(struct inspection *in, struct cursor c)
{
    struct cursor start = c;
    uint8_t type = cursor_u8(&c);
    uint16_t channel = cursor_u16(&c);
    uint32_t size = cursor_u32(&c);
    uint32_t method = cursor_u32(&c);
    uint16_t version = cursor_u16(&c);
    if (c.ran_short)
        return type == METHOD && channel == 0 ? short_of(in, &c) : judge_frames(in, start);
    if (type == METHOD && channel == 0 && method == 0x000a000a && version <= 9 &&
        size < FRAME_LIMIT)
        return yes(in, "connection.start", &c);
    return judge_frames(in, start);
}

/* 1.0, part 2 section 2.3: size(4) offset(1) = 2 type(1) channel(2), then a performative, a
 * described type with a small code: 00 53 code. Empty frames keep the connection open (section
 * 2.4.5). */
static enum answer judge_frame_1_0(struct inspection *in, struct cursor c)
{
    while (c.at < EMPTY_ENOUGH && cursor_accept_text(&c, "\0\0\0\x08\2\0\0\0")) {
        if (cursor_at_end(&c) || c.at == EMPTY_ENOUGH)
            return likely(in, "empty frame", &c);
    }
    uint32_t size = cursor_u32(&c);
    uint8_t offset = cursor_u8(&c), type = cursor_u8(&c);
    uint16_t channel = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size < 8 + 3 || size > FRAME_LIMIT || offset != 2 || type > 1 || channel > 0xff)
        return NO;
    uint16_t described = cursor_u16(&c);
    uint8_t code = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_code = type == 0 ? code >= 0x10 && code <= 0x18 : code >= 0x40 && code <= 0x44;
    return described == 0x0053 && is_code ? yes(in, "performative", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) == 0)
        return judge_frame_1_0(in, c);
    if (!cursor_may_start_with(&c, "AMQP"))
        return judge_start(in, c);
    if (!cursor_accept_text(&c, "AMQP"))
        return short_of(in, &c);
    if (!is_version(c))
        return NO;
    return cursor_skip(&c, 4) ? yes(in, "protocol header", &c) : short_of(in, &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "AMQP"),
    SIGNATURE_MASKED(0, "\x01\0\0\0\0\0\0\0\x0a\0\x0a", "\xff\xff\xff\xff\xfe\0\0\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x01\0\0\0\0\0\0\0", "\xff\xf8\0\xff\xfe\0\0\xff"),
    SIGNATURE(0, "\x08\0\0\0\0\0\0\xce"),
    SIGNATURE_MASKED(0, "\x01\0\0\0\0\0\0\0\0\0\0", "\xff\xf8\0\xff\xfe\0\0\xff\x80\xff\x80"),
    SIGNATURE_MASKED(0, "\x02\0\0\0\0\0\0\0\x3c\0\0", "\xff\xf8\0\xff\xfe\0\0\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\0\0\0\0\x02\0\0", "\xff\xfe\0\0\xff\xfe\xff"),
};

const struct cdpi_protocol cdpi_protocol_amqp = {
    .name = "AMQP",
    .reference = "AMQP 0-9-1 section 4.2, OASIS AMQP 1.0 part 2, AMQP 0-10 section 4",
    .transports = OVER_TCP,
    .category = CATEGORY_MESSAGING,
    .tcp_ports = PORTS(5672),
    SIGNATURES(signatures),
    .validate = validate,
};
