/* SPDX-License-Identifier: MIT */
/*
 * NetBIOS over TCP and UDP, RFC 1001 and 1002: the name service (section 4.2), whose messages are
 * DNS' with encoded names; the datagram service (4.4); the session service (4.3), where a session
 * may carry SMB.
 */
#include "framing/dns.h"
#include "protocols/protocol.h"

enum {
    TYPE_NULL = 10, /* RFC 1002 section 4.2.14: a negative answer's record */
    TYPE_NB = 32,
    TYPE_NBSTAT = 33,
    DIRECT_UNIQUE = 0x10,
    BROADCAST = 0x12,
    DATAGRAM_ERROR = 0x13,
    QUERY_REQUEST = 0x14,
    QUERY_NEGATIVE = 0x16,
    KEEP_ALIVE = 0x85,
    NAME_LIMIT = 255,
    LETTERS_ENOUGH = 26,
    DNS_PORT = 53,
    DATAGRAM_PORT = 138,
    QUERY_SIZE = 50,
    BROADCAST_QUERY = 0x0110 /* recursion desired, broadcast */
};

/* ---- name service ------------------------------------------------------------------------ */

/* RFC 1001 section 14.1: an encoded name of 32 letters, then a scope's labels. */
static bool encoded_name(struct cursor *c)
{
    struct cursor begin = *c;
    return dns_name(c, c->at) &&
           (c->ran_short || dns_first_netbios_letters(begin) == NETBIOS_LABEL);
}

/* Query 0, registration 5, release 6, WACK 7, refresh 8 (and 9), multi-homed registration 15. */
static bool opcode_is_known(unsigned opcode)
{
    return opcode == 0 || (opcode >= 5 && opcode <= 9) || opcode == 15;
}

/* The capture ends within the first name's type: its label must be whole. */
static enum answer judge_cut_name(struct inspection *in, struct cursor c,
                                  const struct dns_message *m)
{
    cursor_skip(&c, DNS_HEADER);
    uint8_t size = cursor_u8(&c);
    struct cursor label = cursor_take(&c, size);
    bool is_name = !label.ran_short && dns_netbios_letters(label) == NETBIOS_LABEL;
    return is_name && m->count[0] <= 1 ? likely(in, "header and a cut name", &c) : NO;
}

/* A broadcast query (section 4.2.12) of its one size, with a name that came to harm. DNS has the
 * same bits for other things, but no single label of 32 letters. */
static enum answer judge_damaged_name(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 2);
    bool is_query = c.size == QUERY_SIZE && cursor_u16(&c) == BROADCAST_QUERY &&
                    cursor_u32(&c) == 0x10000 && cursor_u32(&c) == 0;
    return is_query && cursor_u8(&c) == 0x20 ? likely(in, "damaged query", &c) : NO;
}

/* Section 4.2.14: a refusal of a query counts no records, and has one all the same: the name, NULL,
 * and nothing. */
static bool is_refusal(struct cursor c)
{
    cursor_skip(&c, 2);
    bool is_answer = (cursor_u16(&c) & 0xf860) == 0x8000 && cursor_u64(&c) == 0;
    if (!is_answer || !encoded_name(&c) || c.ran_short)
        return false;
    uint16_t type = cursor_u16(&c), class = cursor_u16(&c);
    return (type == TYPE_NULL || type == TYPE_NB) && class == 1 && cursor_skip(&c, 4) &&
           cursor_u16(&c) == 0 && !c.ran_short && cursor_at_end(&c);
}

static enum answer judge_name_service(struct inspection *in, struct cursor c)
{
    struct dns_message m;
    struct cursor start = c;
    if (is_refusal(c))
        return yes(in, "name service refusal", &c);
    enum dns_walk walk = dns_walk(&c, &m);
    if (walk == DNS_SHORT && is_cut(in, &c) && m.questions + m.records == 0)
        return judge_cut_name(in, start, &m);
    if (walk == DNS_BROKEN || m.netbios_letters < LETTERS_ENOUGH ||
        !opcode_is_known(dns_opcode(&m)))
        return judge_damaged_name(in, start);
    if (m.flags & 0x60 || m.count[0] > 1 || m.count[3] > 1)
        return NO;
    if (walk == DNS_SHORT && !is_cut(in, &c))
        return NO;
    if (in->server_port == DNS_PORT || in->client_port == DNS_PORT)
        return NO; /* 33 is SRV there, RFC 2782: the same bytes ask DNS */
    bool is_known = m.type == TYPE_NB || m.type == TYPE_NBSTAT || m.type == TYPE_NULL;
    if (m.netbios_letters < NETBIOS_LABEL || !is_known)
        return likely(in, "damaged name service message", &c);
    return yes(in, dns_is_response(&m) ? "name service response" : "name service request", &c);
}

/* ---- datagram service -------------------------------------------------------------------- */

