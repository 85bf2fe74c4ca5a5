/* SPDX-License-Identifier: MIT */
/*
 * CUPS browsing (cups-browsed's and CUPS 1.x's "CUPS Browsing Protocol"), broadcast on UDP, a line
 * each:
 *
 *     type (hex) SP state (3 to 5) SP uri SP "location" SP "info" SP "make and model" ... LF
 *
 * IPP itself is HTTP.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 1500, URI_LIMIT = 1024 };

static bool pass_hex(struct cursor *c)
{
    uint32_t n = 0;
    for (; n <= 8; n++) {
        int byte = cursor_peek(c, 0) | 0x20;
        if (cursor_at_end(c) || !(text_is_digit(byte) || (byte >= 'a' && byte <= 'f')))
            break;
        cursor_skip(c, 1);
    }
    return n > 0 && n <= 8 && cursor_u8(c) == ' ';
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!pass_hex(&c))
        return NO;
    uint8_t state = cursor_u8(&c);
    if (state < '3' || state > '5' || cursor_u8(&c) != ' ')
        return NO;
    if (!cursor_accept_text(&c, "ipp://") && !cursor_accept_text(&c, "ipps://") &&
        !cursor_accept_text(&c, "http://"))
        return NO;
    int32_t end = cursor_find(&c, ' ', URI_LIMIT), line = cursor_find(&c, '\n', LINE_LIMIT);
    if (end < 0) /* CUPS before 1.1 had no words behind the name */
        return line > 3 ? yes(in, "printer", &c) : NO;
    cursor_skip(&c, (uint32_t)end + 1);
    return cursor_peek(&c, 0) == '"' || is_cut(in, &c) ? yes(in, "printer", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

const struct cdpi_protocol cdpi_protocol_cups = {
    .name = "CUPS",
    .reference = "CUPS 1.7 documentation, CUPS Browsing Protocol",
    .transports = OVER_UDP,
    .category = CATEGORY_PRINTING,
    .is_one_sided = true,
    .udp_ports = PORTS(631),
    .is_unsigned = true,
    .is_text = true,
    .is_symmetric = true,
    .validate = validate,
};
