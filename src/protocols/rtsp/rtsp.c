/* SPDX-License-Identifier: MIT */
/*
 * RTSP 1.0 and 2.0, RFC 2326 sections 6 and 7, RFC 7826 sections 7 and 8: a request line or a
 * status line. A server may send requests too. Media may come interleaved (RFC 2326 section 10.12):
 *
 *     '$', channel, length (16), packet           here RTP or RTCP, version 2
 *
 * Joined late, a chain of these is likely.
 */
#include "framing/sdp.h"
#include "framing/start_line.h"
#include "protocols/protocol.h"

enum { FRAMES_WANTED = 2, RTP_HEADER = 12 };

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

/* "client_port=4588-4589": RTP there, RTCP on the next (RFC 7826 section 18.54, RFC 2326
 * section 12.39). */
static void announce_ports(struct follow *f, struct cursor line, const char *name, uint32_t size,
                           enum announced_at at)
{
    uint32_t port = 0;
    int32_t found = cursor_find_bytes(&line, name, size, 1024);
    if (found < 0)
        return;
    cursor_skip(&line, (uint32_t)found + size);
    if (text_digits(&line, 5, &port) == 0 || port == 0 || port >= 65535)
        return;
    struct announcement *rtp = announce(f, "RTP", OVER_UDP, (uint16_t)port);
    struct announcement *rtcp = announce(f, "RTCP", OVER_UDP, (uint16_t)(port + 1));
    if (rtp && rtcp)
        rtp->at = rtcp->at = (uint8_t)at;
}

/* "multicast;destination=239.1.2.3;port=5000-5001". */
static void announce_group(struct follow *f, struct cursor line)
{
    uint8_t group[16] = {0};
    int32_t found = cursor_find_text(&line, "destination=", 1024);
    struct cursor address = line;
    if (found < 0)
        return;
    cursor_skip(&address, (uint32_t)found + 12);
    if (!sdp_ipv4(&address, group) || group[0] >> 4 != 14)
        return;
    uint32_t before = f->announced_count;
    announce_ports(f, line, ";port=", 6, AT_ADDRESS);
    for (uint32_t i = before; i < f->announced_count; i++)
        memcpy(f->announced[i].address, group, 16);
}

static enum follow_answer follow(struct follow *f, struct cursor *payload)
{
    struct cursor line;
    while (text_line(payload, 1024, &line) == LINE_WHOLE) {
        if (payload->side != SERVER || !text_has(line, "transport:"))
            continue;
        announce_ports(f, line, "client_port=", 12, AT_CLIENT);
        announce_ports(f, line, "server_port=", 12, AT_SERVER);
        announce_group(f, line);
    }
    return FOLLOW_ON;
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
    .follow = follow,
};
