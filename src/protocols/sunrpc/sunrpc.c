/* SPDX-License-Identifier: MIT */
/*
 * ONC RPC version 2 (RFC 5531): any program's calls and replies, over UDP, and over TCP in records
 * (section 11). NFS refines it.
 */
#include "framing/sunrpc.h"
#include "protocols/protocol.h"

enum { FIRST_IANA_PROGRAM = 100000, LITTLE = 0x10000 };

/* Words of little numbers are found elsewhere too: a number that is not little, or an assigned
 * program, tells these. */
static enum answer weigh(struct inspection *in, const struct cursor *c, const struct rpc_message *m)
{
    bool is_assigned = m->type == RPC_CALL && m->program >= FIRST_IANA_PROGRAM;
    bool is_little = m->xid < LITTLE && !is_assigned;
    /* A reply has little in it: without its call, small numbers are anybody's. */
    if (is_little && m->type != RPC_CALL && is_udp(in) && !both_spoke(in))
        return NO;
    if (is_little || m->is_denied)
        return likely(in, m->type == RPC_CALL ? "call" : "reply", c);
    return yes(in, m->type == RPC_CALL ? "call" : "reply", c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct rpc_message m;
    uint32_t size = c.size;
    if (!is_udp(in) && !rpc_record(&c, &size))
        return NO;
    if (is_udp(in) && size & 3 && !is_cut(in, &c)) /* XDR: words, RFC 4506 section 3 */
        return NO;
    if (!rpc_read(&c, &m))
        return NO;
    if (!c.ran_short)
        return weigh(in, &c, &m);
    bool is_cut_here = is_udp(in) ? is_cut(in, &c) : in->is_final && m.program;
    return is_cut_here && c.at >= 24 ? likely(in, "cut message", &c) : short_of(in, &c);
}

/* The other side's message with the same number makes up for a weak one. */
static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    uint32_t at = is_udp(in) ? 0 : 4;
    bool same = both_spoke(in) &&
                cursor_peek_u32(&in->client, at) == cursor_peek_u32(&in->server, at) &&
                cursor_peek_u32(&in->client, at + 4) == RPC_CALL &&
                cursor_peek_u32(&in->server, at + 4) == RPC_REPLY;
    return answer == LIKELY && same ? answer_at(in, YES, "call and reply", SERVER, 0, 24) : answer;
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
