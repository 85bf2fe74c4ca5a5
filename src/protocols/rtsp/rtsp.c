/* SPDX-License-Identifier: MIT */
/*
 * RTSP 1.0 and 2.0, RFC 2326 sections 6 and 7, RFC 7826 sections 7 and 8: a request line or a
 * status line. A server may send requests too. Media may come interleaved (RFC 2326 section 10.12):
 *
 *     '$', channel, length (16), packet           here RTP or RTCP, version 2
 *
 * Joined late, a chain of these is likely.
 */
#include "framing/start_line.h"
#include "protocols/protocol.h"

enum { FRAMES_WANTED = 3, RTP_HEADER = 12 };

/* Frames follow each other to the end of what is there; each begins as RTP (RFC 3550 5.1). */
static enum answer judge_interleaved(struct inspection *in, struct cursor c)
{
    for (unsigned frames = 0; frames < FRAMES_WANTED; frames++) {
        if (cursor_left(&c) < 5)
            return cursor_may_start_with(&c, "$") ? short_of(in, &c) : NO;
        if (cursor_u8(&c) != '$' || cursor_u8(&c) > 15)
            return NO;
        uint16_t length = cursor_u16(&c);
        if (length < RTP_HEADER - 4 || cursor_peek(&c, 0) >> 6 != 2)
            return NO;
        if (!cursor_skip(&c, length))
            return short_of(in, &c);
    }
    return likely(in, "interleaved media", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct cursor method, uri, at_start = c;
    if (cursor_peek(&c, 0) == '$')
        return judge_interleaved(in, c);
    enum start_line line = start_line(&c, "RTSP/1.", &method, &uri);
    if (line == START_BAD)
        line = start_line(&at_start, "RTSP/2.", &method, &uri);
    switch (line) {
    case START_BAD:
        return NO;
    case START_OPEN:
        return short_of(in, &c);
    case START_STATUS:
        return yes(in, "status line", &c);
    default:
        return yes(in, "request line", &c);
    }
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "RTSP/1."),
    SIGNATURE(0, "RTSP/2."),
    SIGNATURE(0, "OPTIONS "),
    SIGNATURE(0, "DESCRIBE "),
    SIGNATURE(0, "SETUP "),
    SIGNATURE(0, "PLAY "),
    SIGNATURE(0, "PLAY_NOTIFY "),
    SIGNATURE(0, "PAUSE "),
    SIGNATURE(0, "RECORD "),
    SIGNATURE(0, "REDIRECT "),
    SIGNATURE(0, "TEARDOWN "),
    SIGNATURE(0, "ANNOUNCE "),
    SIGNATURE(0, "GET_PARAMETER "),
    SIGNATURE(0, "SET_PARAMETER "),
    SIGNATURE(0, "FLUSH "),
    SIGNATURE(0, "POST rtsp://"),
    SIGNATURE(0, "GET rtsp://"),
    SIGNATURE_MASKED(0, "$\x00\x00\x00\x80", "\xff\xf0\xf0\x00\xc0"),
};

const struct cdpi_protocol cdpi_protocol_rtsp = {
    .name = "RTSP",
    .reference = "RFC 2326 sections 6, 7 and 10.12; RFC 7826",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_STREAMING,
    .tcp_ports = PORTS(554, 8554),
    .udp_ports = PORTS(554),
    SIGNATURES(signatures),
    .validate = validate,
};
