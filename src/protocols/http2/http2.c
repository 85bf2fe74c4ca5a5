/* SPDX-License-Identifier: MIT */
/*
 * HTTP/2 without TLS, with prior knowledge: RFC 9113 section 3.4. The client begins with a fixed
 * preface, both sides' first frame is SETTINGS. Joined late, a chain of whole frames is likely.
 */
#include "framing/http2.h"
#include "protocols/protocol.h"

enum { CHAIN = 4, FRAME_SIZE = 5, FIRST_DYNAMIC = 0x80 + 62 /* RFC 7541 section 2.3.3 */ };

/* RFC 9113 section 6.5.1: pairs of identifier and value; identifiers are small, or are there to
 * test that unknown ones pass (0x?a?a). */
static bool are_settings(struct cursor settings, bool *is_telling)
{
    while (!cursor_at_end(&settings)) {
        uint16_t id = cursor_u16(&settings);
        uint32_t value = cursor_u32(&settings);
        bool is_switch = id == 2 || id == 8 || id == 9;
        bool is_known = (id >= 1 && id <= 6) || is_switch || id == 0x10;
        if (!is_known && (id & 0x0f0f) != 0x0a0a && id < 0xf000)
            return false;
        if ((is_switch && value > 1) || (id == FRAME_SIZE && value < HTTP2_FRAME_LIMIT))
            return false;
        *is_telling |= value > 0xff;
    }
    return true;
}

/* Settings that are not all there: those that are tell where nothing more will come. */
static enum answer judge_cut(struct inspection *in, struct cursor c)
{
    bool is_telling = false;
    struct cursor whole = cursor_take(&c, cursor_left(&c) / 6 * 6);
    if (!are_settings(whole, &is_telling))
        return NO;
    return is_telling || both_spoke(in) ? likely_at_end(in, "SETTINGS", &c) : short_of(in, &c);
}

static enum answer judge_settings(struct inspection *in, struct cursor c)
{
    struct http2_frame frame = http2_frame(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (frame.flags & HTTP2_ACK)
        return NO;
    if (frame.length > cursor_left(&c))
        return judge_cut(in, c);
    struct cursor settings = cursor_take(&c, frame.length);
    bool is_telling = both_spoke(in);
    if (!are_settings(settings, &is_telling))
        return NO;
    if (is_telling)
        return yes(in, "SETTINGS", &c);
    if (frame.length > 0)
        return likely(in, "SETTINGS", &c);
    /* An empty one is mostly zeros: the next frame must fit too. */
    frame = http2_frame(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_usual = frame.length ? frame.type != HTTP2_DATA : frame.type == HTTP2_SETTINGS;
    return is_usual && http2_is_frame(&frame) ? likely(in, "SETTINGS", &c) : NO;
}

/* Joined late, a side that is frames and nothing else. What the connection's own frames have fixed
 * is much; a block of headers begins with a method or a status (RFC 7541 appendix A), or with the
 * size of the table. */
static bool is_block(const struct http2_frame *frame, const struct cursor *c, bool is_client)
{
    uint32_t skip = (frame->flags & 8 ? 1u : 0) + (frame->flags & 0x20 ? 5u : 0);
    int first = cursor_peek(c, skip);
    if (first == 0x20 || first == 0x3f)
        return true;
    if (is_client && first == 0x41) /* the authority before the method, as Go has it */
        first = cursor_peek(c, skip + 2 + (uint32_t)(cursor_peek(c, skip + 1) & 0x7f));
    else if (is_client && first >= FIRST_DYNAMIC)
        first = cursor_peek(c, skip + 1);
    return is_client ? first == 0x82 || first == 0x83
                     : (first >= 0x88 && first <= 0x8e) || first == 0x48;
}

static unsigned frame_bits(const struct http2_frame *frame, const struct cursor *c, bool is_client)
{
    switch (frame->type) {
    case HTTP2_HEADERS:
        return frame->stream < 0x10000 && is_block(frame, c, is_client) ? 34 : 0;
    case HTTP2_DATA:
        return 0;
    case HTTP2_SETTINGS:
    case HTTP2_PING:
    case HTTP2_GOAWAY:
        return 34;
    case HTTP2_WINDOW_UPDATE:
    case HTTP2_RST_STREAM:
        return frame->stream < 0x10000 ? 26 : 0;
    default:
        return 0;
    }
}

static bool is_all_frames(struct cursor c)
{
    unsigned bits = 0;
    bool is_client = c.side == CLIENT;
    while (!cursor_at_end(&c)) {
        struct http2_frame frame = http2_frame(&c);
        if (c.ran_short || !http2_is_frame(&frame))
            return false;
        bits += frame_bits(&frame, &c, is_client);
        if (!cursor_skip(&c, frame.length))
            return false;
    }
    return bits >= BITS_FOR_LIKELY;
}

static enum answer judge_chain(struct inspection *in, struct cursor c)
{
    struct cursor all = c;
    if (is_all_frames(c)) {
        all.at = all.size;
        return likely(in, "frames", &all);
    }
    unsigned types = 0, empty = 0;
    for (unsigned i = 0; i < CHAIN; i++) {
        struct http2_frame frame = http2_frame(&c);
        if (c.ran_short)
            return short_of(in, &c);
        if (!http2_is_frame(&frame))
            return NO;
        types |= 1u << frame.type;
        empty += frame.length == 0 && frame.type == HTTP2_DATA;
        if (!cursor_skip(&c, frame.length))
            return short_of(in, &c);
    }
    /* Small numbers between zeros chain as well; several types do not. */
    bool is_mixed = (types & (types - 1)) != 0;
    return is_mixed && empty < 2 ? likely(in, "frames", &c) : NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    struct cursor first = c;
    struct http2_frame frame = http2_frame(&first);
    if (first.ran_short)
        return cursor_u8(&c) == 0 ? short_of(in, &first) : NO;
    if (!http2_is_frame(&frame))
        return NO;
    bool is_first = frame.type == HTTP2_SETTINGS && !(frame.flags & HTTP2_ACK);
    return is_first ? judge_settings(in, c) : judge_chain(in, c);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (cursor_accept_text(&c, HTTP2_PREFACE))
        return yes(in, "preface", &c);
    if (cursor_may_start_with(&c, HTTP2_PREFACE))
        return c.size >= 8 ? likely_at_end(in, "preface", &c) : short_of(in, &c);
    return judge_server(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "PRI * HT"),
    SIGNATURE_MASKED(0, "\0\0\0\x04\0\0\0\0\0", "\xff\xff\x00\xff\xff\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\0\0\0\0\0\0\0", "\xff\xc0\x00\xf0\xc0\xff\xf0"),
};

const struct cdpi_protocol cdpi_protocol_http2 = {
    .name = "HTTP2",
    .reference = "RFC 9113 sections 3.4, 4.1 and 6",
    .transports = OVER_TCP,
    .category = CATEGORY_WEB,
    SIGNATURES(signatures),
    .validate = validate,
};
