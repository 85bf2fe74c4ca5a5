/* SPDX-License-Identifier: MIT */
/*
 * However a flow's bytes are cut up, shuffled, sent twice and overlapped, the verdict is that of
 * the bytes in order. Every case of every room is played as TCP segments or IP fragments, by seed.
 *
 *     shuffle_test FOLDER [DRAWS]             cases, so many draws each
 *     shuffle_test CAPTURE.pcap... [DRAWS]    recorded flows, so many draws a protocol
 */
#include <cdpi/capture.h>

#include <stdlib.h>
#include <string.h>

#include "decode/packet.h"
#include "support/cases.h"
#include "support/check.h"
#include "support/packets.h"

enum { TCP = 6, UDP = 17, ETHERNET = 14, IPV4 = 20, IPV6 = 40, PIECES = 40, LONGEST = 1400 };
enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };

struct run {
    struct cdpi *engine;
    struct cdpi_options options;
    uint64_t time, seed;
    uint32_t id;                 /* of fragments; used again after 65536 datagrams only */
    struct cdpi_verdict verdict; /* of the flow that ended last */
    unsigned ended, draws;
};

static uint32_t draw(struct run *run, uint32_t below)
{
    run->seed = run->seed * 6364136223846793005u + 1442695040888963407u;
    return below ? (uint32_t)(run->seed >> 33) % below : 0;
}

static void hear(void *context, enum cdpi_event event, struct cdpi_flow *flow,
                 const struct cdpi_verdict *verdict)
{
    struct run *run = context;
    struct cdpi_flow_info info;
    cdpi_flow_info(flow, &info);
    if (event != CDPI_EVENT_ENDED || info.tunnel)
        return;
    run->verdict = *verdict;
    run->ended++;
}

static void feed(struct run *run, const struct frame *f)
{
    run->time += 100;
    struct cdpi_frame frame = as_frame(f, run->time);
    CHECK(cdpi_feed(run->engine, &frame, 1) == CDPI_OK);
}

/* ---- pieces ------------------------------------------------------------------------------ */

struct piece {
    uint32_t from, to;
};

/* Cuts [0, size) in pieces of a multiple of `unit` bytes, shuffles them, and adds some that overlap
 * those. */
static unsigned cut_up(struct run *run, uint32_t size, uint32_t unit, struct piece *pieces)
{
    unsigned count = 0, most = 2 + draw(run, 5);
    for (uint32_t at = 0; at < size;) {
        uint32_t step = (1 + draw(run, (2 * size / most) / unit + 1)) * unit;
        uint32_t to = step > LONGEST ? at + LONGEST / unit * unit : at + step;
        if (to > size || count == PIECES / 2)
            to = size;
        pieces[count++] = (struct piece){at, to};
        at = to;
    }
    unsigned extra = count > 1 ? draw(run, 3) : 0, cut = count; /* whole twice is two */
    for (unsigned i = 0; i < extra; i++) {
        struct piece p = pieces[draw(run, cut)];
        if (p.from >= unit && draw(run, 2))
            p.from -= unit;
        if (p.from > 0 || p.to < size)
            pieces[count++] = p;
    }
    for (unsigned i = count; i > 1; i--) {
        unsigned j = draw(run, i);
        struct piece p = pieces[i - 1];
        pieces[i - 1] = pieces[j];
        pieces[j] = p;
    }
    return count;
}

/* ---- fragments --------------------------------------------------------------------------- */

static void build_fragment(struct frame *f, const struct frame *whole, struct piece p, bool is_v6,
                           uint32_t id)
{
    uint32_t header = ETHERNET + (is_v6 ? IPV6 : IPV4), size = whole->size - header;
    bool more = p.to < size;
    f->size = 0;
    frame_add(f, whole->bytes, header);
    if (is_v6) {
        uint32_t length = p.to - p.from + 8;
        f->bytes[ETHERNET + 4] = (uint8_t)(length >> 8);
        f->bytes[ETHERNET + 5] = (uint8_t)length;
        f->bytes[ETHERNET + 6] = 44;
        frame_u8(f, whole->bytes[ETHERNET + 6]);
        frame_u8(f, 0);
        frame_u16(f, (uint16_t)(p.from | more));
        frame_u32(f, id);
    } else {
        uint32_t length = p.to - p.from + IPV4, field = p.from / 8 | (more ? 0x2000u : 0);
        f->bytes[ETHERNET + 2] = (uint8_t)(length >> 8);
        f->bytes[ETHERNET + 3] = (uint8_t)length;
        f->bytes[ETHERNET + 4] = (uint8_t)(id >> 8);
        f->bytes[ETHERNET + 5] = (uint8_t)id;
        f->bytes[ETHERNET + 6] = (uint8_t)(field >> 8);
        f->bytes[ETHERNET + 7] = (uint8_t)field;
    }
    frame_add(f, whole->bytes + header + p.from, p.to - p.from);
}

