/* SPDX-License-Identifier: MIT */
/*
 * TLS and SSL 3.0, RFC 8446 section 5, RFC 5246 section 6, RFC 6101; hellos of SSL 2.0, RFC 5246
 * appendix E.2.
 *
 * Records follow each other, whose types, versions and lengths hold. A hello is read through its
 * records, however it is cut into them. What each record meets is weighed, so that one that is
 * joined in the middle is known by its chain of records.
 */
#include "framing/tls.h"
#include "protocols/protocol.h"

enum {
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    SSL2_CLIENT_HELLO = 1,
    SSL2_SERVER_HELLO = 4,
    HELLO_LIMIT = 0x20000,
    BITS_HEADER = 22, /* five types, four versions, lengths below 0x4800 */
    BITS_APPLICATION = 25,
    BITS_END = 12
};

/* A handshake message across the records that carry it. */
struct handshake {
    struct cursor c;
    uint32_t left; /* in the record */
    bool is_broken;
    bool is_damaged; /* in its last part */
};

/* At the end of a record, goes on to the next. False: none follows, or none that is a handshake. */
static bool enter_record(struct handshake *h)
{
    struct tls_record r = {0};
    if (!tls_record(&h->c, &r) || (!h->c.ran_short && r.type != TLS_HANDSHAKE))
        h->is_broken = true;
    h->left = r.length;
    return !h->is_broken && !h->c.ran_short;
}

static uint8_t next_byte(struct handshake *h)
{
    if (h->left == 0 && !enter_record(h))
        return 0;
    uint8_t byte = cursor_u8(&h->c);
    if (!h->c.ran_short)
        h->left--;
    return byte;
}

static uint32_t next_number(struct handshake *h, unsigned width)
{
    uint32_t value = 0;
    while (width-- > 0)
        value = value << 8 | next_byte(h);
    return value;
}

static bool pass(struct handshake *h, uint32_t n)
{
    while (n > 0 && (h->left > 0 || enter_record(h))) {
        uint32_t step = n < h->left ? n : h->left;
        if (step > cursor_left(&h->c)) {
            cursor_skip(&h->c, cursor_left(&h->c));
            h->c.ran_short = true;
            break;
        }
        cursor_skip(&h->c, step);
        h->left -= step;
        n -= step;
    }
    return !h->is_broken;
}

static bool is_open(const struct handshake *h)
{
    return h->c.ran_short;
}

/* RFC 8446 section 4.1.2, from the cipher suites on; `left` bytes of the message. */
static bool client_tail(struct handshake *h, uint32_t left)
{
    uint32_t suites = next_number(h, 2);
    if (is_open(h))
        return true;
    if (suites < 2 || suites % 2 || suites + 4 > left || !pass(h, suites))
        return false;
    uint32_t methods = next_number(h, 1);
    if (is_open(h))
        return true;
    left -= suites + 3;
    if (methods < 1 || methods > left || !pass(h, methods))
        return false;
    left -= methods;
    if (left == 0 || is_open(h)) /* no extensions */
        return true;
    uint32_t extensions = next_number(h, 2);
    h->is_damaged = !is_open(h) && extensions != left - 2;
    return is_open(h) || left >= 2;
}

/* Section 4.1.3: suite, compression method, extensions. */
static bool server_tail(struct handshake *h, uint32_t left)
{
    if (left < 3 || !pass(h, 2))
        return false;
    uint32_t method = next_number(h, 1);
    if (is_open(h))
        return true;
    if (method > 1 && method != 64)
        return false;
    if (left == 3)
        return true;
    uint32_t extensions = next_number(h, 2);
    return is_open(h) || (left >= 5 && extensions == left - 5);
}

/* Version, random, session id, then each hello's own. */
static bool is_hello(struct handshake *h, uint32_t type, uint32_t length)
{
    uint32_t version = next_number(h, 2);
    if (length < 38 || length > HELLO_LIMIT)
        return false;
    if (!is_open(h) && !tls_is_version((uint16_t)version) && (version & 0xff00) != 0x7f00)
        return false;
    if (!pass(h, 32))
        return false;
    uint32_t session = next_number(h, 1);
    if (is_open(h))
        return true;
    if (session > 32 || session + 35 > length || !pass(h, session))
        return false;
    if (is_open(h))
        return true;
    length -= 35 + session;
    return type == CLIENT_HELLO ? client_tail(h, length) : server_tail(h, length);
}

