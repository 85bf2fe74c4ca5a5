/* SPDX-License-Identifier: MIT */
/*
 * StatsD, and what grew from it (statsd's docs/metric_types.md; DogStatsD's datagram format): lines
 * of
 *
 *     name:value|type[|@rate][|#tags]      type: c, g, ms, s, h, d
 *
 * in datagrams, each datagram whole lines. One line alone is likely.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 1024, NAME_LIMIT = 256, LINES = 8 };

static bool is_name(struct cursor *line)
{
    int32_t size = cursor_find(line, ':', NAME_LIMIT);
    if (size < 2)
        return false;
    struct cursor name = cursor_take(line, (uint32_t)size);
    while (!cursor_at_end(&name)) {
        uint8_t byte = cursor_u8(&name);
        if (byte <= ' ' || byte > '~' || byte == '|' || byte == '"' || byte == '{' || byte == '<')
            return false;
    }
    return true;
}

/* "1", "-0.5", "1e3", "1:2:3"; a set's may be any word. */
static bool is_value(struct cursor *line)
{
    uint32_t digits = 0;
    for (;; cursor_skip(line, 1)) {
        int byte = cursor_peek(line, 0);
        if (text_is_digit(byte))
            digits++;
        else if (byte != '.' && byte != '-' && byte != '+' && byte != 'e' && byte != ':')
            return digits > 0 && byte == '|';
    }
}

static bool is_type(struct cursor *line)
{
    if (cursor_accept_text(line, "|ms"))
        return true;
    return cursor_accept_text(line, "|c") || cursor_accept_text(line, "|g") ||
           cursor_accept_text(line, "|s") || cursor_accept_text(line, "|h") ||
           cursor_accept_text(line, "|d") || cursor_accept_text(line, "|m");
}

/* What a line is worth; 0: it is none. */
static unsigned weigh_line(struct cursor line)
{
    if (!is_name(&line) || !cursor_skip(&line, 1) || !is_value(&line) || !is_type(&line))
        return 0;
    if (cursor_at_end(&line))
        return 32;
    bool is_more = cursor_accept_text(&line, "|@") || cursor_accept_text(&line, "|#") ||
                   cursor_accept_text(&line, "|c:") || cursor_accept_text(&line, "|T");
    return is_more ? 42 : 0;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    bool is_whole = is_udp(in) && !is_cut(in, &c);
    int bits = text_weigh_lines(&c, LINE_LIMIT, LINES, is_whole, weigh_line);
    return bits < 0 ? NO : answer_by_bits(in, (unsigned)bits, "metrics", &c);
}

/* Nobody answers. */
static enum answer validate(struct inspection *in)
{
    return judge_unanswered(in, judge_client);
}

const struct cdpi_protocol cdpi_protocol_statsd = {
    .name = "StatsD",
    .reference = "statsd: docs/metric_types.md; Datadog: DogStatsD datagram format",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_MANAGEMENT,
    .is_one_sided = true,
    .tcp_ports = PORTS(8125),
    .udp_ports = PORTS(8125),
    .is_unsigned = true,
    .is_text = true,
    .validate = validate,
};
