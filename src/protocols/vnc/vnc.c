/* SPDX-License-Identifier: MIT */
/*
 * VNC's Remote Framebuffer, RFC 6143 section 7.1.1: the server, then the client, say their version
 * in twelve bytes, "RFB 003.008\n". Apple's says 003.889, others 004.001 and 005.000.
 */
#include "framing/text.h"
#include "protocols/protocol.h"
#include "protocols/starttls.h"

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "RFB "))
        return cursor_may_start_with(&c, "RFB ") ? short_of(in, &c) : NO;
    uint32_t major = 0, minor = 0;
    uint32_t digits = text_digits(&c, 3, &major);
    bool is_major = major == 0 || (major >= 3 && major <= 5);
    if (digits < 3 || !is_major)
        return cursor_at_end(&c) && digits < 3 ? short_of(in, &c) : NO;
    if (!cursor_accept_text(&c, "."))
        return cursor_at_end(&c) ? short_of(in, &c) : NO;
    if (text_digits(&c, 3, &minor) < 3)
        return cursor_at_end(&c) ? short_of(in, &c) : NO;
    if (!cursor_accept_text(&c, "\n"))
        return cursor_at_end(&c) ? short_of(in, &c) : NO;
    /* UltraVNC's repeater says 000.000. */
    return major || minor == 0 ? yes(in, "protocol version", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "RFB 00")};

const struct cdpi_protocol cdpi_protocol_vnc = {
    .name = "VNC",
    .reference = "RFC 6143 section 7.1.1",
    .transports = OVER_TCP,
    .category = CATEGORY_REMOTE_ACCESS,
    .tcp_ports = PORTS(5900, 5901),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow_starttls, /* VeNCrypt */
};
