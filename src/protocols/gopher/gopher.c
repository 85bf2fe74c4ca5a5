/* SPDX-License-Identifier: MIT */
/*
 * Gopher, RFC 1436 section 2: the client sends a selector, the server a menu of lines:
 *
 *     type, display, TAB, selector, TAB, host, TAB, port [TAB "+"] CRLF          "." CRLF ends it
 *
 * A document that is not a menu has no structure: such a flow stays unnamed.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { SELECTOR_LIMIT = 512, LINE_LIMIT = 1024, LINES = 4, ITEM_BITS = 30 };

/* Section 3.8 and the types that came later: i text, h HTML, s sound, p and ; pictures ... */
static bool is_type(uint8_t type)
{
    return text_is_digit(type) || (type > 0 && memchr("+TgIihsdpPMc;:<", type, 15) != NULL);
}

/* Passes over a field and its TAB. */
static bool pass_field(struct cursor *line, uint32_t *length)
{
    int32_t end = cursor_find(line, '\t', LINE_LIMIT);
    if (end < 0)
        return false;
    *length = (uint32_t)end;
    return cursor_skip(line, (uint32_t)end + 1);
}

/* A name or an address; columns of numbers are none. */
static bool is_host(struct cursor host)
{
    while (text_is_digit(cursor_peek(&host, 0)) || cursor_peek(&host, 0) == '-')
        cursor_skip(&host, 1);
    return !cursor_at_end(&host) && cursor_peek(&host, 0) > ' ';
}

static bool is_item(struct cursor line)
{
    uint32_t display, selector, host;
    if (!is_type(cursor_u8(&line)))
        return false;
    if (!pass_field(&line, &display) || !pass_field(&line, &selector))
        return false;
    struct cursor name = line;
    if (!pass_field(&line, &host) || !is_host(cursor_take(&name, host)))
        return false;
    if (text_digits(&line, 5, NULL) == 0)
        return false;
    return cursor_at_end(&line) || cursor_peek(&line, 0) == '\t' || cursor_peek(&line, 0) == ' ';
}

/* None, a path, or a type and a path: what menus offer. Others are possible (section 2). */
static bool is_usual_selector(struct cursor line)
{
    if (cursor_at_end(&line) || cursor_peek(&line, 0) == '/')
        return true;
    uint8_t first = cursor_u8(&line);
    return (is_type(first) && cursor_peek(&line, 0) == '/') || first == '\t';
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    struct cursor line, from = c;
    switch (text_line(&c, SELECTOR_LIMIT, &line)) {
    case LINE_BAD:
        return NO;
    case LINE_OPEN:
        return short_of(in, &from);
    default:
        break;
    }
    if (!cursor_at_end(&c))
        return NO;
    if (in->server.size == 0)
        return MORE;
    return is_usual_selector(line) ? YES : LIKELY;
}

/* Gopher+ (1993, section 2.3): how long, or "-1" up to a dot, "-2" up to the end; the attributes
 * begin with the item's own line. */
static enum answer judge_plus(struct inspection *in, struct cursor c)
{
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state != LINE_WHOLE)
        return state == LINE_OPEN ? short_of(in, &c) : NO;
    cursor_skip(&line, 1);
    cursor_accept_text(&line, "-");
    if (text_digits(&line, 9, NULL) == 0 || !cursor_at_end(&line) ||
        !cursor_may_start_with(&c, "+INFO: "))
        return NO;
    return cursor_skip(&c, 7) ? yes(in, "attributes", &c) : short_of(in, &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) == '+')
        return judge_plus(in, c);
    struct cursor line;
    unsigned items = 0;
    for (; items < LINES && !cursor_at_end(&c); items++) {
        enum text_line state = text_line(&c, LINE_LIMIT, &line);
        if (state == LINE_OPEN)
            break;
        if (items && line.size == 1 && cursor_peek(&line, 0) == '.')
            break;
        if (state == LINE_BAD || !is_item(line))
            return items >= 2 ? yes(in, "menu", &c) : NO;
    }
    if (items >= 2)
        return yes(in, "menu", &c);
    return items ? likely(in, "menu", &c) : short_of(in, &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

const struct cdpi_protocol cdpi_protocol_gopher = {
    .name = "Gopher",
    .reference = "RFC 1436 sections 2 and 3",
    .transports = OVER_TCP,
    .category = CATEGORY_WEB,
    .tcp_ports = PORTS(70),
    .is_unsigned = true,
    .is_text = true,
    .validate = validate,
};
