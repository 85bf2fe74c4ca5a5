/* SPDX-License-Identifier: MIT */
/*
 * Graphite's plaintext protocol (Graphite docs, "Feeding in your data"): lines of path, value and
 * time in seconds, "servers.web01.load 0.42 1700000000". Its pickle protocol is Python's: size(4)
 * 80 02 5d, a list of ("path", (time, value)), which says less and is not told.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 1024, LINES = 8, TIME_DIGITS = 10 };

/* Words with dots between them; tags may follow: "disk.used;server=web01". */
static bool is_path(struct cursor *line)
{
    uint32_t dots = 0, letters = 0;
    for (;; cursor_skip(line, 1)) {
        int byte = cursor_peek(line, 0);
        if (byte == ' ')
            return dots > 0 && letters > 2;
        if (byte <= ' ' || byte > '~' || byte == '"' || byte == '<' || byte == '{' || byte == '(' ||
            byte == '/' || byte == '@' || byte == ',')
            return false;
        dots += byte == '.';
        letters += (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    }
}

static bool is_value(struct cursor *line)
{
    cursor_accept_text(line, "-");
    if (cursor_accept_nocase(line, "nan") || cursor_accept_nocase(line, "inf"))
        return true;
    if (text_digits(line, 20, NULL) == 0)
        return false;
    if (cursor_accept_text(line, "."))
        text_digits(line, 20, NULL);
    if (cursor_accept_text(line, "e") || cursor_accept_text(line, "E")) {
        if (!cursor_accept_text(line, "-"))
            cursor_accept_text(line, "+");
        return text_digits(line, 3, NULL) > 0;
    }
    return true;
}

/* From 2001 to 2033 in seconds, or parts of one. */
static bool is_time(struct cursor *line)
{
    if (cursor_peek(line, 0) != '1' || text_digits(line, TIME_DIGITS + 1, NULL) != TIME_DIGITS)
        return false;
    return !cursor_accept_text(line, ".") || text_digits(line, 9, NULL) > 0;
}

static unsigned weigh_metric(struct cursor line)
{
    bool is_metric = is_path(&line) && cursor_accept_text(&line, " ") && is_value(&line) &&
                     cursor_accept_text(&line, " ") && is_time(&line) && cursor_at_end(&line);
    return is_metric ? 36 : 0;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    bool is_whole = is_udp(in) && !is_cut(in, &c);
    int bits = text_weigh_lines(&c, LINE_LIMIT, LINES, is_whole, weigh_metric);
    return bits < 0 ? NO : answer_by_bits(in, (unsigned)bits, "metrics", &c);
}

/* Nobody answers. */
static enum answer validate(struct inspection *in)
{
    return judge_unanswered(in, judge_client);
}

const struct cdpi_protocol cdpi_protocol_graphite = {
    .name = "Graphite",
    .reference = "Graphite documentation: Feeding in your data, the plaintext protocol",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_MANAGEMENT,
    .is_one_sided = true,
    .tcp_ports = PORTS(2003),
    .udp_ports = PORTS(2003),
    .is_unsigned = true,
    .is_text = true,
    .validate = validate,
};
