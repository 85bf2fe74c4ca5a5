/* SPDX-License-Identifier: MIT */
/*
 * NAT-PMP, RFC 6886 section 3, and PCP, RFC 6887 section 7, which took over its port and its idea.
 *
 *     NAT-PMP:  0(1) operation(1)                           2 bytes: the public address?
 *               0(1) 1 or 2(1) 0(2) inner port(2) outer port(2) lifetime(4)
 *               0(1) 128 + operation(1) result(2) epoch(4) ...       12 or 16 bytes
 *     PCP:      2(1) R and operation(1) 0(2) lifetime(4) address(16) ...
 */
#include "protocols/protocol.h"

enum {
    PORT = 5351, /* RFC 6886 section 3.1: the port is part of the protocol; a question of two zeros
                    has no more */
    QUESTION = 2,
    MAP = 12,
    ADDRESS_ANSWER = 12,
    MAP_ANSWER = 16,
    LAST_RESULT = 5,
    PCP_HEADER = 24,
    PCP_LIMIT = 1100,
    PCP_LAST_RESULT = 14,
    PCP_ANNOUNCE = 0,
    PCP_MAP = 1,
    PCP_PEER = 2
};

static enum answer judge_request(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 1);
    uint8_t operation = cursor_u8(&c);
    if (c.size == QUESTION) {
        bool is_port = in->server_port == PORT || in->client_port == PORT;
        return operation == 0 && (is_port || both_spoke(in)) ? likely(in, "address request", &c)
                                                             : NO;
    }
    uint16_t reserved = cursor_u16(&c), inner = cursor_u16(&c);
    cursor_skip(&c, 2);
    uint32_t lifetime = cursor_u32(&c);
    if (c.ran_short || c.size != MAP || operation < 1 || operation > 2 || reserved != 0)
        return NO;
    if (inner == 0 && lifetime != 0)
        return NO;
    return lifetime <= 0x2000000 ? yes(in, "mapping request", &c) : NO;
}

static enum answer judge_response(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 1);
    uint8_t operation = cursor_u8(&c);
    uint16_t result = cursor_u16(&c);
    cursor_skip(&c, 4);
    bool fits = operation == 0x80 ? c.size == ADDRESS_ANSWER : c.size == MAP_ANSWER;
    if (c.ran_short || operation < 0x80 || operation > 0x82 || result > LAST_RESULT || !fits)
        return NO;
    return both_spoke(in) ? yes(in, "response", &c) : likely(in, "response", &c);
}

/* RFC 6887 sections 11.1 and 12.1: a nonce, the inner protocol, three zeros, ports; options may
 * follow. An announcement (section 14.1) has nothing. */
static bool is_pcp_body(struct cursor c, uint8_t operation)
{
    if (operation == PCP_ANNOUNCE)
        return cursor_at_end(&c);
    cursor_skip(&c, 13);
    uint32_t reserved = cursor_u24(&c);
    return cursor_skip(&c, operation == PCP_MAP ? 20 : 40) && reserved == 0;
}

/* The client's own address: of IPv4 as ::ffff:a.b.c.d (section 5), or one that a host of IPv6 may
 * have: global, unique local, link-local, loopback. */
static bool is_host_address(struct cursor *c)
{
    uint64_t high = cursor_u64(c), low = cursor_u64(c);
    if (high == 0)
        return low >> 32 == 0xffff || low == 1;
    return high >> 61 == 1 || high >> 57 == 0xfc >> 1 || high >> 54 == 0xfe80 >> 6;
}

/* RFC 6887 sections 7.1 and 7.2: announce, map, peer; the client's address, or a result, an epoch
 * and zeros. */
static enum answer judge_pcp(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 1);
    uint8_t operation = cursor_u8(&c), reserved = cursor_u8(&c), result = cursor_u8(&c);
    bool is_response = operation & 0x80;
    uint32_t lifetime = cursor_u32(&c);
    operation &= 0x7f;
    if (c.size < PCP_HEADER || c.size > PCP_LIMIT || c.size & 3 || operation > PCP_PEER)
        return NO;
    if (reserved != 0 || lifetime > 0x8000000 || result > (is_response ? PCP_LAST_RESULT : 0))
        return NO;
    if (operation == PCP_ANNOUNCE && lifetime != 0)
        return NO;
    if (is_response) {
        cursor_skip(&c, 4);
        uint64_t zeros = cursor_u64(&c);
        if (zeros | cursor_u32(&c))
            return NO;
    } else if (!is_host_address(&c)) {
        return NO;
    }
    return is_pcp_body(c, operation) ? yes(in, is_response ? "PCP response" : "PCP request", &c)
                                     : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    int version = cursor_peek(&c, 0), operation = cursor_peek(&c, 1);
    if (version == 2)
        return judge_pcp(in, c);
    if (version != 0 || operation < 0)
        return NO;
    return operation < 0x80 ? judge_request(in, c) : judge_response(in, c);
}

/* The answer makes up for a question of two bytes. */
static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    bool answered = in->client.size == QUESTION && in->server.size == ADDRESS_ANSWER;
    return answer == LIKELY && answered ? answer_at(in, YES, "address response", SERVER, 0, 12)
                                        : answer;
}

static const struct signature signatures[] = {
    {.size = 2, .bytes = "\0\0", .min_size = QUESTION, .max_size = QUESTION},
    {.size = 4, .bytes = "\0\0\0\0", .mask = "\xff\xfc\xff\xff", .min_size = MAP, .max_size = MAP},
    {.size = 4,
     .bytes = "\0\x80\0\0",
     .mask = "\xff\xfc\xff\xf8",
     .min_size = ADDRESS_ANSWER,
     .max_size = MAP_ANSWER},
    {.size = 4,
     .bytes = "\x02\0\0\0",
     .mask = "\xff\x7c\xff\xf0",
     .min_size = PCP_HEADER,
     .max_size = PCP_LIMIT},
};

const struct cdpi_protocol cdpi_protocol_nat_pmp = {
    .name = "NAT-PMP",
    .reference = "RFC 6886 section 3, RFC 6887 section 7",
    .transports = OVER_UDP,
    .category = CATEGORY_NETWORK,
    .udp_ports = PORTS(PORT),
    SIGNATURES(signatures),
    .validate = validate,
};
