/* SPDX-License-Identifier: MIT */
/*
 * DNS: a message of RFC 1035 section 4.1, walked to its end; over TCP its size stands before it
 * (section 4.2.2). Opcodes: query, inverse query, status, notify (RFC 1996), update (RFC 2136),
 * stateful operations (RFC 8490). mDNS (RFC 6762) and LLMNR (RFC 4795) are the same messages on
 * ports of their own.
 */
#include "framing/dns.h"
#include "protocols/protocol.h"

enum {
    IQUERY = 1,
    STATUS = 2,
    NOTIFY = 4,
    UPDATE = 5,
    STATEFUL = 6,
    ENOUGH = 512, /* of a stream's message; what follows need not have arrived */
    RCODE_LIMIT = 11
};

/* A server's refusal need not repeat the question: twelve bytes with nothing counted. */
static bool is_bare(const struct dns_message *m)
{
    return (m->count[0] | m->count[1] | m->count[2] | m->count[3]) == 0;
}

static bool query_makes_sense(const struct dns_message *m)
{
    unsigned opcode = dns_opcode(m);
    if (m->flags & 15) /* a query has no response code */
        return false;
    if (opcode == IQUERY)
        return m->count[0] <= 1 && m->count[1] == 1;
    if (opcode == STATUS)
        return m->flags == STATUS << 11 && m->count[1] == 0 && m->count[0] <= 1;
    if (opcode == STATEFUL)
        return false; /* no counts, no names: nothing to tell it by, RFC 8490 section 5.4 */
    return m->count[0] > 0 && m->count[0] <= 256;
}

static bool response_makes_sense(const struct dns_message *m)
{
    if (is_bare(m))
        return (m->flags & 15) != 0 || m->flags & DNS_IS_CUT;
    return m->count[0] <= 256 && (m->flags & 15) <= RCODE_LIMIT;
}

static bool header_makes_sense(const struct dns_message *m)
{
    unsigned opcode = dns_opcode(m);
    if (opcode > STATEFUL || opcode == 3 || m->flags & DNS_RESERVED)
        return false;
    return dns_is_response(m) ? response_makes_sense(m) : query_makes_sense(m);
}

/* RFC 1002 section 4.2.1.2: NetBIOS' types are NB (32) and NBSTAT (33), a node status' record. */
static bool is_netbios(const struct dns_message *m)
{
    return m->is_netbios && (m->type == 32 || m->type == 33);
}

/* The identifier of the other side's message, to hold a bare answer against. */
static bool answers_other_side(const struct inspection *in, const struct dns_message *m,
                               uint32_t header)
{
    struct dns_message query;
    struct cursor c = in->client;
    if (!cursor_skip(&c, header) || dns_walk(&c, &query) == DNS_BROKEN)
        return false;
    return !c.ran_short && query.id == m->id && query.questions > 0;
}

static const char *rule_of(const struct dns_message *m)
{
    if (dns_is_response(m))
        return "response";
    return dns_opcode(m) == UPDATE ? "update" : dns_opcode(m) == NOTIFY ? "notify" : "query";
}

static enum answer judge_whole(struct inspection *in, const struct cursor *c,
                               const struct dns_message *m, uint32_t header)
{
    if (m->questions + m->records > 0)
        return yes(in, rule_of(m), c);
    bool is_known = dns_is_response(m) && answers_other_side(in, m, header);
    return is_known ? yes(in, "bare response", c) : likely(in, "bare header", c);
}

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    struct dns_message m;
    enum dns_walk walk = dns_walk(&c, &m);
    if (walk == DNS_BROKEN || c.at < DNS_HEADER || !header_makes_sense(&m) || is_netbios(&m))
        return NO;
    if (walk == DNS_WHOLE) {
        if (cursor_at_end(&c))
            return judge_whole(in, &c, &m, 0);
        return m.questions > 0 ? likely(in, "message and more", &c) : NO;
    }
    bool may_be_short = is_cut(in, &c) || m.flags & DNS_IS_CUT;
    if (may_be_short && m.questions + m.records > 0)
        return yes(in, rule_of(&m), &c);
    return NO;
}

static enum answer judge_stream(struct inspection *in, struct cursor c)
{
    struct dns_message m;
    uint16_t size = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size < DNS_HEADER)
        return NO;
    uint32_t have = cursor_left(&c) < size ? cursor_left(&c) : size;
    struct cursor message = c;
    message.size = c.at + have;
    enum dns_walk walk = dns_walk(&message, &m);
    if (message.at < 2 + DNS_HEADER)
        return have < size ? short_of(in, &message) : NO;
    if (walk == DNS_BROKEN || !header_makes_sense(&m) || is_netbios(&m))
        return NO;
    if (walk == DNS_WHOLE)
        return cursor_left(&message) == 0 && have == size ? judge_whole(in, &message, &m, 2) : NO;
    if (have == size)
        return NO;
    if (m.questions + m.records > 0 && (have >= ENOUGH || in->is_final))
        return yes(in, rule_of(&m), &message);
    return wants(in, (enum side)c.side, 2 + (size < ENOUGH ? size : ENOUGH));
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    return is_udp(in) ? judge_datagram(in, c) : judge_stream(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

/* Counts below 256 and the reserved bit. */
static const struct signature signatures[] = {
    {.transports = OVER_UDP,
     .offset = 3,
     .size = 8,
     .bytes = "\0\0\0\0\0\0\0\0",
     .mask = "\x40\xff\0\xff\0\xff\0\xff",
     .min_size = DNS_HEADER},
    {.transports = OVER_TCP,
     .offset = 5,
     .size = 8,
     .bytes = "\0\0\0\0\0\0\0\0",
     .mask = "\x40\xff\0\xf0\0\xf0\0\xf0"},
};

const struct cdpi_protocol cdpi_protocol_dns = {
    .name = "DNS",
    .reference = "RFC 1035 section 4, RFC 1996, RFC 2136, RFC 6891",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_NETWORK,
    .tcp_ports = PORTS(53),
    .udp_ports = PORTS(53),
    SIGNATURES(signatures),
    .validate = validate,
};
