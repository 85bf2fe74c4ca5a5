/* SPDX-License-Identifier: MIT */
/*
 * LDAP, RFC 4511 section 4, and CLDAP ([MS-ADTS] section 6.3.3) over UDP:
 *
 *     LDAPMessage ::= SEQUENCE {
 *         messageID INTEGER, protocolOp [APPLICATION n] ..., controls [0] OPTIONAL }
 *
 * The lengths nest, and the operation's first elements have the types and ranges of the standard.
 */
#include "framing/ber.h"
#include "protocols/protocol.h"
#include "protocols/starttls.h"

enum {
    APPLICATION = 0x60,
    BIND_REQUEST = 0x60,
    BIND_RESPONSE = 0x61,
    UNBIND_REQUEST = 0x42,
    SEARCH_REQUEST = 0x63,
    SEARCH_ENTRY = 0x64,
    DELETE_REQUEST = 0x4a,
    MODIFY_DN_REQUEST = 0x6c,
    ABANDON_REQUEST = 0x50,
    SEARCH_REFERENCE = 0x73,
    EXTENDED_REQUEST = 0x77,
    EXTENDED_RESPONSE = 0x78,
    INTERMEDIATE_RESPONSE = 0x79,
    CONTROLS = 0xa0,
    REQUEST_NAME = 0x80,
    SASL = 0xa3,
    LAST_RESULT = 123,
    VENDOR_RESULTS = 0x1000, /* RFC 4520 section 3.8: e-syncRefreshRequired and on */
    SIZE_LIMIT = 0x2000000
};

/* Section 4.1.9: result code, matched name, message. */
static bool is_result(struct cursor *c)
{
    uint32_t code;
    return ber_number(c, BER_ENUMERATED, &code) &&
           (code <= LAST_RESULT || code >= VENDOR_RESULTS) && ber_skip(c, BER_OCTETS) &&
           (c->ran_short || ber_skip(c, BER_OCTETS));
}

/* Section 4.2: version, name, simple or SASL; 0xa9 and on are Microsoft's, [MS-ADTS] 5.1.1.1. */
static bool is_bind(struct cursor *c)
{
    uint32_t version;
    if (!ber_integer(c, &version) || (!c->ran_short && (version < 1 || version > 3)))
        return false;
    if (!c->ran_short && !ber_skip(c, BER_OCTETS))
        return false;
    uint8_t tag = cursor_u8(c);
    return c->ran_short || (tag & 0xd0) == 0x80;
}

/* Section 4.5.1: base, scope, dereferencing, size and time limits, types only. */
static bool is_search(struct cursor *c)
{
    uint32_t scope, aliases, limit, length;
    return ber_skip(c, BER_OCTETS) && (c->ran_short || ber_number(c, BER_ENUMERATED, &scope)) &&
           (c->ran_short || (scope <= 3 && ber_number(c, BER_ENUMERATED, &aliases))) &&
           (c->ran_short || (aliases <= 3 && ber_integer(c, &limit))) &&
           (c->ran_short || ber_integer(c, &limit)) &&
           (c->ran_short || (ber_enter(c, BER_BOOLEAN, &length) && (c->ran_short || length == 1)));
}

/* A name, then what follows it: a list of attributes, of changes, another name. */
static bool is_named(struct cursor *c, uint8_t operation)
{
    uint8_t next = operation == MODIFY_DN_REQUEST ? BER_OCTETS : BER_SEQUENCE;
    uint32_t length;
    return ber_skip(c, BER_OCTETS) && (c->ran_short || ber_enter(c, next, &length));
}

static bool is_operation(struct cursor *c, uint8_t operation, uint32_t length)
{
    uint32_t inner;
    switch (operation) {
    case BIND_REQUEST:
        return is_bind(c);
    case SEARCH_REQUEST:
        return is_search(c);
    case SEARCH_ENTRY:
    case 0x66: /* modify */
    case 0x68: /* add */
    case MODIFY_DN_REQUEST:
    case 0x6e: /* compare */
        return is_named(c, operation);
    case BIND_RESPONSE:
    case 0x65: /* the other results */
    case 0x67:
    case 0x69:
    case 0x6b:
    case 0x6d:
    case 0x6f:
    case EXTENDED_RESPONSE:
        return is_result(c);
    case EXTENDED_REQUEST:
        if (!ber_enter(c, REQUEST_NAME, &inner))
            return false;
        inner = cursor_u8(c); /* an OID in digits */
        return c->ran_short || (inner >= '0' && inner <= '2');
    case SEARCH_REFERENCE:
        return ber_enter(c, BER_OCTETS, &inner) && (c->ran_short || inner <= length);
    case INTERMEDIATE_RESPONSE: /* section 4.13 */
        inner = cursor_u8(c);
        return c->ran_short || inner == 0x80 || inner == 0x81;
    case UNBIND_REQUEST:
        return length == 0;
    case ABANDON_REQUEST:
        return length >= 1 && length <= 4;
    case DELETE_REQUEST:
        return length > 0;
    default:
        return false;
    }
}