static void feed_fragments(struct run *run, const struct frame *whole, bool is_v6)
{
    struct piece pieces[PIECES];
    uint32_t size = whole->size - ETHERNET - (is_v6 ? IPV6 : IPV4), id = ++run->id & 0xffff;
    unsigned count = cut_up(run, size, 8, pieces);
    for (unsigned i = 0; i < count; i++) {
        struct frame f;
        build_fragment(&f, whole, pieces[i], is_v6, id);
        feed(run, &f);
    }
}

/* ---- cases ------------------------------------------------------------------------------- */

static struct ends ends_of(const struct test_case *c, bool is_v6)
{
    return (struct ends){{0xc0000201, 0xc6336402}, {c->port[0], c->port[1]}, is_v6};
}

static void play_datagrams(struct run *run, const struct test_case *c, bool shuffled, bool is_v6)
{
    struct ends ends = ends_of(c, is_v6);
    for (unsigned i = 0; i < c->message_count; i++) {
        const struct message *m = &c->messages[i];
        struct frame f;
        build_udp(&f, &ends, m->side, c->bytes + m->offset, m->size);
        if (shuffled)
            feed_fragments(run, &f, is_v6);
        else
            feed(run, &f);
    }
}

static void feed_segment(struct run *run, const struct ends *ends, bool side, uint32_t sequence,
                         uint8_t flags, const uint8_t *bytes, uint32_t size)
{
    struct frame f;
    build_tcp(&f, ends, side, sequence, flags, bytes, size);
    feed(run, &f);
}

static void play_stream(struct run *run, const struct test_case *c, bool shuffled, bool is_v6)
{
    struct ends ends = ends_of(c, is_v6);
    /* near the wrap of sequence numbers */
    uint32_t next[2] = {shuffled ? 0xffffffff - draw(run, 200) : 1000, 5000};
    feed_segment(run, &ends, false, next[0]++, SYN, NULL, 0);
    feed_segment(run, &ends, true, next[1]++, SYN | ACK, NULL, 0);
    for (unsigned i = 0; i < c->message_count; i++) {
        const struct message *m = &c->messages[i];
        struct piece pieces[PIECES];
        unsigned count = 0;
        if (shuffled)
            count = cut_up(run, m->size, 1, pieces);
        for (uint32_t at = 0; !shuffled && at < m->size; at += LONGEST)
            pieces[count++] = (struct piece){at, m->size - at < LONGEST ? m->size : at + LONGEST};
        for (unsigned k = 0; k < count; k++)
            feed_segment(run, &ends, m->side, next[m->side] + pieces[k].from, PSH | ACK,
                         c->bytes + m->offset + pieces[k].from, pieces[k].to - pieces[k].from);
        next[m->side] += m->size;
    }
}

/* Nanoseconds since 1970 in 64 bits end in 2554; long before, a new engine begins at the beginning. */
static void set_clock_back(struct run *run)
{
    enum { BEGINNING = 1000000 };
    const uint64_t late = UINT64_MAX / 1000 / 2;
    if (run->engine && run->time < late)
        return;
    CHECK(cdpi_close(run->engine) == CDPI_OK);
    CHECK(cdpi_open(&run->options, &run->engine, NULL) == CDPI_OK);
    run->time = BEGINNING;
}

static struct cdpi_verdict play(struct run *run, const struct test_case *c, bool shuffled,
                                bool is_v6)
{
    set_clock_back(run);
    run->ended = 0;
    run->time += 4000ull * 1000 * 1000; /* what was announced before is forgotten */
    if (c->ip_protocol == UDP)
        play_datagrams(run, c, shuffled, is_v6);
    else
        play_stream(run, c, shuffled, is_v6);
    CHECK(cdpi_flush(run->engine) == CDPI_OK);
    if (run->ended != 1)
        printf("%s:%d: %u flows\n", c->file, c->line, run->ended);
    CHECK(run->ended == 1);
    return run->verdict;
}

static bool can_be_played(const struct test_case *c)
{
    if (c->ip_protocol != TCP && c->ip_protocol != UDP)
        return false;
    for (unsigned i = 0; i < c->message_count; i++) {
        if (c->messages[i].size == 0 || (c->ip_protocol == UDP && c->messages[i].size > LONGEST) ||
            c->messages[i].size > LONGEST * PIECES / 2)
            return false;
    }
    return c->message_count > 0;
}

static void check_case(void *context, const struct test_case *c)
{
    struct run *run = context;
    if (!can_be_played(c))
        return;
    struct cdpi_verdict plain = play(run, c, false, false);
    for (unsigned i = 0; i < run->draws; i++) {
        bool is_v6 = i & 1;
        struct cdpi_verdict v = play(run, c, true, is_v6);
        bool same = v.protocol == plain.protocol && v.application == plain.application &&
                    v.confidence == plain.confidence;
        if (!same)
            printf("FAIL %s:%d: %s: draw %u: %s %d, not %s %d\n", c->file, c->line, c->title, i,
                   cdpi_protocol_name(run->engine, v.protocol), v.confidence,
                   cdpi_protocol_name(run->engine, plain.protocol), plain.confidence);
        CHECK(same);
        if (!same)
            return;
    }
}

/* ---- recorded flows ---------------------------------------------------------------------- */

enum { FLOWS_MOST = 4096, FRAMES = 64 };

