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
    ENOUGH = 3,             /* further datagrams that agree */
    LIKELY_FROM = 2
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
    return first >> 6 == VERSION && !(p->type >= FIRST_RTCP && p->type <= LAST_RTCP) && p->source;
}

static bool follows(const struct packet *a, const struct packet *b)
{
    uint16_t step = (uint16_t)(b->sequence - a->sequence);
    return a->source == b->source && a->type == b->type && step >= 1 && step <= STEP_LIMIT &&
           b->time - a->time <= TIME_LIMIT;
}

/* How many datagrams of this side follow another; -1 where one is neither RTP nor RTCP. Telephone
 * events and redundancy change the type (RFC 4733), so such a change does not count, but is borne
 * with. */
static int count_following(const struct inspection *in, uint8_t side, uint32_t *moved)
{
    struct packet last = {0}, next;
    bool has_last = false;
    int count = 0;
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor d = inspection_datagram(in, i);
        if (d.side != side || is_rtcp(d))
            continue;
        if (d.size < HEADER || !read_packet(d, in->datagrams[i].cut, &next))
            return -1;
        if (has_last && follows(&last, &next)) {
            count++;
            *moved |= next.time - last.time;
        } else if (has_last && next.source != last.source) {
            return -1;
        }
        last = next;
        has_last = true;
    }
    return count;
}

static enum answer validate(struct inspection *in)
{
    uint32_t moved = 0;
    int client = count_following(in, CLIENT, &moved);
    int server = client < 0 ? -1 : count_following(in, SERVER, &moved);
    if (client < 0 || server < 0)
        return NO;
    struct cursor c = client >= server ? in->client : in->server;
    cursor_skip(&c, HEADER);
    int most = client > server ? client : server;
    if (most >= ENOUGH && moved)
        return yes(in, "stream of one source", &c);
    if (most >= LIKELY_FROM && moved)
        return likely(in, "stream of one source", &c);
    return in->is_final || in->datagram_count >= 8 ? NO : MORE;
}

static const struct signature signatures[] = {
    {.size = 1, .bytes = "\x80", .mask = "\xe0", .min_size = HEADER + 1},
};

const struct cdpi_protocol cdpi_protocol_rtp = {
    .name = "RTP",
    .reference = "RFC 3550 section 5.1",
    .transports = OVER_UDP,
    .category = CATEGORY_STREAMING,
    .is_one_sided = true,
    SIGNATURES(signatures),
    .validate = validate,
};
