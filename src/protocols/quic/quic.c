/* SPDX-License-Identifier: MIT */
/*
 * QUIC. RFC 8999 (what all versions share), RFC 9000 section 17, RFC 9369; drafts; Google's of
 * before. A long header is
 *
 *     form, fixed bit, type(1) version(4) size(1) destination id, size(1) source id
 *
 * and in an Initial a token with its size, then the size of the rest. Google's versions to Q043
 * have a public header instead: flags(1) connection id(8) "Q0nn" packet number, and leave the version
 * out once it is agreed on: a flow joined then is told by a server's rejection (REJ, a list of tags in
 * clear), or by a connection id that comes back with a number that counts up. Packets with short
 * headers of later versions say nothing; flows that begin with one are not named.
 *
 * Nothing is decrypted: the versions that exist, the sizes that agree and the ids that come back
 * are enough.
 */
#include "protocols/protocol.h"

enum {
    LONG = 0x80,
    FIXED = 0x40,
    ID_LIMIT = 20,
    VERSION_1 = 1,
    VERSION_2 = 0x6b3343cf,
    INITIAL_LEAST = 1200, /* RFC 9000 section 14.1 */
    LEAST_TARGET = 8,
    GOOGLE_LEAST = 13,
    PUBLIC_VERSION = 0x01,
    PUBLIC_RESET = 0x02,
    PUBLIC_RESET_TAG = 0x50525354
};

/* How a version lays out its header. */
enum layout { UNKNOWN, INVARIANT, NIBBLES, PUBLIC };

static bool is_digits(uint32_t version)
{
    unsigned tens = (version >> 8 & 0xff) - '0', ones = (version & 0xff) - '0';
    return tens <= 9 && ones <= 9;
}

/* Registered versions (IANA) and those that were in use: drafts to 34, Facebook's mvfst, Google's
 * Q0nn and T05n. Drafts before 22, Q046 and T048 hold the ids' sizes in two halves of one byte. */
static enum layout layout_of(uint32_t version)
{
    if (version == VERSION_1 || version == VERSION_2 || version == 0x709a50c4)
        return INVARIANT;
    if ((version & 0xffffff00) == 0xff000000 && (version & 0xff) <= 34)
        return (version & 0xff) >= 22 ? INVARIANT : NIBBLES;
    if ((version & 0xfffffff0) == 0xfaceb000)
        return (version & 15) >= 2 ? INVARIANT : NIBBLES;
    if ((version & 0x0f0f0f0f) == 0x0a0a0a0a)
        return INVARIANT; /* RFC 9000 section 15: exercises version negotiation */
    uint32_t letters = version >> 16;
    if ((letters != 0x5130 && letters != 0x5430) || !is_digits(version)) /* "Q0", "T0" */
        return UNKNOWN;
    uint32_t number = ((version >> 8 & 15) * 10) + (version & 15);
    return number >= 50 ? INVARIANT : number >= 44 ? NIBBLES : PUBLIC;
}

struct header {
    uint8_t first;
    uint32_t version;
    struct cursor target, source;
};

static uint32_t nibble_size(unsigned nibble)
{
    return nibble ? nibble + 3 : 0;
}

/* The header up to the ids. */
static bool read_header(struct cursor *c, struct header *h, enum layout layout)
{
    uint32_t sizes[2];
    h->first = cursor_u8(c);
    h->version = cursor_u32(c);
    sizes[0] = cursor_u8(c);
    if (layout == NIBBLES) {
        sizes[1] = nibble_size(sizes[0] & 15);
        sizes[0] = nibble_size(sizes[0] >> 4);
        h->target = cursor_take(c, sizes[0]);
    } else {
        if (sizes[0] > ID_LIMIT)
            return false;
        h->target = cursor_take(c, sizes[0]);
        sizes[1] = cursor_u8(c);
        if (sizes[1] > ID_LIMIT)
            return false;
    }
    h->source = cursor_take(c, sizes[1]);
    return !c->ran_short;
}

/* RFC 9000 section 16. */
static uint64_t variable(struct cursor *c)
{
    int first = cursor_peek(c, 0);
    switch (first >> 6) {
    case 0:
        return cursor_u8(c);
    case 1:
        return cursor_u16(c) & 0x3fffu;
    case 2:
        return cursor_u32(c) & 0x3fffffffu;
    case 3:
        return cursor_u64(c) & 0x3fffffffffffffffu;
    default:
        c->ran_short = true;
        return 0;
    }
}

