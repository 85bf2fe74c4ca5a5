/* SPDX-License-Identifier: MIT */
/*
 * DTLS 1.0, 1.2, and 1.3's first flight, RFC 6347 section 4.1, RFC 9147 section 4:
 *
 *     type(1) version(2) epoch(2) sequence(6) length(2)
 *
 * Records fill the datagram. A handshake record of epoch 0 holds a message with its own length and
 * fragment (section 4.2.2). A connection's identifier, RFC 9146, stands before the length of
 * records of type 25.
 *
 * 1.3's later records are bits and encrypted numbers (RFC 9147 section 4, "unified header"): told
 * only behind a record in the clear, as a server's first datagram has them.
 */
#include "framing/tls.h"
#include "protocols/protocol.h"

enum {
    RECORD_HEADER = 13,
    LAST_HANDSHAKE = 24,
    EPOCH_LIMIT = 16,
    TRAILER = 16,
    MESSAGE_LIMIT = 0x20000,
    HELLO_REQUEST = 0,
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    HELLO_VERIFY = 3,
    UNIFIED = 0x20, /* three bits 001; then C, S, L and two of the epoch */
    UNIFIED_MASK = 0xe0,
    HAS_ID = 0x10,
    HAS_LONG_SEQUENCE = 8,
    HAS_LENGTH = 4,
    LEAST_SEALED = 17, /* a type and a tag */
    ID_LIMIT = 32
};
static const uint16_t BEFORE_STANDARD = 0x100;

/* Section 4.2.2: type(1) length(3) sequence(2) offset(3) fragment length(3); the fragment fills the
 * record, or others follow it. */
static bool is_handshake(struct cursor body, bool is_cut)
{
    while (cursor_left(&body) > 0) {
        uint8_t type = cursor_u8(&body);
        uint32_t length = cursor_u24(&body);
        cursor_skip(&body, 2);
        uint32_t offset = cursor_u24(&body);
        uint32_t fragment = cursor_u24(&body);
        if (body.ran_short)
            return is_cut;
        if (type > LAST_HANDSHAKE || length > MESSAGE_LIMIT || offset + fragment > length)
            return false;
        if (!cursor_skip(&body, fragment))
            return is_cut;
    }
    return true;
}

/* One octet; before the standard a message's number too. */
static bool is_change(const struct dtls_record *r)
{
    return r->length == 1 || (r->length == 3 && r->version == BEFORE_STANDARD);
}

static bool is_body(const struct dtls_record *r, struct cursor body, bool is_cut)
{
    if (r->epoch > 0)
        return r->type == TLS_CHANGE_CIPHER ? is_change(r) : r->length >= 9;
    switch (r->type) {
    case TLS_HANDSHAKE:
        return r->length >= 12 && is_handshake(body, is_cut);
    case TLS_ALERT:
        return r->length == 2;
    case TLS_CHANGE_CIPHER:
        return is_change(r);
    case TLS_HEARTBEAT: /* RFC 6520 section 4: asked or answered, in whatever epoch */
        return r->length >= 3 && (cursor_peek(&body, 0) == 1 || cursor_peek(&body, 0) == 2);
    case DTLS_ACK: /* a list of numbers of records, each of 16 octets */
        return r->length % 16 == 2 && cursor_peek_u16(&body, 0) + 2u == r->length;
    default:
        return false;
    }
}

/* RFC 9147 section 4: the rest of the datagram in records that a unified header begins. What an
 * identifier's size is, is not told: such a record is taken for the last one. */
static bool pass_unified(struct cursor *c, bool is_cut)
{
    while (cursor_left(c) > 0) {
        uint8_t bits = cursor_u8(c);
        if ((bits & UNIFIED_MASK) != UNIFIED)
            return false;
        cursor_skip(c, bits & HAS_LONG_SEQUENCE ? 2 : 1);
        bool has_size = bits & HAS_LENGTH && !(bits & HAS_ID);
        uint32_t size = has_size ? cursor_u16(c) : cursor_left(c);
        if (!c->ran_short && size < LEAST_SEALED)
            return is_cut && !has_size;
        if (!cursor_skip(c, size))
            return is_cut;
    }
    return true;
}

