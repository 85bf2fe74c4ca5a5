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
    RCODE_LIMIT = 11,
    PORT = 53,
    LAST_COMMON_TYPE = 65 /* HTTPS */
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
        return false;     /* no counts, no names: nothing to tell it by, RFC 8490 section 5.4 */
    if (m->count[0] == 0) /* a question for a cookie, RFC 7873 section 5.4 */
        return opcode == 0 && (m->count[1] | m->count[2]) == 0 && m->count[3] == 1 &&
               m->type == DNS_TYPE_OPT;
    return m->count[0] <= 256;
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

/* RFC 1002 section 4.2: NetBIOS' messages differ in their names only. Its node status type and SRV
 * (RFC 2782) are one number: on DNS' port it is that. */
static bool is_dns_port(const struct inspection *in)
{
    return in->server_port == PORT || in->client_port == PORT;
}

static bool is_netbios(const struct inspection *in, const struct dns_message *m)
{
    return m->netbios_letters >= NETBIOS_LABEL - 6 && !is_dns_port(in);
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

/* RFC 1001 section 14.1: what is there of a label of 32 is letters from 'A' to 'P'. */
static bool is_netbios_label(uint8_t size, struct cursor label)
{
    while (cursor_peek(&label, 0) >= 'A' && cursor_peek(&label, 0) <= 'P')
        cursor_skip(&label, 1);
    return size == NETBIOS_LABEL && cursor_at_end(&label);
}

/* The capture ends within the first name: as far as it goes, a label of host's letters at least. */
static bool begins_with_name(struct cursor c)
{
    uint8_t size = cursor_u8(&c);
    struct cursor label = cursor_take(&c, size);
    return size >= 1 && size <= 63 && !label.ran_short && dns_has_host_letters(label) &&
           !is_netbios_label(size, label);
}

/* The capture ends within the first label: host's letters, four at least. */
static bool is_within_label(struct cursor c)
{
    uint8_t size = cursor_u8(&c);
    return size <= 63 && size > cursor_left(&c) && cursor_left(&c) >= 4 &&
           !is_netbios_label(size, c) && dns_has_host_letters(cursor_take(&c, cursor_left(&c)));
}

/* A query or its answer in the header's everyday form: of its 80 bits but few are free. */
static bool is_usual_header(const struct dns_message *m)
{
    uint16_t rest = m->flags & 0x7fff;
    if (m->count[0] != 1)
        return false;
    if (!dns_is_response(m))
        return (rest & ~0x0130) == 0 && (m->count[1] | m->count[2]) == 0 && m->count[3] <= 1;
    return (rest & ~0x05b3) == 0 && m->count[1] < 32 && m->count[2] < 32 && m->count[3] < 32;
}

/* Nothing but one question for a host's name, and its type, class or the header's opcode and bits
 * are nobody's: somebody tries a server. */
static bool is_odd_question(const struct dns_message *m, struct cursor name)
{
    bool is_alone = m->count[0] == 1 && (m->count[1] | m->count[2]) == 0 && m->count[3] <= 1;
    if (!is_alone || m->flags & 0x8680 || !dns_is_host_name(name))
        return false;
    dns_name(&name, 0);
    cursor_skip(&name, 4);
    return !name.ran_short && (m->count[3] == 1 || cursor_at_end(&name));
}

/* The question, then records to the datagram's very end, whatever the header counts. Class IN (16
 * bits), a type of those in use (10), the end where it must be (8); and a host's name of five
 * letters or more (10), or a first record that points back at the question's name (16). */
static bool reads_to_the_end(struct cursor c)
{
    struct dns_message m = {0};
    struct cursor name = c;
    uint32_t message = c.at - DNS_HEADER;
    if (!dns_question(&c, message, &m) || m.questions != 1 || m.class != 1)
        return false;
    bool points_back = cursor_peek(&c, 0) == 0xc0 && cursor_peek(&c, 1) == DNS_HEADER;
    bool is_told =
        m.type <= LAST_COMMON_TYPE && c.at - name.at >= 5 + 4 + 3 && dns_is_host_name(name);
    if (!points_back && !is_told)
        return false;
    while (cursor_left(&c) > 0) {
        if (!dns_record(&c, message, &m) || c.ran_short)
            return false;
    }
    return true;
}

/* The last five bytes end a lone question: the root, a type in use, class IN; 34 bits. */
static bool ends_as_question(struct cursor c)
{
    if (cursor_left(&c) < 1 + 4 || !cursor_skip(&c, cursor_left(&c) - 5))
        return false;
    uint8_t root = cursor_u8(&c);
    uint16_t type = cursor_u16(&c), class = cursor_u16(&c);
    return root == 0 && type != 0 && type <= LAST_COMMON_TYPE && class == 1;
}

/* A record that points back at the question's name, of class IN, and ends where the datagram does:
 * 58 bits, at any of some tens of places. */
static bool ends_as_record(struct cursor c)
{
    enum { RECORD = 12, FAR = 512 };
    for (unsigned i = 0; i < FAR && cursor_left(&c) >= RECORD; i++, cursor_skip(&c, 1)) {
        struct cursor record = c;
        if (cursor_u16(&record) != (0xc000 | DNS_HEADER))
            continue;
        uint16_t type = cursor_u16(&record), class = cursor_u16(&record);
        cursor_skip(&record, 4);
        uint16_t size = cursor_u16(&record);
        if (dns_type_is_known(type) && class == 1 && size == cursor_left(&record))
            return true;
    }
    return false;
}

/* What is left of a message when its name came to harm, under an everyday header. */
static bool ends_well(const struct dns_message *m, struct cursor name)
{
    return dns_is_response(m) && m->count[1] > 0 ? ends_as_record(name)
                                                 : m->count[3] == 0 && ends_as_question(name);
}

/* One question that reads well, in a message that then goes wrong: damaged on its way, or by a poor
 * server. Its name is a host's, or it ends where the datagram ends. */
static enum answer judge_damaged(struct inspection *in, const struct cursor *c,
                                 const struct dns_message *m, struct cursor name)
{
    if (cursor_peek(&name, 0) == NETBIOS_LABEL && !is_dns_port(in))
        return NO; /* NetBIOS' names are of this size: what is left of one is its affair */
    if (is_odd_question(m, name))
        return likely(in, "question of an odd kind", c);
    if (is_usual_header(m) && begins_with_name(name))
        return likely(in, "header and a damaged name", c);
    if (is_usual_header(m) && ends_well(m, name))
        return likely(in, "question, name damaged", c);
    bool is_plain = m->count[0] == 1 && m->questions == 1 && dns_opcode(m) == 0;
    bool is_told = m->type <= LAST_COMMON_TYPE && m->class == 1;
    bool is_sound = dns_is_host_name(name) || m->questions_end == c->size;
    if (is_plain && is_told && is_sound)
        return likely(in, "question, then damage", c);
    return reads_to_the_end(name) ? likely(in, "question, header damaged", c) : NO;
}

static enum answer judge_cut(struct inspection *in, const struct cursor *c,
                             const struct dns_message *m, struct cursor name)
{
    if (m->questions + m->records > 0)
        return yes(in, rule_of(m), c);
    bool is_usual =
        dns_opcode(m) == 0 && m->count[0] <= 8 && m->count[2] <= 16 && m->count[3] <= 32;
    if (is_usual_header(m) && is_within_label(name))
        return likely(in, "header and a cut name", c);
    return is_usual && begins_with_name(name) ? likely(in, "header and a cut name", c) : NO;
}

/* A server leaves out records, not questions, and has not thousands of them (RFC 2181 section
 * 9). */
static bool is_cut_to_fit(const struct dns_message *m)
{
    return m->questions == m->count[0] && (m->count[1] | m->count[2] | m->count[3]) < 1024;
}

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    struct dns_message m;
    struct cursor name = c;
    enum dns_walk walk = dns_walk(&c, &m);
    cursor_skip(&name, DNS_HEADER);
    if (c.at < DNS_HEADER || is_netbios(in, &m))
        return NO;
    if (walk == DNS_BROKEN || !header_makes_sense(&m))
        return judge_damaged(in, &c, &m, name);
    if (walk == DNS_WHOLE) {
        if (cursor_at_end(&c))
            return judge_whole(in, &c, &m, 0);
        return m.questions > 0 ? likely(in, "message and more", &c) : NO;
    }
    if (is_cut(in, &c))
        return judge_cut(in, &c, &m, name);
    if (m.flags & DNS_IS_CUT && m.questions + m.records > 0)
        return is_cut_to_fit(&m) ? yes(in, rule_of(&m), &c) : likely(in, rule_of(&m), &c);
    return judge_damaged(in, &c, &m, name);
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
    if (walk == DNS_BROKEN || !header_makes_sense(&m) || is_netbios(in, &m))
        return NO;
    if (walk == DNS_WHOLE)
        return cursor_left(&message) == 0 && have == size ? judge_whole(in, &message, &m, 2) : NO;
    if (have == size)
        return NO;
    if (m.questions + m.records > 0 && (have >= ENOUGH || in->is_final))
        return yes(in, rule_of(&m), &message);
    if (in->is_final && is_usual_header(&m) && size >= 17 && (dns_is_response(&m) || size < 300))
        return likely(in, "header", &message);
    return wants(in, (enum side)c.side, 2 + (size < ENOUGH ? size : ENOUGH));
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    return is_udp(in) ? judge_datagram(in, c) : judge_stream(in, c);
}