/* Section 17.2: types 0 Initial, 1 0-RTT, 2 Handshake, 3 Retry; version 2 counts from 1. */
static unsigned long_type(const struct header *h)
{
    unsigned type = h->first >> 4 & 3;
    return h->version == VERSION_2 ? (type + 3) & 3 : type;
}

/* The sizes after the ids hold within the datagram. Google's Initials before T050 have none. */
static bool sizes_hold(const struct inspection *in, const struct header *h, struct cursor c)
{
    unsigned type = long_type(h);
    bool is_google = h->version >> 24 == 'Q';
    if (type == 3)
        return cursor_left(&c) >= 16 || is_cut(in, &c);
    if (is_google)
        return cursor_left(&c) >= 16 || is_cut(in, &c);
    if (type == 0) {
        uint64_t token = variable(&c);
        if (token > cursor_left(&c))
            return is_cut(in, &c) && token < 1500;
        cursor_skip(&c, (uint32_t)token);
    }
    uint64_t rest = variable(&c);
    if (c.ran_short)
        return is_cut(in, &c);
    return rest >= 20 && (rest <= cursor_left(&c) || (is_cut(in, &c) && rest <= 65535));
}

/* Section 17.2.1: versions to choose from, four bytes each, to the end. The source is the target
 * of the client, which has eight bytes or more (section 7.2). */
static enum answer judge_negotiation(struct inspection *in, struct cursor c)
{
    struct header h;
    if (!read_header(&c, &h, INVARIANT) || h.source.size < LEAST_TARGET || cursor_left(&c) < 4 ||
        cursor_left(&c) % 4)
        return NO;
    unsigned known = 0, all = cursor_left(&c) / 4;
    while (cursor_left(&c) >= 4)
        known += layout_of(cursor_u32(&c)) != UNKNOWN;
    return known * 2 >= all && known > 0 ? yes(in, "version negotiation", &c) : NO;
}

static const char *rule_of(const struct header *h)
{
    static const char *const rules[] = {"Initial", "0-RTT", "Handshake", "Retry"};
    return rules[long_type(h)];
}

static enum answer judge_long(struct inspection *in, struct cursor c, enum layout layout)
{
    struct header h;
    if (!read_header(&c, &h, layout) || h.target.size + h.source.size == 0)
        return NO;
    if (layout == INVARIANT && !sizes_hold(in, &h, c))
        return NO;
    /* A client's first Initial fills 1200 bytes, and chooses an id of 8 at least (section 7.2). */
    bool is_initial = c.side == CLIENT && long_type(&h) == 0 && !is_cut(in, &c);
    if (is_initial && c.size < 64)
        return NO;
    return yes(in, rule_of(&h), &c);
}

/* Google's first versions: flags(1) connection id(8) version(4). */
static enum answer judge_public(struct inspection *in, struct cursor c)
{
    uint8_t flags = cursor_u8(&c);
    cursor_skip(&c, 8);
    uint32_t version = cursor_u32(&c);
    bool is_client = (flags & (LONG | FIXED | PUBLIC_RESET)) == 0 && flags & PUBLIC_VERSION;
    if (c.ran_short || !is_client || layout_of(version) != PUBLIC || cursor_left(&c) < 1)
        return NO;
    return yes(in, "public header", &c);
}

/* Google's reset: flags(1) connection id(8) "PRST" tags. */
static bool is_public_reset(const struct cursor *c)
{
    int first = cursor_peek(c, 0);
    return (first & (LONG | FIXED)) == 0 && first & PUBLIC_RESET &&
           cursor_peek_u32(c, 9) == PUBLIC_RESET_TAG;
}

/* A tag of a few capitals or digits, filled up with zeros, as a crypto message's list has them. */
static bool is_tag(uint32_t tag)
{
    uint8_t first = (uint8_t)(tag >> 24), second = (uint8_t)(tag >> 16);
    return first >= 'A' && first <= 'Z' && second >= 'A' && second <= 'Z' && (tag & 0xff) == 0;
}

/* Google's crypto messages: tag, how many entries(2, low byte first), zeros(2), then each entry's tag
 * and where its value ends. A rejection stands behind the header, a hash of 12 bytes and frames. */
