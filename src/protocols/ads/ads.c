/* SPDX-License-Identifier: MIT */
/*
 * Beckhoff ADS. Infosys TE1000, AMS/TCP packet, low byte first:
 *
 *     00 00 length(4) | target(6) port(2) source(6) port(2) command(2) flags(2) length(4) error(4)
 *       invoke(4) data
 *
 * and on UDP the router's discovery: 71146603 invoke(4) service(4) netid(6) port(2) tags(4).
 */
#include "protocols/protocol.h"

enum { HEADER = 32, LAST_COMMAND = 9, ADS_COMMAND = 0x0004, RESPONSE = 0x0001, MOST = 0x1000000 };

static enum answer judge_stream(struct inspection *in, struct cursor c)
{
    uint16_t reserved = cursor_u16(&c);
    uint32_t total = cursor_le32(&c);
    if (!c.ran_short && (reserved != 0 || total < HEADER || total > MOST))
        return NO;
    cursor_skip(&c, 16);
    uint16_t command = cursor_le16(&c), flags = cursor_le16(&c);
    uint32_t length = cursor_le32(&c), error = cursor_le32(&c);
    cursor_skip(&c, 4);
    if (c.ran_short) /* by then: zeros, a length, a command and its flags */
        return c.at >= 26 && command <= LAST_COMMAND && (flags & ~RESPONSE) == ADS_COMMAND
                   ? likely_at_end(in, "AMS header", &c)
                   : short_of(in, &c);
    bool is_sound = command <= LAST_COMMAND && (flags & ~RESPONSE) == ADS_COMMAND &&
                    length == total - HEADER && (error < 0x10000 || error >> 31);
    return is_sound ? yes(in, "AMS header", &c) : NO;
}

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "\x03\x66\x14\x71"))
        return NO;
    cursor_skip(&c, 4);
    uint32_t service = cursor_le32(&c) & 0x7fffffff;
    cursor_skip(&c, 8);
    uint32_t tags = cursor_le32(&c);
    if (c.ran_short || service > 0x10 || tags > 32)
        return NO;
    return yes(in, "discovery", &c);
}

static enum answer validate(struct inspection *in)
{
    side_validator *judge = is_udp(in) ? judge_datagram : judge_stream;
    return is_udp(in) ? judge_sides(in, judge, judge) : judge_joined(in, judge, judge);
}

static const struct signature signatures[] = {
    {.transports = OVER_TCP, .size = 6, .bytes = "\0\0\0\0\0\0", .mask = "\xff\xff\0\0\0\xff"},
    {.transports = OVER_UDP, .size = 4, .bytes = "\x03\x66\x14\x71"},
};

const struct cdpi_protocol cdpi_protocol_ads = {
    .name = "ADS",
    .reference = "Beckhoff Infosys TE1000, AMS/ADS specification",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(48898),
    .udp_ports = PORTS(48899),
    SIGNATURES(signatures),
    .validate = validate,
};