/* Flows of captures as cases: their first messages, as far as there is room. */
struct recorded {
    struct test_case *cases;
    struct flow_key *keys;
    uint8_t *client; /* direction of each */
    bool *is_full;
    unsigned count, before; /* `before`: of earlier captures */
};

static unsigned find_flow(struct recorded *r, const struct packet *p)
{
    unsigned i = r->before;
    while (i < r->count && memcmp(&r->keys[i], &p->key, sizeof p->key) != 0)
        i++;
    if (i < r->count || i == FLOWS_MOST)
        return i;
    if (p->key.ip_protocol == TCP && (p->tcp_flags & (SYN | ACK)) != SYN)
        return FLOWS_MOST; /* from its beginning, or not at all */
    struct test_case *c = &r->cases[i];
    r->keys[i] = p->key;
    r->client[i] = p->direction;
    c->ip_protocol = p->key.ip_protocol;
    c->port[0] = p->key.port[p->direction];
    c->port[1] = p->key.port[!p->direction];
    return r->count++;
}

static void keep_message(struct recorded *r, const struct packet *p, const char *path)
{
    if ((p->key.ip_protocol != TCP && p->key.ip_protocol != UDP) || p->key.domain)
        return;
    unsigned i = find_flow(r, p);
    if (i == FLOWS_MOST || p->payload_size == 0)
        return;
    struct test_case *c = &r->cases[i];
    uint32_t size = p->payload_size, longest = c->ip_protocol == UDP ? LONGEST : 4 * LONGEST;
    if (c->message_count == 8 || size > longest || size > CASE_BYTES - c->byte_count)
        r->is_full[i] = true;
    if (r->is_full[i])
        return;
    snprintf(c->file, sizeof c->file, "%s", path);
    c->messages[c->message_count++] =
        (struct message){p->direction != r->client[i], c->byte_count, size};
    memcpy(c->bytes + c->byte_count, p->payload, size);
    c->byte_count += size;
}

static void read_capture(struct recorded *r, const char *path)
{
    struct cdpi_capture *capture;
    struct cdpi_frame frames[FRAMES];
    struct cdpi_error error;
    struct decoder decoder = {.hash_key = {1, 2}};
    size_t count;
    CHECK(cdpi_capture_open(path, NULL, &capture, &error) == CDPI_OK);
    while (cdpi_capture_next(capture, frames, FRAMES, &count, &error) == CDPI_OK) {
        for (size_t i = 0; i < count; i++) {
            struct packet p;
            memset(&p, 0, sizeof p);
            if (decode_frame(&decoder, frames[i].data, frames[i].captured, frames[i].length,
                             frames[i].link_type, &p) == DECODE_FLOW)
                keep_message(r, &p, path);
        }
    }
    cdpi_capture_close(capture);
    r->before = r->count;
}

static void check_recorded(struct run *run, int argc, char **argv)
{
    static unsigned flows_of[UINT16_MAX + 1];
    struct recorded r = {.cases = calloc(FLOWS_MOST, sizeof *r.cases),
                         .keys = calloc(FLOWS_MOST, sizeof *r.keys),
                         .client = calloc(FLOWS_MOST, 1),
                         .is_full = calloc(FLOWS_MOST, sizeof *r.is_full)};
    uint16_t *named = calloc(FLOWS_MOST, sizeof *named);
    unsigned draws = run->draws, played = 0, protocols = 0;
    for (int i = 1; i < argc && strstr(argv[i], ".pcap"); i++)
        read_capture(&r, argv[i]);
    for (unsigned i = 0; i < r.count; i++) {
        if (!can_be_played(&r.cases[i]))
            continue;
        named[i] = play(run, &r.cases[i], false, false).protocol;
        protocols += flows_of[named[i]]++ == 0;
    }
    for (unsigned i = 0; i < r.count; i++) {
        if (!can_be_played(&r.cases[i]))
            continue;
        run->draws = (draws + flows_of[named[i]] - 1) / flows_of[named[i]];
        check_case(run, &r.cases[i]);
        played++;
    }
    printf("%u recorded flows of %u protocols, %u draws each\n", played, protocols, draws);
    free(r.cases);
    free(r.keys);
    free(r.client);
    free(r.is_full);
    free(named);
}

int main(int argc, char **argv)
{
    struct run run = {.seed = 1, .draws = 20};
    run.options = (struct cdpi_options){.struct_size = sizeof run.options,
                                        .hash_key = {1, 2},
                                        .no_decap = true,
                                        .on_event = hear,
                                        .on_event_context = &run};
    if (argc < 2)
        return 2;
    bool is_recorded = strstr(argv[1], ".pcap") != NULL;
    if (argc > 2 && !strstr(argv[argc - 1], ".pcap"))
        run.draws = (unsigned)strtoul(argv[argc - 1], NULL, 10);
    if (is_recorded)
        check_recorded(&run, argc, argv);
    else
        CHECK(cases_read_all(argv[1], check_case, &run));
    CHECK(cdpi_close(run.engine) == CDPI_OK);
    return CHECKS_END("shuffle");
}