static bool is_rejection(struct cursor c)
{
    enum { WITHIN = 48, MOST_ENTRIES = 32 };
    int first = cursor_peek(&c, 0);
    int32_t at = cursor_find_text(&c, "REJ\0", WITHIN);
    if (at < 0 || first & (LONG | FIXED | PUBLIC_VERSION | PUBLIC_RESET))
        return false;
    cursor_skip(&c, (uint32_t)at + 4);
    uint16_t entries = cursor_le16(&c), zeros = cursor_u16(&c);
    return entries > 0 && entries <= MOST_ENTRIES && zeros == 0 && is_tag(cursor_u32(&c));
}

/* What a packet of Google's without a version says: its connection, and its number, low byte first. */
struct numbered {
    uint64_t connection, number;
    uint8_t flags;
};

static bool read_numbered(struct cursor c, struct numbered *n)
{
    enum {
        HAS_CONNECTION = 0x08,
        SIZE = 0x30,
        NONCE = 0x04
    }; /* or, in older ones, the id's size */
    static const uint8_t sizes[] = {1, 2, 4, 6};
    n->flags = cursor_u8(&c);
    n->connection = cursor_u64(&c);
    n->number = 0;
    for (unsigned i = 0; i < sizes[(n->flags & SIZE) >> 4]; i++)
        n->number |= (uint64_t)cursor_u8(&c) << 8 * i;
    return (n->flags & ~(SIZE | NONCE)) == HAS_CONNECTION && cursor_left(&c) >= 12;
}

/* Random bytes: hardly any that is zero, or the one before it again. */
static bool is_random(uint64_t bytes)
{
    unsigned odd = 0;
    for (unsigned i = 0; i < 8; i++, bytes >>= 8)
        odd += (bytes & 0xff) == 0 || (bytes & 0xff) == (bytes >> 8 & 0xff);
    return odd <= 2;
}

/* The two newest packets with a connection: one connection, one side, numbers close to each other. */
static bool counts_up(const struct inspection *in, uint8_t *side)
{
    enum { GAP = 8 };
    struct numbered newest = {0}, n;
    unsigned known = 0;
    for (uint32_t i = in->datagram_count; i-- > 0;) {
        struct cursor c = inspection_datagram(in, i);
        if (!read_numbered(c, &n) || (known && c.side != *side))
            continue;
        if (known++) {
            uint64_t step = newest.number - n.number;
            return n.connection == newest.connection && n.flags == newest.flags && step >= 1 &&
                   step <= GAP && is_random(n.connection);
        }
        newest = n;
        *side = c.side;
    }
    return false;
}

/* A packet that can be the answer, which leaves the connection out. */
static bool is_answered(const struct inspection *in, uint8_t side)
{
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor c = inspection_datagram(in, i);
        if (c.side != side && (cursor_peek(&c, 0) & 0xcb) == 0 && c.size >= GOOGLE_LEAST)
            return true;
    }
    return false;
}

/* What may follow in a flow that has said its version: a short header, or Google's flags without
 * one. */
static bool may_follow(struct cursor c, bool is_public)
{
    int first = cursor_peek(&c, 0);
    if (is_public)
        return (first & (LONG | FIXED | PUBLIC_VERSION)) == 0;
    return (first & LONG) == 0; /* the fixed bit may be greased, RFC 9287 */
}

/* YES for what tells itself, MORE for what may follow it, else NO. */
static enum answer judge(struct inspection *in, struct cursor c, bool other_is_public)
{
    int first = cursor_peek(&c, 0);
    uint32_t version = cursor_peek_u32(&c, 1);
    if (first & LONG && version == 0)
        return judge_negotiation(in, c);
    if (first & LONG)
        return layout_of(version) == UNKNOWN || layout_of(version) == PUBLIC
                   ? NO
                   : judge_long(in, c, layout_of(version));
    if (is_public_reset(&c))
        return answer_at(in, YES, "public reset", (enum side)c.side, 0, GOOGLE_LEAST);
    if (first & PUBLIC_VERSION && judge_public(in, c) == YES)
        return YES;
    if (is_rejection(c))
        return answer_at(in, YES, "rejection", (enum side)c.side, 0, GOOGLE_LEAST);
    return may_follow(c, other_is_public) ? MORE : NO;
}

