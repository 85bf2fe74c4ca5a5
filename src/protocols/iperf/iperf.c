/* SPDX-License-Identifier: MIT */
/*
 * iPerf. No specification beside the sources (esnet/iperf, iperf_api.h; iperf2, payloads.h).
 * iperf3's streams begin with a cookie of 36 letters of base 32 and a zero; on the control stream
 * the server answers with states, of which parameters (9) is the first, or refuses (-1). Over UDP
 * each stream begins with four bytes to and fro. iperf2 fills what it sends with the digits of each
 * byte's own place.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { COOKIE = 36, COOKIE_SIZE = 37, PARAMETERS = 9, REFUSED = 0xff };
enum { FILLED = 40 };

/* Headers end before one of these, by version and transport. */
static const uint32_t filled_from[] = {64, 160, 320};

/* Byte i is the digit i mod 10; what has not arrived may be one. */
static bool may_be_filled(struct cursor c, uint32_t from)
{
    for (uint32_t i = from; i < from + FILLED && i < c.size; i++) {
        if (cursor_peek(&c, i) != '0' + (int)(i % 10))
            return false;
    }
    return true;
}

static enum answer judge_digits(struct inspection *in, struct cursor c)
{
    for (size_t i = 0; i < sizeof filled_from / sizeof *filled_from; i++) {
        if (!may_be_filled(c, filled_from[i]))
            continue;
        if (c.size < filled_from[i] + FILLED)
            return short_of(in, &c);
        cursor_seek(&c, filled_from[i] + FILLED);
        return yes(in, "digits of their places", &c);
    }
    return NO;
}

static enum answer judge_cookie(struct inspection *in, struct cursor c)
{
    for (uint32_t i = 0; i < COOKIE; i++) {
        int byte = cursor_u8(&c);
        if (c.ran_short)
            return wants(in, (enum side)c.side, COOKIE_SIZE);
        if ((byte < 'a' || byte > 'z') && (byte < '2' || byte > '7'))
            return NO;
    }
    if (cursor_at_end(&c))
        return wants(in, (enum side)c.side, COOKIE_SIZE);
    return cursor_u8(&c) == 0 ? yes(in, "cookie", &c) : NO;
}

/* The first byte of a header that digits follow is not of the cookie's alphabet. */
static enum answer judge_client(struct inspection *in, struct cursor c)
{
    int first = cursor_peek(&c, 0);
    bool is_cookie = (first >= 'a' && first <= 'z') || (first >= '2' && first <= '7');
    return is_cookie ? judge_cookie(in, c) : judge_digits(in, c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    int first = cursor_peek(&c, 0);
    if (first == PARAMETERS || first == REFUSED)
        return in->client.size ? YES : wants(in, CLIENT, COOKIE_SIZE);
    return judge_client(in, c); /* what was asked for comes back */
}

/* The question and the answer of UDP's streams, of today's iperf3 and before 3.10. */
static enum answer judge_greeting(struct inspection *in)
{
    bool asked_now = cursor_starts_with(&in->client, "9876");
    bool asked_then = cursor_starts_with(&in->client, "\x15\xcd\x5b\x07");
    if (!both_spoke(in) || in->client.size != 4 || in->server.size != 4)
        return NO;
    bool fits = (asked_now && cursor_starts_with(&in->server, "6789")) ||
                (asked_then && cursor_starts_with(&in->server, "\xb1\x68\xde\x3a"));
    return fits ? answer_at(in, YES, "greetings", CLIENT, 0, 4) : NO;
}

static enum answer judge_datagrams(struct inspection *in)
{
    bool is_greeting = in->client.size == 4 || in->server.size == 4;
    if (is_greeting && !both_spoke(in))
        return in->is_final ? NO : wants(in, in->client.size ? SERVER : CLIENT, 1);
    return is_greeting ? judge_greeting(in) : judge_sides(in, judge_digits, judge_digits);
}

static enum answer validate(struct inspection *in)
{
    return is_udp(in) ? judge_datagrams(in) : judge_sides(in, judge_client, judge_server);
}

/* A cookie has letters from a to z and digits from 2 to 7 in 36 places. */
static const struct signature signatures[] = {
    {.transports = OVER_UDP, .size = 4, .bytes = "9876", .max_size = 4},
    {.transports = OVER_UDP, .size = 4, .bytes = "\x15\xcd\x5b\x07", .max_size = 4},
    {.transports = OVER_TCP | OVER_UDP, .offset = 64, .size = 16, .bytes = "4567890123456789"},
    {.transports = OVER_TCP | OVER_UDP, .offset = 160, .size = 16, .bytes = "0123456789012345"},
    {.transports = OVER_TCP, .offset = 320, .size = 16, .bytes = "0123456789012345"},
    {.transports = OVER_TCP, .offset = 36, .size = 1, .bytes = "\0"},
};

const struct cdpi_protocol cdpi_protocol_iperf = {
    .name = "iPerf",
    .reference = "no specification; the sources of iperf3 (iperf_api.h, iperf_util.c) and iperf2",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_MANAGEMENT,
    .is_one_sided = true,
    .tcp_ports = PORTS(5201, 5001),
    .udp_ports = PORTS(5201, 5001),
    SIGNATURES(signatures),
    .validate = validate,
};
