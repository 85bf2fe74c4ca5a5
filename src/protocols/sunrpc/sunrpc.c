/* SPDX-License-Identifier: MIT */
/*
 * ONC RPC version 2 (RFC 5531): any program's calls and replies, over UDP, and over TCP in records
 * (section 11). NFS refines it.
 */
#include "framing/sunrpc.h"
#include "protocols/protocol.h"

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct rpc_message m;
    uint32_t size;
    if (!is_udp(in) && !rpc_record(&c, &size))
        return NO;
    if (!rpc_read(&c, &m))
        return NO;
    if (c.ran_short)
        return is_udp(in) && is_cut(in, &c) && c.at >= 24 ? likely(in, "cut message", &c)
                                                          : short_of(in, &c);
    if (m.is_denied)
        return both_spoke(in) ? yes(in, "denial", &c) : likely(in, "denial", &c);
    return yes(in, m.type == RPC_CALL ? "call" : "reply", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.transports = OVER_UDP, .offset = 4, .size = 8, .bytes = "\0\0\0\0\0\0\0\x02"},
    {.transports = OVER_UDP,
     .offset = 4,
     .size = 8,
     .bytes = "\0\0\0\x01\0\0\0\0",
     .mask = "\xff\xff\xff\xff\xff\xff\xff\xfe"},
    {.transports = OVER_TCP, .offset = 8, .size = 8, .bytes = "\0\0\0\0\0\0\0\x02"},
    {.transports = OVER_TCP,
     .offset = 8,
     .size = 8,
     .bytes = "\0\0\0\x01\0\0\0\0",
     .mask = "\xff\xff\xff\xff\xff\xff\xff\xfe"},
};

const struct cdpi_protocol cdpi_protocol_sunrpc = {
    .name = "SunRPC",
    .reference = "RFC 5531 sections 9 and 11",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_RPC,
    .tcp_ports = PORTS(111),
    .udp_ports = PORTS(111),
    SIGNATURES(signatures),
    .validate = validate,
};