static bool is_public(const struct cursor *c)
{
    return !(cursor_peek(c, 0) & LONG) && layout_of(cursor_peek_u32(c, 9)) == PUBLIC;
}

/* Where both headers are long, the client's source is the server's target (section 7.2). */
static bool ids_agree(const struct inspection *in)
{
    struct header client, server;
    struct cursor a = in->client, b = in->server;
    if (!(cursor_peek(&a, 0) & LONG) || !(cursor_peek(&b, 0) & LONG))
        return true;
    enum layout layout = layout_of(cursor_peek_u32(&a, 1));
    if (layout != layout_of(cursor_peek_u32(&b, 1)) && cursor_peek_u32(&b, 1) != 0)
        return true; /* versions changed on the way, RFC 9368 */
    if (!read_header(&a, &client, layout) || !read_header(&b, &server, layout))
        return true;
    return client.source.size == server.target.size &&
           cursor_starts(&server.target, client.source.data, client.source.size);
}

static enum answer judge_both(struct inspection *in)
{
    enum answer client = in->client.size ? judge(in, in->client, is_public(&in->server)) : MORE;
    if (client == NO)
        return NO;
    const char *rule = in->rule;
    enum answer server = in->server.size ? judge(in, in->server, is_public(&in->client)) : MORE;
    if (server == NO || (client != YES && server != YES))
        return NO;
    if (client == YES)
        answer_at(in, YES, rule, CLIENT, 0, in->evidence_size);
    if (both_spoke(in) && !ids_agree(in))
        return answer_at(in, LIKELY, in->rule, (enum side)in->evidence_side, 0, in->evidence_size);
    return YES;
}

static enum answer validate(struct inspection *in)
{
    uint8_t side = CLIENT;
    enum answer answer = judge_both(in);
    if (answer != NO || !counts_up(in, &side))
        return answer;
    if (!is_answered(in, side))
        return wants(in, side == CLIENT ? SERVER : CLIENT, 1);
    return answer_at(in, LIKELY, "connection that counts up", (enum side)side, 0, 10);
}

static const struct signature signatures[] = {
    {.size = 5, .bytes = "\x80\0\0\0\x01", .mask = "\x80\xff\xff\xff\xff", .min_size = 21},
    {.size = 5, .bytes = "\x80\x6b\x33\x43\xcf", .mask = "\x80\xff\xff\xff\xff"},
    {.size = 5, .bytes = "\xc0\x70\x9a\x50\xc4", .mask = "\xc0\xff\xff\xff\xff"},
    {.size = 5, .bytes = "\x80\xff\0\0\0", .mask = "\x80\xff\xff\xff\xc0"},
    {.size = 5, .bytes = "\x80\xfa\xce\xb0\0", .mask = "\x80\xff\xff\xff\xf0"},
    {.size = 5,
     .bytes = "\xc0\x0a\x0a\x0a\x0a",
     .mask = "\xc0\x0f\x0f\x0f\x0f",
     .min_size = INITIAL_LEAST},
    {.size = 5, .bytes = "\x80Q000", .mask = "\x80\xff\xff\xf0\xf0"},
    {.size = 5, .bytes = "\x80T000", .mask = "\x80\xff\xff\xf0\xf0"},
    {.size = 5, .bytes = "\x80\0\0\0\0", .mask = "\x80\xff\xff\xff\xff", .min_size = 11},
    {.offset = 9, .size = 4, .bytes = "PRST", .max_size = 200},
    {.size = 1, .bytes = "\x08", .mask = "\xcb", .min_size = 22},
    {.size = GOOGLE_LEAST,
     .bytes = "\x09\0\0\0\0\0\0\0\0Q000",
     .mask = "\xcb\0\0\0\0\0\0\0\0\xff\xff\xf0\xf0",
     .min_size = GOOGLE_LEAST + 1},
};

const struct cdpi_protocol cdpi_protocol_quic = {
    .name = "QUIC",
    .reference = "RFC 8999, RFC 9000 section 17, RFC 9369; drafts; Google's crypto documents",
    .transports = OVER_UDP,
    .category = CATEGORY_WEB,
    .is_encrypted = true,
    .udp_ports = PORTS(443),
    SIGNATURES(signatures),
    .validate = validate,
};