/* The first record ends where its hello does, and the versions are some. */
static bool begins_whole(struct cursor c)
{
    struct tls_record r = {0};
    bool is_record = tls_record(&c, &r);
    cursor_skip(&c, 1);
    uint32_t length = cursor_u24(&c);
    uint16_t version = cursor_u16(&c);
    return is_record && !c.ran_short && length + 4 == r.length && tls_is_version(version);
}

/* A hello from the side's first byte. LIKELY from its session id on, for those that a capture
 * cuts. */
static enum answer judge_hello(struct inspection *in, struct cursor c, uint32_t wanted)
{
    struct handshake h = {.c = c};
    uint32_t type = next_number(&h, 1), length = next_number(&h, 3);
    if (h.is_broken || (h.c.at > 5 && type != wanted))
        return NO;
    /* A hello that came to harm: its sizes and version are right, what is inside is not. */
    if ((!is_open(&h) && !is_hello(&h, type, length)) || h.is_broken)
        return begins_whole(c) ? likely(in, "damaged hello", &c) : NO;
    const char *rule = wanted == CLIENT_HELLO ? "client hello" : "server hello";
    if (!is_open(&h))
        return h.is_damaged ? likely(in, rule, &h.c) : yes(in, rule, &h.c);
    return h.c.at >= 44 || (in->is_final && begins_whole(c)) ? likely(in, rule, &h.c)
                                                             : short_of(in, &h.c);
}

/* Section 7.4 of RFC 5246 and section 4 of RFC 8446: messages that stand first when a session is
 * joined late. After the change of ciphers the bytes say nothing. */
static unsigned handshake_bits(struct cursor body, uint32_t record)
{
    uint8_t type = cursor_u8(&body);
    uint32_t length = cursor_u24(&body);
    if (body.ran_short || type > 24 || length > HELLO_LIMIT)
        return 0;
    if (type == 14 || type == 0)
        return length == 0 ? 18 : 0;
    bool is_known =
        type == 4 || type == 8 || (type >= 11 && type <= 16) || type == 20 || type == 22;
    if (!is_known || length < 4)
        return 0;
    return length + 4 == record ? 18 : 0;
}

/* What a record meets beyond its header. The body may be there in part. */
static unsigned body_bits(const struct tls_record *r, struct cursor body)
{
    struct cursor start = body;
    uint8_t first = cursor_u8(&body);
    uint8_t second = cursor_u8(&body);
    switch (r->type) {
    case TLS_CHANGE_CIPHER: /* one byte, 1 */
        return r->length == 1 && first == 1 ? 24 : 0;
    case TLS_ALERT: /* level, description; else encrypted */
        return r->length == 2 && (first == 1 || first == 2) && second <= 120 ? 20 : 0;
    case TLS_HANDSHAKE:
        return handshake_bits(start, r->length);
    case TLS_HEARTBEAT: /* RFC 6520 section 4: request or response, a size, padding of 16 */
        return (first == 1 || first == 2) && r->length >= 3 ? 7 : 0;
    default:
        return 0;
    }
}

static bool is_impossible(const struct tls_record *r)
{
    if (r->type == TLS_CHANGE_CIPHER)
        return r->length != 1;
    if (r->type == TLS_ALERT)
        return r->length != 2 && (r->length < 18 || r->length > 256);
    return r->type == TLS_HANDSHAKE && r->length < 4;
}

/* Bits of the records from here on, until they are enough; -1 where one is none. *is_whole: the
 * last one ends where the bytes do. */
static int weigh_records(struct cursor *c, bool *is_whole)
{
    unsigned bits = 0;
    *is_whole = false;
    while (bits < BITS_FOR_YES) {
        struct tls_record r = {0};
        if (!tls_record(c, &r))
            return -1;
        if (c->ran_short)
            break;
        if (is_impossible(&r))
            return -1;
        bool is_plain = r.type == TLS_APPLICATION && r.version == 0x303;
        bits += is_plain ? BITS_APPLICATION : BITS_HEADER;
        bits += body_bits(&r, *c);
        *is_whole = r.length == cursor_left(c);
        if (!cursor_skip(c, r.length))
            break;
    }
    return (int)bits;
}

