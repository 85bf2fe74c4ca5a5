/* SPDX-License-Identifier: MIT */
/*
 * SSH. Each side begins with an identification string, RFC 4253 section 4.2:
 *
 *     SSH-protoversion-softwareversion SP comments CR LF
 *
 * of at most 255 bytes. The server may send other lines before it (section 4.2), which do not begin
 * with "SSH-". Old implementations end the line with LF alone, and say 1.5 or 1.99 (section 5).
 */
#include "protocols/protocol.h"

enum { LINE_LIMIT = 255, BANNER_LIMIT = 2048 };

static bool is_version(struct cursor *c)
{
    return cursor_accept_text(c, "2.0-") || cursor_accept_text(c, "1.99-") ||
           cursor_accept_text(c, "1.5-") || cursor_accept_text(c, "1.3-");
}

/* The software's name: printable US-ASCII up to the end of the line. */
static enum answer judge_line(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "SSH-"))
        return NO;
    if (!cursor_accept_text(&c, "SSH-"))
        return short_of(in, &c);
    if (!is_version(&c))
        return cursor_left(&c) < 5 ? short_of(in, &c) : NO;
    int32_t end = cursor_find(&c, '\n', LINE_LIMIT);
    if (end < 0)
        return cursor_left(&c) >= LINE_LIMIT ? NO : short_of(in, &c);
    for (int32_t i = 0; i < end; i++) {
        uint8_t byte = cursor_u8(&c);
        if ((byte < ' ' && byte != '\r') || byte > '~')
            return NO;
    }
    return yes(in, "identification string", &c);
}

/* RFC 4253 section 4.2: lines before the identification string, from the server only. */
static enum answer judge_server(struct inspection *in, struct cursor c)
{
    return judge_line(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_line, judge_server);
}

static const struct signature signatures[] = {SIGNATURE(0, "SSH-")};

const struct cdpi_protocol cdpi_protocol_ssh = {
    .name = "SSH",
    .reference = "RFC 4253 section 4.2",
    .transports = OVER_TCP,
    .category = CATEGORY_REMOTE_ACCESS,
    .is_encrypted = true,
    .tcp_ports = PORTS(22),
    SIGNATURES(signatures),
    .validate = validate,
};
