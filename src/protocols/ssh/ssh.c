/* SPDX-License-Identifier: MIT */
/*
 * SSH. Each side begins with an identification string, RFC 4253 section 4.2:
 *
 *     SSH-protoversion-softwareversion SP comments CR LF
 *
 * of at most 255 bytes. The server may send other lines before it (section 4.2), which do not begin
 * with "SSH-". Old implementations end the line with LF alone, and say 1.5 or 1.99 (section 5).
 *
 * A session that is joined before its keys are in use shows binary packets, section 6: the lists of
 * algorithms (section 7.1) or the change of keys (section 7.3):
 *
 *     size(4) padding's size(1) 20 cookie(16) ten lists of names, each with its size(4) ...
 *     size(4) padding's size(1) 21 padding
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum {
    LINE_LIMIT = 255,
    BANNER_LIMIT = 2048,
    KEXINIT = 20,
    NEWKEYS = 21,
    COOKIE = 16,
    PACKET_LIMIT = 35000, /* section 6.1 */
    LIST_LIMIT = 2048,
    LISTS_ENOUGH = 3,
    KEXINIT_ENOUGH = 40 /* of a packet that a capture cuts */
};

/* ---- identification ---------------------------------------------------------------------- */

/* 1.2 to 1.99, 2.0; scanners leave out the minor number. */
static bool is_version(struct cursor *c)
{
    uint32_t major = 0;
    if (text_digits(c, 1, &major) == 1 && major != 1 && major != 2)
        return false;
    if (major && cursor_accept_text(c, ".") && text_digits(c, 2, NULL) == 0 && !cursor_at_end(c))
        return false;
    if (major && cursor_accept_text(c, "-"))
        return true;
    c->ran_short = cursor_at_end(c);
    return false;
}

/* The software's name up to the end of the line; comments may be in any letters. */
static enum answer judge_line(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "SSH-"))
        return NO;
    if (!cursor_accept_text(&c, "SSH-"))
        return short_of(in, &c);
    if (!is_version(&c))
        return c.ran_short ? short_of(in, &c) : NO;
    struct cursor line;
    switch (text_line(&c, BANNER_LIMIT, &line)) {
    case LINE_BAD:
        return NO;
    case LINE_OPEN:
        return likely(in, "identification string", &c);
    default: /* longer ones than are allowed are seen too */
        return line.size < LINE_LIMIT ? yes(in, "identification string", &c)
                                      : likely(in, "identification string", &c);
    }
}

/* ---- binary packets ---------------------------------------------------------------------- */

/* Names between commas: US-ASCII, no blanks (RFC 4251 section 6). */
static bool is_name_list(struct cursor *c)
{
    uint32_t size = cursor_u32(c);
    if (!c->ran_short && size > LIST_LIMIT)
        return false;
    for (; size > 0 && !c->ran_short; size--) {
        uint8_t byte = cursor_u8(c);
        if (!c->ran_short && (byte <= ' ' || byte > '~'))
            return false;
    }
    return true;
}

static enum answer judge_packet(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u32(&c);
    uint8_t padding = cursor_u8(&c), type = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (padding < 4 || size > PACKET_LIMIT || (size + 4) % 8 || padding + 1u >= size)
        return NO;
    if (type == NEWKEYS)
        return size == padding + 2u ? yes(in, "new keys", &c) : NO;
    if (type != KEXINIT)
        return NO;
    cursor_skip(&c, COOKIE);
    bool has_first = cursor_peek_u32(&c, 0) >= 8 || cursor_left(&c) < 4;
    for (unsigned i = 0; i < LISTS_ENOUGH && has_first; i++) {
        if (!is_name_list(&c))
            return NO;
    }
    if (!has_first)
        return NO;
    if (!c.ran_short)
        return yes(in, "lists of algorithms", &c);
    bool is_cut_here = in->is_final && c.at >= KEXINIT_ENOUGH;
    return is_cut_here ? likely(in, "lists of algorithms", &c) : short_of(in, &c);
}

/* ---- both -------------------------------------------------------------------------------- */

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    return cursor_peek(&c, 0) == 0 ? judge_packet(in, c) : judge_line(in, c);
}

/* RFC 4253 section 4.2: lines before the identification string, from the server only. One that has
 * too many clients says so, and no more (OpenSSH's sshd). */
static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) == 0)
        return judge_packet(in, c);
    while (!cursor_at_end(&c) && c.at < BANNER_LIMIT) {
        struct cursor from = c, line;
        if (cursor_may_start_with(&c, "SSH-"))
            return judge_line(in, c);
        enum text_line state = text_line(&c, BANNER_LIMIT, &line);
        if (cursor_may_start_with(&from, "Exceeded MaxStartups") ||
            cursor_may_start_with(&from, "Not allowed at this time"))
            return state == LINE_WHOLE ? yes(in, "refusal", &c) : short_of(in, &from);
        if (state == LINE_BAD || in->client.size == 0)
            return NO;
        if (state == LINE_OPEN)
            break;
    }
    return c.at < BANNER_LIMIT ? short_of(in, &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "SSH-"),
    SIGNATURE_MASKED(0, "\0\0\0\0\0\x14", "\xff\xff\x80\0\0\xff"),
    SIGNATURE_MASKED(0, "\0\0\0\0\0\x15", "\xff\xff\xff\xc0\0\xff"),
    SIGNATURE(0, "Exceeded MaxStar"),
    SIGNATURE(0, "Not allowed at t"),
};

const struct cdpi_protocol cdpi_protocol_ssh = {
    .name = "SSH",
    .reference = "RFC 4253 sections 4.2, 6 and 7",
    .transports = OVER_TCP,
    .category = CATEGORY_REMOTE_ACCESS,
    .is_encrypted = true,
    .tcp_ports = PORTS(22),
    SIGNATURES(signatures),
    .validate = validate,
};