/* Up to the operation's first elements. Short ones (unbind, abandon, delete) say too little:
 * *is_weak. */
static bool message(struct cursor *c, uint32_t *end, bool *is_weak)
{
    uint32_t id, length;
    if (!ber_enter(c, BER_SEQUENCE, &length))
        return false;
    if (c->ran_short)
        return true;
    *end = c->at + length;
    if (length < 5 || length > SIZE_LIMIT || !ber_integer(c, &id))
        return false;
    uint8_t operation = cursor_u8(c);
    if (c->ran_short)
        return true;
    *is_weak = (operation & 0xe0) == 0x40;
    if (!ber_length(c, &length) || (!c->ran_short && c->at + length > *end))
        return false;
    if (c->ran_short)
        return true;
    if (c->at + length != *end && c->at + length + 2 > *end) /* room for controls or nothing */
        return false;
    return id <= INT32_MAX && is_operation(c, operation, length);
}

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    bool is_weak = false;
    uint32_t end = 0;
    if (!message(&c, &end, &is_weak) || c.ran_short)
        return NO;
    if (end > c.size && !is_cut(in, &c))
        return NO;
    if (end < c.size) { /* an entry, then the result, in one datagram */
        cursor_seek(&c, end);
        uint32_t last = 0;
        if (!message(&c, &last, &is_weak) || c.ran_short)
            return NO;
    }
    return is_weak ? likely(in, "short request", &c) : yes(in, "message", &c);
}

/* After a bind that seals, each message is a size (RFC 4422 section 3.7) and a wrap token of RFC
 * 4121 section 4.2.6.2: 05 04, flags, ff, two counts, a sequence number. */
static enum answer judge_sealed(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u32(&c);
    uint16_t token = cursor_u16(&c);
    uint8_t flags = cursor_u8(&c), filler = cursor_u8(&c);
    uint16_t extra = cursor_u16(&c), rotation = cursor_u16(&c);
    uint32_t sequence = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_token = token == 0x0504 && flags <= 7 && filler == 0xff && extra <= 64 &&
                    rotation <= 64 && sequence <= 1;
    return is_token && size >= 16 && size <= SIZE_LIMIT ? likely(in, "sealed message", &c) : NO;
}

static enum answer judge_stream(struct inspection *in, struct cursor c)
{
    bool is_weak = false;
    uint32_t end = 0;
    if (cursor_peek(&c, 0) == 0)
        return judge_sealed(in, c);
    if (!message(&c, &end, &is_weak))
        return NO;
    if (c.ran_short) /* by then two lengths agree */
        return c.size >= 14 ? likely_at_end(in, "message", &c) : short_of(in, &c);
    return is_weak ? likely(in, "short request", &c) : yes(in, "message", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    return is_udp(in) ? judge_datagram(in, c) : judge_stream(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

/* SEQUENCE, a length of one to five bytes, INTEGER of one to four bytes. */
static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x30\0\x02\0", "\xff\x80\xff\xf8"),
    SIGNATURE_MASKED(0, "\x30\x81\0\x02\0", "\xff\xff\0\xff\xf8"),
    SIGNATURE_MASKED(0, "\x30\x82\0\0\x02\0", "\xff\xff\0\0\xff\xf8"),
    SIGNATURE_MASKED(0, "\x30\x83\0\0\0\x02\0", "\xff\xff\0\0\0\xff\xf8"),
    SIGNATURE_MASKED(0, "\x30\x84\0\0\0\0\x02\0", "\xff\xff\xfe\0\0\0\xff\xf8"),
    {.transports = OVER_TCP,
     .size = 8,
     .bytes = "\0\0\0\0\x05\x04\0\xff",
     .mask = "\xff\0\0\0\xff\xff\xf8\xff"},
};

const struct cdpi_protocol cdpi_protocol_ldap = {
    .name = "LDAP",
    .reference = "RFC 4511 section 4, [MS-ADTS] section 6.3.3",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_DIRECTORY,
    .tcp_ports = PORTS(389, 3268),
    .udp_ports = PORTS(389),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow_starttls, /* RFC 4511 section 4.14 */
};
