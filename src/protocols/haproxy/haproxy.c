/* SPDX-License-Identifier: MIT */
/*
 * The PROXY protocol of HAProxy ("The PROXY protocol", versions 1 and 2): a header before all else
 * that names the connection behind the proxy. Version 1 (section 2.1) is a line of at most 107
 * bytes:
 *
 *     PROXY TCP4 192.0.2.1 192.0.2.2 40000 80 CRLF            PROXY UNKNOWN ... CRLF
 *
 * Version 2 (section 2.2): twelve fixed bytes, version and command, family, length (16). The server
 * says nothing to it; what follows is of any protocol. Over UDP each datagram has one of version 2.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 108, VERSION_2 = 2 };

static bool pass_address(struct cursor *line)
{
    uint32_t n = 0;
    for (; cursor_peek(line, 0) > ' '; n++) {
        int byte = cursor_peek(line, 0);
        bool is_address = text_is_digit(byte) || byte == '.' || byte == ':' ||
                          (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
        if (!is_address)
            return false;
        cursor_skip(line, 1);
    }
    return n >= 2 && cursor_u8(line) == ' ';
}

static enum answer judge_version_1(struct inspection *in, struct cursor c)
{
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state == LINE_OPEN && line.size >= 11 && text_is_digit(cursor_peek(&line, 9)))
        return likely_at_end(in, "version 1", &c);
    if (state != LINE_WHOLE)
        return state == LINE_OPEN ? short_of(in, &c) : NO;
    cursor_accept_text(&line, "PROXY ");
    if (cursor_accept_text(&line, "UNKNOWN"))
        return cursor_at_end(&line) || cursor_peek(&line, 0) == ' ' ? yes(in, "version 1", &c) : NO;
    if (!cursor_accept_text(&line, "TCP4 ") && !cursor_accept_text(&line, "TCP6 "))
        return NO;
    if (!pass_address(&line) || !pass_address(&line))
        return NO;
    bool are_ports = text_digits(&line, 5, NULL) > 0 && cursor_u8(&line) == ' ' &&
                     text_digits(&line, 5, NULL) > 0 && cursor_at_end(&line);
    return are_ports ? yes(in, "version 1", &c) : NO;
}

/* Section 2.2: the bytes 13 to 16. */
static enum answer judge_version_2(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 12);
    uint8_t command = cursor_u8(&c);
    uint8_t family = cursor_u8(&c);
    cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_command = command >> 4 == VERSION_2 && (command & 0xf) <= 1;
    return is_command && family >> 4 <= 3 && (family & 0xf) <= 2 ? yes(in, "version 2", &c) : NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (cursor_starts_with(&c, "PROXY ") && !is_udp(in))
        return judge_version_1(in, c);
    if (cursor_starts_with(&c, "\r\n\r\n\0\r\nQUIT\n"))
        return judge_version_2(in, c);
    bool is_open =
        cursor_may_start_with(&c, "PROXY ") || cursor_may_start_with(&c, "\r\n\r\n\0\r\nQUIT\n");
    return is_open ? short_of(in, &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, NULL);
}

/* What comes after the header is the connection that it tells of. */
static enum follow_answer follow(struct follow *f, struct cursor *payload)
{
    if (f->transport == OVER_UDP)
        return FOLLOW_DONE;
    if (payload->side != CLIENT)
        return FOLLOW_ON;
    if (cursor_starts_with(payload, "PROXY ")) {
        int32_t end = cursor_find_text(payload, "\r\n", 108);
        if (end > 0)
            cursor_skip(payload, (uint32_t)end + 2);
    } else if (cursor_starts_with(payload, "\r\n\r\n")) {
        cursor_skip(payload, 14);
        uint16_t size = cursor_u16(payload);
        cursor_skip(payload, size);
    }
    return payload->ran_short ? FOLLOW_DONE : FOLLOW_SPEAKS;
}

static const struct signature signatures[] = {
    {.transports = OVER_TCP, .size = 9, .bytes = "PROXY TCP"},
    {.transports = OVER_TCP, .size = 13, .bytes = "PROXY UNKNOWN"},
    SIGNATURE(0, "\r\n\r\n\0\r\nQUIT\n"),
};

const struct cdpi_protocol cdpi_protocol_haproxy = {
    .name = "HAProxy",
    .reference = "The PROXY protocol, versions 1 and 2, sections 2.1 and 2.2",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_NETWORK,
    .is_one_sided = true,
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow,
};
