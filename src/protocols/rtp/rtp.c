/* SPDX-License-Identifier: MIT */
/*
 * RTP, RFC 3550 section 5.1:
 *
 *     version 2, padding, extension, count of sources(1) marker, payload type(1) sequence(2)
 *     timestamp(4) source(4), sources(4 each), extension: profile(2) words(2) ...
 *
 * Any two bits may be a version: what tells it are several datagrams of one side with one source
 * and one payload type, whose sequence goes up by ones and whose timestamps go up. RTCP may stand
 * between them (RFC 5761).
 */
#include "protocols/protocol.h"

enum {
    VERSION = 2,
    HEADER = 12,
    FIRST_RTCP = 72, /* payload types that would be RTCP's, RFC 5761 section 4 */
    LAST_RTCP = 76,
    STEP_LIMIT = 8,         /* datagrams that were lost between two */
    TIME_LIMIT = 90000 * 8, /* ticks between two */
    PCMU = 0,               /* RFC 3551 section 6 */
    GSM = 3,
    G723 = 4,
    PCMA = 8,
    G729 = 18,
    ENOUGH = 3, /* further datagrams that agree */
    LIKELY_FROM = 2,
    SOURCES = 3,            /* of one side: sound, picture, what repairs them (RFC 8843) */
    ZRTP_PREAMBLE = 0x1000, /* RFC 6189 section 5: in place of a version */
    ZRTP = 0x5a525450
};

struct packet {
    uint8_t type;
    uint16_t sequence;
    uint32_t time, source;
};

static bool is_rtcp(struct cursor c)
{
    uint8_t first = cursor_u8(&c), type = cursor_u8(&c);
    return first >> 6 == VERSION && type >= 192 && type <= 213;
}

static bool read_packet(struct cursor c, bool is_cut, struct packet *p)
{
    uint8_t first = cursor_u8(&c), second = cursor_u8(&c);
    p->type = second & 0x7f;
    p->sequence = cursor_u16(&c);
    p->time = cursor_u32(&c);
    p->source = cursor_u32(&c);
    cursor_skip(&c, (first & 15u) * 4);
    if (first & 0x10) {
        cursor_skip(&c, 2);
        uint32_t words = cursor_u16(&c);
        cursor_skip(&c, words * 4);
    }
    if (c.ran_short)
        return is_cut;
    return first >> 6 == VERSION && !(p->type >= FIRST_RTCP && p->type <= LAST_RTCP);
}

static bool follows(const struct packet *a, const struct packet *b)
{
    uint16_t step = (uint16_t)(b->sequence - a->sequence);
    return a->source == b->source && a->type == b->type && step >= 1 && step <= STEP_LIMIT &&
           b->time - a->time <= TIME_LIMIT;
}

/* What the datagrams of one side come to. */
struct count {
    struct packet last[SOURCES];
    int following[SOURCES];
    unsigned sources;
    bool has_moved;   /* the time */
    uint32_t control; /* the source that RTCP beside it has, 0 without */
};

/* Which source's it is; a new one's where there is room, else SOURCES. */
static unsigned source_of(struct count *count, const struct packet *p)
{
    for (unsigned i = 0; i < count->sources; i++) {
        if (count->last[i].source == p->source)
            return i;
    }
    return count->sources < SOURCES ? count->sources++ : SOURCES;
}

/* How many datagrams of this side follow another of the same source, the most of any source; -1
 * where one is neither RTP nor RTCP. Telephone events and redundancy change the type (RFC 4733), so
 * such a change does not count, but is borne with. */
static int count_following(const struct inspection *in, uint8_t side, struct count *count)
{
    struct packet next;
    int most = 0;
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor d = inspection_datagram(in, i);
        if (d.side != side)
            continue;
        if (is_rtcp(d)) {
            count->control = cursor_peek_u32(&d, 4);
            continue;
        }
        if (d.size < HEADER || !read_packet(d, in->datagrams[i].cut, &next))
            return -1;
        unsigned before = count->sources, which = source_of(count, &next);
        if (which == SOURCES)
            return -1;
        if (which < before && follows(&count->last[which], &next)) {
            most = ++count->following[which] > most ? count->following[which] : most;
            count->has_moved |= next.time != count->last[which].time;
        }
        count->last[which] = next;
    }
    /* Reports of the same source in the same flow say as much as two datagrams more. */
    for (unsigned i = 0; i < count->sources && count->control; i++) {
        if (count->last[i].source == count->control) {
            count->has_moved = true;
            return most + LIKELY_FROM;
        }
    }
    return count->sources > 1 && most < LIKELY_FROM ? -1 : most;
}