/*     type(1) flags(1) id(2) address(4) port(2) size(2) offset(2) source destination data */
static enum answer judge_carrier(struct inspection *in, struct cursor c, uint16_t port)
{
    uint16_t size = cursor_u16(&c);
    uint16_t offset = cursor_u16(&c);
    bool is_telling = port == DATAGRAM_PORT && offset == 0 && size + 14u == c.size;
    enum answer without_names = is_telling ? likely(in, "datagram, damaged", &c) : NO;
    if (!encoded_name(&c) || c.ran_short)
        return without_names;
    if (!encoded_name(&c) || (c.ran_short && !is_cut(in, &c)))
        return without_names;
    bool fits = size + 14u == c.size || size + 14u == c.size + offset;
    return fits || is_cut(in, &c) || offset ? yes(in, "datagram", &c) : likely(in, "datagram", &c);
}

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    uint8_t type = cursor_u8(&c);
    uint8_t flags = cursor_u8(&c);
    if (type < DIRECT_UNIQUE || type > QUERY_NEGATIVE || flags & 0xf0)
        return NO;
    cursor_skip(&c, 6);
    uint16_t port = cursor_u16(&c);
    if (type <= BROADCAST)
        return judge_carrier(in, c, port);
    if (type == DATAGRAM_ERROR) {
        uint8_t code = cursor_u8(&c);
        return !c.ran_short && cursor_at_end(&c) && code >= 0x82 && code <= 0x84
                   ? likely(in, "datagram error", &c)
                   : NO;
    }
    if (!encoded_name(&c) || c.ran_short || !cursor_at_end(&c))
        return NO;
    return yes(in, "datagram query", &c);
}

static enum answer judge_udp(struct inspection *in, struct cursor c)
{
    enum answer answer = judge_datagram(in, c);
    return answer == NO ? judge_name_service(in, c) : answer;
}

/* ---- session service --------------------------------------------------------------------- */

/* RFC 1002 section 4.3.7: all that an idle session sends. Four bytes say little: nothing else may
 * follow. */
static enum answer judge_keep_alive(struct inspection *in, struct cursor c)
{
    while (cursor_accept_text(&c, "\x85\x00\x00\x00"))
        ;
    if (!cursor_may_start_with(&c, "\x85\x00\x00\x00"))
        return NO;
    bool is_whole = cursor_left(&c) == 0 && c.at > 0;
    return in->is_final && is_whole ? likely(in, "keep-alive", &c) : wants_more(in, &c);
}

/* RFC 1002 section 4.3.2: type, flags, size; called name, calling name. */
static enum answer judge_request(struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) == KEEP_ALIVE)
        return judge_keep_alive(in, c);
    if (!cursor_may_start_with(&c, "\x81\x00"))
        return NO;
    cursor_skip(&c, 2);
    uint16_t size = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size < 68 || size > 2 * NAME_LIMIT)
        return NO;
    if (!encoded_name(&c))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (!encoded_name(&c))
        return NO;
    if (c.ran_short) /* a capture may cut the second name */
        return in->is_final ? likely(in, "session request, cut", &c) : short_of(in, &c);
    return c.at == size + 4u ? yes(in, "session request", &c) : NO;
}

/* Sections 4.3.3 to 4.3.5: positive; negative with an error; retarget with an address. */
static enum answer judge_response(struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) == KEEP_ALIVE)
        return judge_keep_alive(in, c);
    if (cursor_starts_with(&c, "\x82\x00\x00\x00")) {
        cursor_skip(&c, 4);
        if (both_spoke(in))
            return yes(in, "positive session response", &c);
        if (cursor_left(&c) == 0 && !in->is_final)
            return wants_more(in, &c);
        return cursor_left(&c) == 0 || cursor_peek(&c, 0) == 0
                   ? likely(in, "positive session response", &c)
                   : NO;
    }
    if (cursor_starts_with(&c, "\x83\x00\x00\x01")) {
        cursor_skip(&c, 4);
        uint8_t error = cursor_u8(&c);
        if (c.ran_short)
            return short_of(in, &c);
        return (error >= 0x80 && error <= 0x83) || error == 0x8f
                   ? yes(in, "negative session response", &c)
                   : NO;
    }
    if (cursor_starts_with(&c, "\x84\x00\x00\x06")) {
        cursor_skip(&c, 4);
        return cursor_skip(&c, 6) ? likely(in, "retarget response", &c) : short_of(in, &c);
    }
    if (cursor_may_start_with(&c, "\x82\x00\x00\x00") ||
        cursor_may_start_with(&c, "\x83\x00\x00\x01") ||
        cursor_may_start_with(&c, "\x84\x00\x00\x06"))
        return short_of(in, &c);
    return NO;
}

static enum answer validate(struct inspection *in)
{
    if (is_udp(in))
        return judge_sides(in, judge_udp, judge_udp);
    return judge_sides(in, judge_request, judge_response);
}

static const struct signature signatures[] = {
    /* a question with a name of 32 letters; an answer with its name */
    {.transports = OVER_UDP,
     .offset = 4,
     .size = 9,
     .bytes = "\0\0\0\0\0\0\0\0\x20",
     .mask = "\xff\xfe\xff\xfe\xff\0\xff\xfe\xff",
     .min_size = 50},
    {.transports = OVER_UDP, .size = 2, .bytes = "\x10\0", .mask = "\xfc\xf0", .min_size = 11},
    {.transports = OVER_UDP, .size = 2, .bytes = "\x14\0", .mask = "\xfc\xf0", .min_size = 44},
    {.transports = OVER_TCP, .size = 4, .bytes = "\x81\0\0\0", .mask = "\xff\xff\xfe\0"},
    {.transports = OVER_TCP, .size = 4, .bytes = "\x82\0\0\0"},
    {.transports = OVER_TCP, .size = 4, .bytes = "\x85\0\0\0"},
    {.transports = OVER_TCP, .size = 4, .bytes = "\x83\0\0\x01"},
    {.transports = OVER_TCP, .size = 4, .bytes = "\x84\0\0\x06"},
};

const struct cdpi_protocol cdpi_protocol_netbios = {
    .name = "NetBIOS",
    .reference = "RFC 1002 section 4",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_NETWORK,
    .tcp_ports = PORTS(139),
    .udp_ports = PORTS(137, 138),
    SIGNATURES(signatures),
    .validate = validate,
};
