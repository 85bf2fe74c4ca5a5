/* SPDX-License-Identifier: MIT */
/*
 * KNXnet/IP. EN 13321-2, KNX Standard 3/8/1 section 2: each frame begins with
 *
 *     06 10 service(2) total length(2)
 *
 * and goes on with structures that begin with their own length: an endpoint (08 01|02), or a
 * connection header (04).
 */
#include "protocols/protocol.h"

enum { HEADER = 6, ENDPOINT = 8, CONNECTION = 4 };

/* 3/8/1 section 5.2: core, management, tunnelling, routing, remote, secure. */
static bool is_service(uint16_t service)
{
    return (service >= 0x0201 && service <= 0x020c) || (service >= 0x0310 && service <= 0x0313) ||
           (service >= 0x0420 && service <= 0x0425) || (service >= 0x0530 && service <= 0x0533) ||
           (service >= 0x0740 && service <= 0x0743) || (service >= 0x0950 && service <= 0x0956);
}

static bool begins_with_endpoint(uint16_t service)
{
    return service == 0x0201 || service == 0x0202 || service == 0x0203 || service == 0x0205 ||
           service == 0x020b;
}

static bool begins_with_connection(uint16_t service)
{
    return service == 0x0310 || service == 0x0311 || service == 0x0420 || service == 0x0421;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "\x06\x10"))
        return NO;
    cursor_skip(&c, 2);
    uint16_t service = cursor_u16(&c), total = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (!is_service(service) || total < HEADER || (is_udp(in) && !fills_datagram(in, &c, total)))
        return NO;
    uint8_t size = cursor_u8(&c), second = cursor_u8(&c);
    if (c.ran_short)
        return total < HEADER + 2 ? likely(in, "frame header", &c) : short_of(in, &c);
    if (begins_with_endpoint(service))
        return size == ENDPOINT && (second == 1 || second == 2) ? yes(in, "endpoint", &c) : NO;
    if (begins_with_connection(service))
        return size == CONNECTION ? yes(in, "connection header", &c) : NO;
    return is_udp(in) ? yes(in, "frame header", &c) : likely(in, "frame header", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "\x06\x10")};

const struct cdpi_protocol cdpi_protocol_knxnet_ip = {
    .name = "KNXnet/IP",
    .reference = "KNX Standard 3/8/1 sections 2, 5; EN 13321-2",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(3671),
    .udp_ports = PORTS(3671),
    SIGNATURES(signatures),
    .validate = validate,
};