/* A source of zero, and a time that stands still, are sound but rare. */
static bool is_plain(const struct count *count)
{
    return count->has_moved && count->last[0].source != 0;
}

/* One datagram of 20 ms or so in a codec that has one size for that (RFC 3551 section 4.5): G.711,
 * GSM, G.723, G.729. */
static bool is_speech(struct cursor c)
{
    uint8_t first = cursor_u8(&c);
    unsigned type = cursor_u8(&c) & 0x7fu;
    uint32_t size = c.size - HEADER;
    cursor_skip(&c, 6);
    if (first != VERSION << 6 || cursor_u32(&c) == 0)
        return false;
    if (type == PCMU || type == PCMA)
        return size == 80 || size == 160 || size == 240;
    return (type == GSM && size == 33) || (type == G723 && (size == 20 || size == 24)) ||
           (type == G729 && size == 20);
}

/* All that there is: a datagram of one side, or one of each. */
static enum answer judge_single(struct inspection *in)
{
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor d = inspection_datagram(in, i);
        if (d.size <= HEADER || in->datagrams[i].cut || !is_speech(d) ||
            (i > 0 && d.side == inspection_datagram(in, 0).side))
            return NO;
    }
    struct cursor c = in->client.size ? in->client : in->server;
    cursor_skip(&c, HEADER);
    return in->datagram_count <= 2 ? likely(in, "a packet of speech", &c) : NO;
}

static enum answer judge_stream(struct inspection *in)
{
    struct count client = {0}, server = {0};
    int asked = count_following(in, CLIENT, &client);
    int answered = asked < 0 ? -1 : count_following(in, SERVER, &server);
    if (asked < 0 || answered < 0)
        return NO;
    struct cursor c = asked >= answered ? in->client : in->server;
    const struct count *better = asked >= answered ? &client : &server;
    cursor_skip(&c, HEADER);
    int most = asked > answered ? asked : answered;
    if (most >= ENOUGH && is_plain(better))
        return yes(in, "stream of one source", &c);
    if (most >= ENOUGH || (most >= LIKELY_FROM && is_plain(better)))
        return likely(in, "stream of one source", &c);
    /* All that there is: two that follow each other. */
    if (in->is_final && most > 0 && asked + answered + 1 >= (int)in->datagram_count - 1 &&
        is_plain(better))
        return likely(in, "two of one source", &c);
    /* Pieces of one picture have one time. */
    if (in->is_final && most >= LIKELY_FROM && better->last[0].source != 0 &&
        better->last[0].time != 0)
        return likely(in, "pieces of one picture", &c);
    if (in->is_final && most == 0)
        return judge_single(in);
    return in->is_final || in->datagram_count >= 8 ? NO : MORE;
}

/* ZRTP, which agrees on keys in RTP's place: preamble(2) sequence(2) "ZRTP" source(4) */
static enum answer judge_zrtp(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, HEADER);
    return cursor_peek_u16(&c, 0) == 0x505a ? yes(in, "ZRTP", &c) : NO;
}

static bool is_zrtp(const struct cursor *c)
{
    return cursor_peek_u16(c, 0) == ZRTP_PREAMBLE && cursor_peek_u32(c, 4) == ZRTP;
}

static enum answer validate(struct inspection *in)
{
    if (is_zrtp(&in->client))
        return judge_zrtp(in, in->client);
    return is_zrtp(&in->server) ? judge_zrtp(in, in->server) : judge_stream(in);
}

static const struct signature signatures[] = {
    {.size = 1, .bytes = "\x80", .mask = "\xc0", .min_size = HEADER + 1},
    {.offset = 4, .size = 4, .bytes = "ZRTP", .min_size = HEADER + 12},
};

const struct cdpi_protocol cdpi_protocol_rtp = {
    .name = "RTP",
    .reference = "RFC 3550 section 5.1, RFC 6189 section 5",
    .transports = OVER_UDP,
    .category = CATEGORY_STREAMING,
    .is_one_sided = true,
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
