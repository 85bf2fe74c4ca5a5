/* SPDX-License-Identifier: MIT */
/*
 * Omron FINS. W342 (FINS Commands Reference) section 3, over UDP:
 *
 *     ICF(1) RSV(1) = 0 GCT(1) destination(3) source(3) SID(1) command(2) ...
 *
 * and over TCP (W421 section 7-4): "FINS" length(4) command(4) error(4), then the same.
 */
#include "protocols/protocol.h"

enum { RESPONSE = 0x40, GATEWAYS = 7, NETWORKS = 127, TCP_LEAST = 8, TCP_MOST = 4096 };

/* Section 5-1: main and sub request codes. */
static bool is_command(uint8_t main, uint8_t sub)
{
    static const struct {
        uint8_t main, first, last;
    } commands[] = {
        {0x01, 1, 5},       {0x02, 1, 3}, {0x02, 0x20, 0x21}, {0x03, 4, 7}, {0x04, 1, 3},
        {0x05, 1, 2},       {0x06, 1, 1}, {0x06, 0x20, 0x20}, {0x07, 1, 2}, {0x08, 1, 2},
        {0x09, 0x20, 0x20}, {0x0c, 1, 3}, {0x20, 0xf, 0xf},   {0x21, 1, 3}, {0x21, 0x40, 0x41},
        {0x22, 1, 0x20},    {0x23, 1, 2}, {0x23, 0xa, 0xa},
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (commands[i].main == main && sub >= commands[i].first && sub <= commands[i].last)
            return true;
    }
    return false;
}

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    uint8_t control = cursor_u8(&c), reserved = cursor_u8(&c), gateways = cursor_u8(&c);
    uint8_t destination = cursor_u8(&c);
    cursor_skip(&c, 2);
    uint8_t source = cursor_u8(&c);
    cursor_skip(&c, 3);
    uint8_t main = cursor_u8(&c), sub = cursor_u8(&c);
    if (c.ran_short || (control & 0xbe) != 0x80 || reserved != 0 || gateways > GATEWAYS ||
        destination > NETWORKS || source > NETWORKS || !is_command(main, sub))
        return NO;
    if (control & RESPONSE && cursor_left(&c) < 2) /* a response has an end code */
        return NO;
    return likely(in, "command", &c);
}

/* A response turns the addresses round and keeps SID and command. */
static bool answers(struct cursor request, struct cursor response)
{
    if ((cursor_peek(&request, 0) & RESPONSE) || !(cursor_peek(&response, 0) & RESPONSE))
        return false;
    cursor_skip(&request, 9);
    cursor_skip(&response, 9);
    return cursor_peek_u16(&request, 0) == cursor_peek_u16(&response, 0) &&
           cursor_peek(&request, 2) == cursor_peek(&response, 2);
}

/* W421 section 7-4: commands 0 to 3 and 6, error codes up to 0x25. */
static enum answer judge_stream(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "FINS"))
        return NO;
    cursor_skip(&c, 4);
    uint32_t length = cursor_u32(&c);
    bool is_length = !c.ran_short && length >= TCP_LEAST && length <= TCP_MOST;
    uint32_t command = cursor_u32(&c);
    uint32_t error = cursor_u32(&c);
    if (c.ran_short)
        return is_length && command <= 6 ? likely_at_end(in, "FINS/TCP header", &c)
                                         : short_of(in, &c);
    bool is_sound = length >= TCP_LEAST && length <= TCP_MOST && command <= 6 && error <= 0x25;
    return is_sound ? yes(in, "FINS/TCP header", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    if (!is_udp(in))
        return judge_joined(in, judge_stream, judge_stream);
    enum answer answer = judge_sides(in, judge_datagram, judge_datagram);
    if (answer == LIKELY && both_spoke(in) &&
        (answers(in->client, in->server) || answers(in->server, in->client)))
        return answer_at(in, YES, "command and response", SERVER, 0, 12);
    return answer;
}

static const struct signature signatures[] = {
    {.transports = OVER_TCP, .size = 4, .bytes = "FINS"},
    {.transports = OVER_UDP,
     .size = 3,
     .bytes = "\x80\0\0",
     .mask = "\xbe\xff\xf8",
     .min_size = 12,
     .max_size = 2012},
};

const struct cdpi_protocol cdpi_protocol_fins = {
    .name = "FINS",
    .reference = "Omron W342 section 3, W421 section 7-4",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(9600),
    .udp_ports = PORTS(9600),
    SIGNATURES(signatures),
    .validate = validate,
};
