/* SPDX-License-Identifier: MIT */
/*
 * Steam. In-home streaming looks for hosts with ff*4 214c5fa0 length(4, low byte first) and a
 * message of that size; clients speak to connection managers in "VS01" (UDP) and length(4) "VT01"
 * (TCP), as SteamKit implements them.
 */
#include "protocols/protocol.h"

enum { CHANNEL_HEADER = 36, MOST = 0x100000, LAST_TYPE = 7 };

static enum answer judge_discovery(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "\xff\xff\xff\xff\x21\x4c\x5f\xa0"))
        return NO;
    uint32_t header = cursor_le32(&c);
    if (c.ran_short || header > cursor_left(&c))
        return NO;
    return yes(in, "discovery", &c);
}

/* "VS01" size(2) type(1) flags(1) source(4) destination(4) sequences(8) split(8) data size(4) */
static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "VS01"))
        return NO;
    uint16_t size = cursor_le16(&c);
    uint8_t type = cursor_u8(&c);
    if (type > LAST_TYPE || !fills_datagram(in, &c, CHANNEL_HEADER + (uint32_t)size))
        return NO;
    return yes(in, "connection manager, UDP", &c);
}

static enum answer judge_stream(struct inspection *in, struct cursor c)
{
    uint32_t length = cursor_le32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length < 16 || length > MOST)
        return NO;
    if (!cursor_may_start_with(&c, "VT01"))
        return NO;
    if (!cursor_accept_text(&c, "VT01"))
        return short_of(in, &c);
    return yes(in, "connection manager, TCP", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!is_udp(in))
        return judge_stream(in, c);
    return cursor_peek(&c, 0) == 'V' ? judge_datagram(in, c) : judge_discovery(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.transports = OVER_UDP, .size = 8, .bytes = "\xff\xff\xff\xff\x21\x4c\x5f\xa0"},
    {.transports = OVER_UDP, .size = 4, .bytes = "VS01"},
    {.transports = OVER_TCP, .offset = 4, .size = 4, .bytes = "VT01"},
};

const struct cdpi_protocol cdpi_protocol_steam = {
    .name = "Steam",
    .reference = "Valve's steam_ihs discovery protobufs; github.com/SteamRE/SteamKit: "
                 "TcpConnection, UdpPacket",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_GAME,
    .tcp_ports = PORTS(27017),
    .udp_ports = PORTS(27036, 27017),
    SIGNATURES(signatures),
    .validate = validate,
};
