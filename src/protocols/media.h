/* SPDX-License-Identifier: MIT */
/*
 * Following for protocols that describe their media by SDP (framing/sdp.h): SIP, MGCP, MEGACO.
 */
#ifndef CDPI_PROTOCOLS_MEDIA_H
#define CDPI_PROTOCOLS_MEDIA_H

#include "framing/sdp.h"
#include "protocols/protocol.h"

/* Each "m=" of a payload names a flow to come. */
static inline enum follow_answer follow_media(struct follow *f, struct cursor *payload)
{
    struct sdp_reader reader = {.in_media = false};
    struct sdp_media m;
    if (cursor_find_text(payload, "m=", 4096) < 0)
        return FOLLOW_ON;
    while (sdp_next(&reader, payload, &m))
        announce_media(f, m.address, m.is_v6, m.port, m.control_port);
    return FOLLOW_ON;
}

#endif
