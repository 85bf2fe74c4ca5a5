/* SPDX-License-Identifier: MIT */
/*
 * What a session description (SDP, RFC 8866) says of its media: where they will be received. SIP
 * and RTSP carry it.
 */
#ifndef CDPI_FRAMING_SDP_H
#define CDPI_FRAMING_SDP_H

#include "framing/text.h"

struct sdp_media {
    uint8_t address[16]; /* network byte order */
    bool has_address, is_v6;
    uint16_t port, control_port; /* of RTP and of RTCP */
};

/* "192.0.2.1". */
static inline bool sdp_ipv4(struct cursor *c, uint8_t address[16])
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t part;
        if ((i && !cursor_accept_text(c, ".")) || text_digits(c, 3, &part) == 0 || part > 255)
            return false;
        address[i] = (uint8_t)part;
    }
    return true;
}

/* "2001:db8::1": groups before and after one "::". */
static inline bool sdp_ipv6(struct cursor *c, uint8_t address[16])
{
    uint16_t groups[8] = {0};
    unsigned count = 0;
    int gap = -1;
    if (cursor_accept_text(c, "::"))
        gap = 0;
    for (uint32_t value; count < 8 && text_hex(c, 4, &value) > 0;) {
        groups[count++] = (uint16_t)value;
        if (gap < 0 && cursor_accept_text(c, "::"))
            gap = (int)count;
        else if (!cursor_accept_text(c, ":"))
            break;
    }
    if (count == 0 || (gap < 0 && count != 8))
        return false;
    for (unsigned i = 0; i < count; i++) {
        unsigned at = gap >= 0 && i >= (unsigned)gap ? 8 - count + i : i;
        address[2 * at] = (uint8_t)(groups[i] >> 8);
        address[2 * at + 1] = (uint8_t)groups[i];
    }
    return true;
}

/* "c=IN IP4 192.0.2.1". */
static inline void sdp_connection(struct cursor line, struct sdp_media *media)
{
    memset(media->address, 0, sizeof media->address);
    if (cursor_accept_text(&line, "c=IN IP4 "))
        media->has_address = sdp_ipv4(&line, media->address);
    else if (cursor_accept_text(&line, "c=IN IP6 "))
        media->has_address = media->is_v6 = sdp_ipv6(&line, media->address);
}

/* "m=audio 40000 RTP/AVP 0 8": false where the media is not RTP, or refused by port 0. */
static inline bool sdp_is_media(struct cursor line, struct sdp_media *media)
{
    uint32_t port = 0;
    if (!cursor_accept_text(&line, "m="))
        return false;
    int32_t blank = cursor_find(&line, ' ', 24);
    if (blank < 0)
        return false;
    cursor_skip(&line, (uint32_t)blank + 1);
    if (text_digits(&line, 5, &port) == 0 || port == 0 || port >= 65535)
        return false;
    int32_t profile = cursor_find(&line, ' ', 12);
    if (profile < 0)
        return false;
    cursor_skip(&line, (uint32_t)profile + 1);
    media->port = (uint16_t)port;
    media->control_port = (uint16_t)(port + 1);
    return cursor_starts_with(&line, "RTP/") || cursor_starts_with(&line, "UDP/TLS/RTP");
}

/* "a=rtcp:53020": RTCP is not on the next port, RFC 3605. */
static inline void sdp_control(struct cursor line, struct sdp_media *media)
{
    uint32_t port = 0;
    cursor_skip(&line, 7);
    if (text_digits(&line, 5, &port) && port > 0 && port <= 65535)
        media->control_port = (uint16_t)port;
}

/* A description that is read media by media; zero at first. */
struct sdp_reader {
    struct sdp_media session, media;
    bool in_media;
};

static inline bool sdp_is_ready(const struct sdp_media *media)
{
    return media->port && media->has_address;
}

/* The next media that says where it will be received, in *found. Each has the session's address or
 * one of its own, that comes after its first line (RFC 8866 section 5.7). */
static inline bool sdp_next(struct sdp_reader *r, struct cursor *payload, struct sdp_media *found)
{
    struct cursor line;
    while (text_line(payload, 1024, &line) == LINE_WHOLE) {
        if (cursor_starts_with(&line, "c="))
            sdp_connection(line, r->in_media ? &r->media : &r->session);
        else if (cursor_starts_with(&line, "a=rtcp:"))
            sdp_control(line, &r->media);
        if (!cursor_starts_with(&line, "m="))
            continue;
        *found = r->media;
        r->media = r->session;
        r->in_media = true;
        if (!sdp_is_media(line, &r->media))
            r->media.port = 0;
        if (sdp_is_ready(found))
            return true;
    }
    *found = r->media;
    r->media.port = 0;
    return sdp_is_ready(found);
}

#endif
