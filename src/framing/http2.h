/* SPDX-License-Identifier: MIT */
/*
 * HTTP/2's frames, RFC 9113 section 4.1, which gRPC lies in:
 *
 *     length (24), type (8), flags (8), reserved (1) stream (31), payload
 */
#ifndef CDPI_FRAMING_HTTP2_H
#define CDPI_FRAMING_HTTP2_H

#include "core/cursor.h"

enum { HTTP2_FRAME_LIMIT = 16384 }; /* section 4.2: no longer unless the peer allowed it */

enum http2_type {
    HTTP2_DATA = 0,
    HTTP2_HEADERS,
    HTTP2_PRIORITY,
    HTTP2_RST_STREAM,
    HTTP2_SETTINGS,
    HTTP2_PUSH_PROMISE,
    HTTP2_PING,
    HTTP2_GOAWAY,
    HTTP2_WINDOW_UPDATE,
    HTTP2_CONTINUATION,
    HTTP2_ALTSVC,                /* RFC 7838 section 4 */
    HTTP2_ORIGIN = 12,           /* RFC 8336 */
    HTTP2_PRIORITY_UPDATE = 0x10 /* RFC 9218 section 7.1 */
};

enum { HTTP2_ACK = 1 };

struct http2_frame {
    uint32_t length, stream;
    uint8_t type, flags;
};

/* Section 3.4: what a client begins with. */
#define HTTP2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

static inline struct http2_frame http2_frame(struct cursor *c)
{
    struct http2_frame frame = {0};
    frame.length = cursor_u24(c);
    frame.type = cursor_u8(c);
    frame.flags = cursor_u8(c);
    frame.stream = cursor_u32(c);
    return frame;
}

/* Section 6: which lengths each type has, and which are the connection's own (stream 0). */
static inline bool http2_is_frame(const struct http2_frame *frame)
{
    bool is_own = frame->stream == 0;
    if (frame->length > HTTP2_FRAME_LIMIT || frame->stream >> 31)
        return false;
    switch (frame->type) {
    case HTTP2_DATA:
        return !is_own && (frame->flags & ~0x09) == 0;
    case HTTP2_HEADERS:
        return !is_own && (frame->flags & ~0x2d) == 0 && frame->length > 0;
    case HTTP2_PRIORITY:
        return !is_own && frame->length == 5 && frame->flags == 0;
    case HTTP2_RST_STREAM:
        return !is_own && frame->length == 4 && frame->flags == 0;
    case HTTP2_SETTINGS:
        return is_own && frame->length % 6 == 0 && frame->length <= 120 && frame->flags <= 1 &&
               (frame->flags == 0 || frame->length == 0);
    case HTTP2_PUSH_PROMISE:
        return !is_own && (frame->flags & ~0x0c) == 0 && frame->length > 4;
    case HTTP2_PING:
        return is_own && frame->length == 8 && frame->flags <= 1;
    case HTTP2_GOAWAY:
        return is_own && frame->length >= 8 && frame->flags == 0;
    case HTTP2_WINDOW_UPDATE:
        return frame->length == 4 && frame->flags == 0;
    case HTTP2_CONTINUATION:
        return !is_own && (frame->flags & ~0x04) == 0;
    case HTTP2_ALTSVC:
        return frame->length > 2 && frame->flags == 0;
    case HTTP2_ORIGIN:
        return is_own && frame->flags == 0;
    case HTTP2_PRIORITY_UPDATE:
        return is_own && frame->length >= 4 && frame->flags == 0;
    default:
        return false;
    }
}

#endif