/* RFC 9146 section 4: type 25, version, epoch, sequence, an identifier of an agreed size, a length
 * that must be the rest's. */
static enum answer judge_identified(struct inspection *in, struct cursor c)
{
    uint8_t type = cursor_u8(&c);
    uint16_t version = cursor_u16(&c), epoch = cursor_u16(&c), sequence = cursor_u16(&c);
    cursor_skip(&c, 4 + 1);
    if (c.ran_short || type != DTLS_CONNECTION_ID || version != 0xfefd || epoch == 0 ||
        epoch > EPOCH_LIMIT || sequence > 0xff)
        return NO;
    for (unsigned size = 1; size <= ID_LIMIT && cursor_left(&c) >= 2; size++, cursor_skip(&c, 1)) {
        uint32_t length = cursor_peek_u16(&c, 0);
        if (length >= LEAST_SEALED && length <= TLS_RECORD_LIMIT &&
            fills_datagram(in, &c, c.at + 2 + length))
            return yes(in, "record with an identifier", &c);
    }
    return NO;
}

/* Each record's header is worth 14 bits of version, 16 of a length that fits, and what its counters
 * leave at zero: 12 bits of epoch, 16 of sequence. */
static enum answer judge_records(struct inspection *in, struct cursor c)
{
    struct dtls_record r = {0};
    unsigned records = 0;
    const char *rule = "record";
    uint32_t sound_end = 0;
    bool is_clear = false; /* the last record's epoch */
    while (cursor_left(&c) > 0) {
        if (!dtls_record(&c, &r) || c.ran_short)
            break;
        struct cursor body = c;
        bool whole = cursor_skip(&c, r.length);
        if (!whole)
            body.size = c.size;
        else
            body.size = c.at;
        if ((!whole && !is_cut(in, &c)) || r.epoch > EPOCH_LIMIT || r.sequence >> 40 ||
            !is_body(&r, body, is_cut(in, &c)))
            return NO;
        if (records == 0 && r.type == TLS_HANDSHAKE && r.epoch == 0)
            rule = "handshake record";
        records++;
        sound_end = c.at;
        is_clear = r.epoch == 0;
    }
    struct cursor sealed = c;
    sealed.at = sound_end;
    sealed.ran_short = false;
    if (is_clear && pass_unified(&sealed, is_cut(in, &c)))
        return yes(in, rule, &sealed);
    bool is_over = cursor_left(&c) == 0 || is_cut(in, &c);
    if (records > 0 && !is_over && c.size - sound_end <= TRAILER)
        return likely(in, rule, &c); /* what filled the datagram up */
    return records > 0 && is_over ? yes(in, rule, &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    enum answer answer = judge_records(in, c);
    return answer == NO && cursor_peek(&c, 0) == DTLS_CONNECTION_ID ? judge_identified(in, c)
                                                                    : answer;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 3, .bytes = "\x10\xfe\xfd", .mask = "\xf0\xff\xff", .min_size = RECORD_HEADER + 1},
    {.size = 3, .bytes = "\x10\xfe\xff", .mask = "\xf0\xff\xff", .min_size = RECORD_HEADER + 1},
    {.size = 5,
     .bytes = "\x10\x01\0\0\0",
     .mask = "\xf0\xff\xff\xff\xfe",
     .min_size = RECORD_HEADER + 1},
};

const struct cdpi_protocol cdpi_protocol_dtls = {
    .name = "DTLS",
    .reference = "RFC 6347 section 4, RFC 9146 section 4, RFC 9147 section 4",
    .transports = OVER_UDP,
    .category = CATEGORY_SECURITY,
    .is_encrypted = true,
    .udp_ports = PORTS(4433, 2221),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
