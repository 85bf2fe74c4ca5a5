/* SPDX-License-Identifier: MIT */
/*
 * IAX2, RFC 5456 section 8.1: a full frame is
 *
 *     F=1, source call(2) R, destination call(2) timestamp(4) out(1) in(1) type(1) C, subclass(1)
 *
 * and, for IAX control (type 6), information elements: kind(1) size(1) value, to the end. Mini
 * frames (F=0) carry voice and say nothing.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 12,
    LAST_TYPE = 12,
    CONTROL = 6,
    LAST_SUBCLASS = 40,
    LAST_ELEMENT = 60,
    CONTROL_BITS = 22,
    VOICE_BITS = 10
};

static int count_elements(struct cursor c, bool cut)
{
    int count = 0;
    bool is_told = cursor_starts_with(&c, "\x0b\x02\0\x02"); /* the version, section 8.6.10 */
    for (; !cursor_at_end(&c); count++) {
        uint8_t kind = cursor_u8(&c), size = cursor_u8(&c);
        if (is_told && count >= 3 &&
            (c.ran_short || kind > LAST_ELEMENT)) /* padding, elements of a vendor's */
            return count;
        if (kind == 0 || kind > LAST_ELEMENT)
            return -1;
        if (c.ran_short || !cursor_skip(&c, size))
            return cut ? count : -1;
    }
    return count;
}

/* Bits of a full frame; -1 none; 0 a mini frame. */
static int weigh(const struct inspection *in, struct cursor c)
{
    uint16_t source = cursor_u16(&c);
    if (!(source & 0x8000))
        return c.size > 4 ? 0 : -1;
    uint16_t target = cursor_u16(&c);
    uint32_t time = cursor_u32(&c);
    cursor_skip(&c, 2);
    uint8_t type = cursor_u8(&c), subclass = cursor_u8(&c);
    if (c.ran_short || source == 0x8000 || type == 0 || type > LAST_TYPE || time > 86400000)
        return -1;
    if (type != CONTROL)
        return VOICE_BITS;
    int elements =
        (subclass & 0x7f) <= LAST_SUBCLASS && subclass > 0 ? count_elements(c, is_cut(in, &c)) : -1;
    if (elements < 0)
        return -1;
    /* NEW and REGREQ have no destination yet and begin a call. */
    bool begins = (target & 0x7fff) == 0;
    return CONTROL_BITS + (elements > 3 ? 12 : 4 * elements) + (begins ? 12 : 0);
}

/* Numbers of the calls that the sides chose come back. */
static bool is_one_call(const struct inspection *in)
{
    uint16_t asked = cursor_peek_u16(&in->client, 0) & 0x7fff;
    uint16_t answered = cursor_peek_u16(&in->server, 2) & 0x7fff;
    return both_spoke(in) && asked == answered && cursor_peek(&in->server, 0) & 0x80;
}

static enum answer validate(struct inspection *in)
{
    int client = in->client.size ? weigh(in, in->client) : 0;
    int server = in->server.size ? weigh(in, in->server) : 0;
    if (client < 0 || server < 0)
        return NO;
    int joint = is_one_call(in) ? 14 : 0;
    if (joint == 0) { /* any bytes could be a frame of voice */
        client -= client == VOICE_BITS ? VOICE_BITS : 0;
        server -= server == VOICE_BITS ? VOICE_BITS : 0;
    }
    enum answer answer = answer_by_sides(in, client + joint, server, "full frame");
    /* In the middle of a call the other side's frame has to bear it. */
    return answer == NO && client + server >= CONTROL_BITS ? MORE : answer;
}

static const struct signature signatures[] = {
    {.offset = 0,
     .size = 11,
     .bytes = "\x80\0\0\0\0\0\0\0\0\0\x06",
     .mask = "\x80\0\0\0\xf8\0\0\0\0\0\xff",
     .min_size = HEADER},
};

const struct cdpi_protocol cdpi_protocol_iax2 = {
    .name = "IAX2",
    .reference = "RFC 5456 section 8",
    .transports = OVER_UDP,
    .category = CATEGORY_VOICE,
    .udp_ports = PORTS(4569),
    SIGNATURES(signatures),
    .validate = validate,
};
