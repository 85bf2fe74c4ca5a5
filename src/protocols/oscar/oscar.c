/* SPDX-License-Identifier: MIT */
/*
 * OSCAR, of AIM and ICQ, as its publisher described it (iserverd and "On Sending Files via OSCAR"
 * keep copies): frames called FLAP,
 *
 *     '*'  channel (1)  sequence (2)  length (2)  data
 *
 * Both sides begin on channel 1 with version 1. On channel 2 data begins with a SNAC: family (2),
 * type (2), flags (2), number (4).
 *
 * Clients among themselves: "OFT2" (files) or "ODC2" (messages), a length (2), a type (2).
 */
#include "protocols/protocol.h"

enum { SIGN_ON = 1, SNAC = 2, CHANNELS = 5, SNAC_SIZE = 10, LENGTH_LIMIT = 8192 };
enum { FAMILIES = 0x30, TYPES = 0x40 };

struct frame {
    uint8_t channel;
    uint16_t sequence, length;
};

static bool frame_read(struct cursor *c, struct frame *f)
{
    uint8_t mark = cursor_u8(c);
    f->channel = cursor_u8(c);
    f->sequence = cursor_u16(c);
    f->length = cursor_u16(c);
    return c->ran_short ||
           (mark == '*' && f->channel > 0 && f->channel <= CHANNELS && f->length <= LENGTH_LIMIT);
}

static bool is_snac(struct cursor c)
{
    uint16_t family = cursor_u16(&c), type = cursor_u16(&c);
    return family > 0 && family < FAMILIES && type > 0 && type < TYPES;
}

/* In the middle of a session: a frame, and one that follows it in sequence. */
static enum answer judge_later(struct inspection *in, struct cursor c, const struct frame *first)
{
    struct frame next;
    if (first->channel != SNAC || first->length < SNAC_SIZE)
        return NO;
    if (cursor_left(&c) >= 4 && !is_snac(c))
        return NO;
    if (!cursor_skip(&c, first->length) || cursor_at_end(&c) || cursor_left(&c) < 6) {
        bool is_whole = in->is_final && cursor_at_end(&c) && !c.ran_short;
        c.at = c.size;
        return is_whole ? likely(in, "a frame", &c) : short_of(in, &c);
    }
    if (!frame_read(&c, &next) || next.sequence != (uint16_t)(first->sequence + 1))
        return NO;
    return yes(in, "two frames", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct frame first;
    if (cursor_peek(&c, 0) != '*' || !frame_read(&c, &first))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (first.channel != SIGN_ON)
        return judge_later(in, c, &first);
    uint32_t version = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return version == 1 && first.length >= 4 ? yes(in, "sign-on", &c) : NO;
}

enum { FILE_HEADER = 256, MESSAGE_HEADER = 76, MESSAGE = 1 };

static enum answer judge_direct(struct inspection *in, struct cursor c)
{
    bool is_file = cursor_may_start_with(&c, "OFT2");
    if (!is_file && !cursor_may_start_with(&c, "ODC2"))
        return NO;
    cursor_skip(&c, 4);
    uint16_t length = cursor_u16(&c), type = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    /* Files: an act (1, 2) and what of it (1 to 7). */
    bool fits = is_file ? length == FILE_HEADER && (type >> 8 == 1 || type >> 8 == 2) &&
                              (type & 0xff) > 0 && (type & 0xff) <= 7
                        : length == MESSAGE_HEADER && type == MESSAGE;
    return fits ? yes(in, "direct connection", &c) : NO;
}

static enum answer judge_any(struct inspection *in, struct cursor c)
{
    return cursor_peek(&c, 0) == 'O' ? judge_direct(in, c) : judge(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge_any, judge_any);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "OFT2"),
    SIGNATURE(0, "ODC2"),
    SIGNATURE_MASKED(0, "*\1\0\0\0\0\0\0\0\1", "\xff\xff\0\0\xe0\0\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "*\2\0\0\0\0\0\0\0\0", "\xff\xff\0\0\xe0\0\xff\xc0\xff\xc0"),
};

const struct cdpi_protocol cdpi_protocol_oscar = {
    .name = "OSCAR",
    .reference = "AOL's OSCAR protocol documentation (2008): FLAP, SNAC",
    .transports = OVER_TCP,
    .category = CATEGORY_CHAT,
    .tcp_ports = PORTS(5190),
    SIGNATURES(signatures),
    .validate = validate,
};