/* Who gets no answer asks again with the same identifier (RFC 1035 section 4.1.1) and flags: 32
 * bits that agree with a message of this flow that is DNS by itself. */
static bool repeats_another(struct inspection *in, struct cursor c)
{
    uint32_t id_and_flags = cursor_u32(&c);
    for (uint32_t i = 0; i < in->datagram_count && !c.ran_short; i++) {
        struct cursor other = inspection_datagram(in, i), start = other;
        if (other.side == c.side && cursor_u32(&other) == id_and_flags &&
            judge_datagram(in, start) >= LIKELY)
            return true;
    }
    return false;
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    if (answer != NO || !is_udp(in) || in->datagram_count < 2 || both_spoke(in))
        return answer;
    struct cursor c = in->client.size ? in->client : in->server;
    return repeats_another(in, c) ? likely(in, "message again, damaged", &c) : NO;
}

/* Counts below 256 and the reserved bit; or one question; or, of a damaged header, the usual flags
 * with two counts. */
static const struct signature signatures[] = {
    {.transports = OVER_UDP, .offset = 4, .size = 2, .bytes = "\0\x01", .min_size = 17},
    {.transports = OVER_UDP,
     .offset = 3,
     .size = 8,
     .bytes = "\0\0\0\0\0\0\0\0",
     .mask = "\x40\xff\0\xff\0\xff\0\xff",
     .min_size = DNS_HEADER},
    {.transports = OVER_UDP,
     .offset = 2,
     .size = 10,
     .bytes = "\0\0\0\0\0\0\0\0\0\0",
     .mask = "\x7a\x48\0\0\0\0\xff\xff\xff\xff",
     .min_size = DNS_HEADER + 12},
    {.transports = OVER_UDP,
     .offset = 2,
     .size = 6,
     .bytes = "\0\0\0\0\0\0",
     .mask = "\x7a\x48\xff\0\xff\xff",
     .min_size = DNS_HEADER + 12},
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