static enum answer judge_records(struct inspection *in, struct cursor c)
{
    bool is_whole;
    int bits = weigh_records(&c, &is_whole);
    if (bits < 0)
        return NO;
    if (bits < BITS_FOR_LIKELY && !in->is_final)
        return wants_more(in, &c);
    /* Nothing more comes: that the last record ends there tells too. */
    if (is_whole && bits < BITS_FOR_LIKELY)
        bits += BITS_END;
    return answer_by_bits(in, (unsigned)bits, "records", &c);
}

/* A record each way, of which neither says enough. */
static bool both_weigh_enough(const struct inspection *in)
{
    struct cursor client = in->client, server = in->server;
    bool is_whole;
    int asked = weigh_records(&client, &is_whole), answered = weigh_records(&server, &is_whole);
    return asked > 0 && answered > 0 && asked + answered >= BITS_FOR_YES;
}

/* RFC 5246 appendix E.2: the parts' lengths fill the record. */
static enum answer judge_ssl2(struct inspection *in, struct cursor c)
{
    uint32_t length = cursor_u16(&c) & 0x7fff;
    uint8_t type = cursor_u8(&c);
    uint16_t version = cursor_u16(&c);
    if (type == SSL2_SERVER_HELLO) { /* version holds: session hit, certificate's type */
        bool is_plain = version == 0x0001;
        version = cursor_u16(&c);
        uint32_t certificate = cursor_u16(&c), suites = cursor_u16(&c), id = cursor_u16(&c);
        if (c.ran_short)
            return short_of(in, &c);
        bool fits = is_plain && version == 2 && suites % 3 == 0 && id == 16 &&
                    length == 11 + certificate + suites + id;
        return fits ? yes(in, "SSL 2.0 server hello", &c) : NO;
    }
    uint32_t suites = cursor_u16(&c), session = cursor_u16(&c), challenge = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool fits = type == SSL2_CLIENT_HELLO && (version == 2 || tls_is_version(version)) &&
                suites > 0 && suites % 3 == 0 && (session == 0 || session == 16) &&
                challenge >= 16 && challenge <= 32 && length == 9 + suites + session + challenge;
    return fits ? yes(in, "SSL 2.0 client hello", &c) : NO;
}

static enum answer judge_side(struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) & 0x80)
        return judge_ssl2(in, c);
    if (cursor_peek(&c, 0) != TLS_HANDSHAKE)
        return judge_records(in, c);
    /* The first message's type stands behind the record's header. */
    int type = cursor_peek(&c, 5);
    if (type == CLIENT_HELLO || type == SERVER_HELLO)
        return judge_hello(in, c, (uint32_t)type);
    return judge_records(in, c);
}

static enum answer validate(struct inspection *in)
{
    /* Who was called may be the one that begins TLS; but not both. */
    int asked = cursor_peek(&in->client, 5), answered = cursor_peek(&in->server, 5);
    bool are_hellos = cursor_peek(&in->client, 0) == TLS_HANDSHAKE &&
                      cursor_peek(&in->server, 0) == TLS_HANDSHAKE;
    if (are_hellos && asked == answered && (asked == CLIENT_HELLO || asked == SERVER_HELLO))
        return NO;
    enum answer answer = judge_sides(in, judge_side, judge_side);
    if (answer != YES && both_spoke(in) && both_weigh_enough(in))
        return yes(in, "records both ways", &in->server);
    return answer;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x14\x03\x00\x00\x01\x01", "\xff\xff\xfc\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x15\x03\x00", "\xff\xff\xfc"),
    SIGNATURE_MASKED(0, "\x16\x03\x00", "\xff\xff\xfc"),
    SIGNATURE_MASKED(0, "\x17\x03\x00", "\xff\xff\xfc"),
    SIGNATURE_MASKED(0, "\x18\x03\x00", "\xff\xff\xfc"),
    SIGNATURE_MASKED(0, "\x80\x00\x01\x00\x02", "\x80\x00\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x80\x00\x01\x03\x00", "\x80\x00\xff\xff\xfc"),
    SIGNATURE_MASKED(0, "\x80\x00\x04\x00\x01\x00\x02", "\x80\x00\xff\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_tls = {
    .name = "TLS",
    .reference = "RFC 8446 section 5, RFC 5246 section 6 and appendix E.2",
    .transports = OVER_TCP,
    .category = CATEGORY_WEB,
    .is_encrypted = true,
    .tcp_ports = PORTS(443, 465, 563, 636, 853, 989, 990, 993, 995, 5223, 8443),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
