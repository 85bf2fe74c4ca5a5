/* SPDX-License-Identifier: MIT */
/*
 * gRPC over HTTP/2 without TLS ("gRPC over HTTP2", requests): HEADERS with the content type
 * application/grpc. HPACK (RFC 7541 section 6.2) names content-type by its static index 31 and
 * writes the value as it is, or in Huffman's code, of which "application/grpc" fills 88 bits to the
 * last. A connection's first request cannot have it in the dynamic table.
 */
#include "framing/http2.h"
#include "protocols/protocol.h"

enum { FRAMES = 12 };

#define HUFFMAN_TYPE "\x1d\x75\xd0\x62\x0d\x26\x3d\x4c\x4d\x65\x64"
#define PLAIN_TYPE "application/grpc"

/* The value of a content type stands behind its length. */
static bool has_type(struct cursor headers)
{
    return cursor_find_text(&headers, HUFFMAN_TYPE, HTTP2_FRAME_LIMIT) >= 2 ||
           cursor_find_text(&headers, PLAIN_TYPE, HTTP2_FRAME_LIMIT) >= 2;
}

/* Length-prefixed messages: compressed or not (1), size (4); here one that fills its DATA frame, as
 * most do. */
static bool is_message(const struct http2_frame *frame, struct cursor payload)
{
    uint8_t compressed = cursor_u8(&payload);
    uint32_t size = cursor_u32(&payload);
    return frame->type == HTTP2_DATA && frame->length > 5 && compressed <= 1 &&
           size == frame->length - 5;
}

/* HEADERS among the first frames; of a connection joined late, its messages. */
static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, HTTP2_PREFACE) && cursor_may_start_with(&c, HTTP2_PREFACE))
        return short_of(in, &c);
    bool is_late = false;
    for (unsigned i = 0; i < FRAMES; i++) {
        struct http2_frame frame = http2_frame(&c);
        if (c.ran_short)
            return MORE;
        if (!http2_is_frame(&frame))
            return NO;
        is_late |= i == 0 && (frame.type != HTTP2_SETTINGS || frame.flags & HTTP2_ACK);
        /* Of headers that are not all there the type may be. */
        bool is_whole = frame.length <= cursor_left(&c);
        struct cursor payload = cursor_take(&c, is_whole ? frame.length : cursor_left(&c));
        if (frame.type == HTTP2_HEADERS && has_type(payload))
            return yes(in, "content type", &c);
        if (is_late && is_message(&frame, payload))
            return likely(in, "message", &c);
        if (!is_whole)
            return MORE;
    }
    return MORE;
}

/* One side that names the type, or has messages, is enough, as the other is HTTP/2. */
static enum answer validate(struct inspection *in)
{
    enum answer client = in->client.size ? judge(in, in->client) : MORE;
    enum answer server = in->server.size ? judge(in, in->server) : MORE;
    if (client == NO || server == NO)
        return NO;
    if (client >= LIKELY || server >= LIKELY)
        return client > server ? client : server;
    return in->is_final ? NO : MORE;
}

static const struct signature signatures[] = {
    SIGNATURE(0, "PRI * HTTP/2.0\r\n"),
    SIGNATURE_MASKED(0, "\0\0\0\x04\0\0\0\0\0", "\xff\xff\x00\xff\xff\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_grpc = {
    .name = "gRPC",
    .reference = "gRPC over HTTP2 (grpc/doc/PROTOCOL-HTTP2), RFC 7541 appendices A and B",
    .transports = OVER_TCP,
    .category = CATEGORY_RPC,
    .tcp_ports = PORTS(50051),
    SIGNATURES(signatures),
    .validate = validate,
    .refines = "HTTP2",
};
