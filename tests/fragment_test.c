/* SPDX-License-Identifier: MIT */
/* IP fragments: the first alone, late ones, floods, the same from batches of any size. */
#include <string.h>

#include "support/check.h"
#include "support/packets.h"

enum { SECOND = 1000000, ETHERNET = 14, IPV4 = 20, FLOOD = 200000 };

static const struct ends ends = {{0xc0000201, 0xc6336402}, {40000, 53}, false};
static const char query[] = "\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07"
                            "example\x03net\0\0\x01\0\x01";
static unsigned named;

static void hear(void *context, enum cdpi_event event, struct cdpi_flow *flow,
                 const struct cdpi_verdict *verdict)
{
    (void)context;
    (void)flow;
    named += event == CDPI_EVENT_ENDED && verdict->protocol;
}

static struct cdpi *open_engine(uint64_t budget)
{
    struct cdpi_options options = {.struct_size = sizeof options,
                                   .hash_key = {1, 2},
                                   .memory_budget = budget,
                                   .on_event = hear};
    struct cdpi *engine;
    CHECK(cdpi_open(&options, &engine, NULL) == CDPI_OK);
    named = 0;
    return engine;
}

/* Bytes [from, to) of the datagram's IP payload. */
static struct frame fragment(uint32_t from, uint32_t to, uint16_t id)
{
    struct frame whole, f = {.size = 0};
    build_udp(&whole, &ends, false, query, sizeof query - 1);
    uint32_t size = whole.size - ETHERNET - IPV4, end = to < size ? to : size;
    uint32_t length = end - from + IPV4, field = from / 8 | (end < size ? 0x2000u : 0);
    frame_add(&f, whole.bytes, ETHERNET + 2);
    frame_u16(&f, (uint16_t)length);
    frame_u16(&f, id);
    frame_u16(&f, (uint16_t)field);
    frame_add(&f, whole.bytes + f.size, ETHERNET + IPV4 - f.size);
    frame_add(&f, whole.bytes + ETHERNET + IPV4 + from, end - from);
    return f;
}

static void feed(struct cdpi *engine, const struct frame *f, uint64_t time)
{
    struct cdpi_frame frame = as_frame(f, time);
    CHECK(cdpi_feed(engine, &frame, 1) == CDPI_OK);
}

static void two_halves(bool turned_around)
{
    struct cdpi *engine = open_engine(0);
    struct frame half[2] = {fragment(0, 16, 7), fragment(16, 999, 7)};
    feed(engine, &half[turned_around], SECOND);
    CHECK(cdpi_stats(engine).flows == 0);
    feed(engine, &half[!turned_around], SECOND + 1);
    CHECK(cdpi_stats(engine).flows == 1 && cdpi_stats(engine).datagrams_reassembled == 1);
    CHECK(cdpi_flush(engine) == CDPI_OK);
    CHECK(named == 1);
    CHECK(cdpi_close(engine) == CDPI_OK);
}

/* The rest never comes, or only after the time limit. */
static void the_first_alone(uint64_t rest_after)
{
    struct cdpi *engine = open_engine(0);
    struct frame half[2] = {fragment(0, 24, 7), fragment(24, 999, 7)};
    feed(engine, &half[0], SECOND);
    if (rest_after)
        feed(engine, &half[1], SECOND + rest_after);
    CHECK(cdpi_flush(engine) == CDPI_OK);
    CHECK(cdpi_stats(engine).flows == 1 && cdpi_stats(engine).datagrams_incomplete >= 1);
    CHECK(cdpi_stats(engine).datagrams_reassembled == 0);
    CHECK(cdpi_close(engine) == CDPI_OK);
}

/* First fragments without a rest and the reverse, far more than there is room for; whole datagrams
 * among them are still put together once a second has gone by. */
static void flood(void)
{
    struct cdpi *engine = open_engine(8 << 20);
    uint64_t time = SECOND;
    for (unsigned i = 0; i < FLOOD; i++) {
        struct frame f = fragment(i & 1 ? 16 : 0, i & 1 ? 999 : 16, (uint16_t)(i / 2 * 3));
        if (i % 4 > 1)
            f = fragment(0, 16, (uint16_t)(i * 5));
        feed(engine, &f, time++);
    }
    CHECK(cdpi_stats(engine).memory_peak <= 8 << 20);
    uint64_t before = cdpi_stats(engine).datagrams_reassembled;
    struct frame half[2] = {fragment(0, 16, 1), fragment(16, 999, 1)};
    feed(engine, &half[0], time + 2 * SECOND);
    feed(engine, &half[1], time + 2 * SECOND + 1);
    feed(engine, &half[0], time + 2 * SECOND + 2);
    CHECK(cdpi_stats(engine).datagrams_reassembled == before + 1);
    CHECK(cdpi_close(engine) == CDPI_OK);
}

/* Past the end of what IP can carry, in the middle of eight bytes, two ends. */
static void what_cannot_be(void)
{
    struct cdpi *engine = open_engine(0);
    struct frame odd = fragment(0, 13, 7), high = fragment(0, 999, 7);
    struct frame last = fragment(16, 999, 8), other_last = fragment(8, 24, 8);
    high.bytes[ETHERNET + 6] = 0x1f;
    high.bytes[ETHERNET + 7] = 0xff;
    other_last.bytes[ETHERNET + 6] = 0;
    feed(engine, &odd, SECOND);
    feed(engine, &high, SECOND + 1);
    feed(engine, &last, SECOND + 2);
    feed(engine, &other_last, SECOND + 3);
    CHECK(cdpi_stats(engine).flows == 0 && cdpi_stats(engine).fragments == 4);
    CHECK(cdpi_stats(engine).fragments_overlapping == 1);
    CHECK(cdpi_close(engine) == CDPI_OK);
}

/* cdpi_packet_flow hands out the flow once the datagram is whole. */
static void one_by_one(void)
{
    struct cdpi *engine = open_engine(0);
    struct frame half[2] = {fragment(0, 16, 7), fragment(16, 999, 7)};
    struct cdpi_frame frame = as_frame(&half[0], SECOND);
    struct cdpi_flow *flow;
    bool is_new;
    CHECK(cdpi_packet_flow(engine, &frame, &flow, &is_new) == CDPI_NOT_A_FLOW && !flow);
    frame = as_frame(&half[1], SECOND + 1);
    CHECK(cdpi_packet_flow(engine, &frame, &flow, &is_new) == CDPI_OK && flow && is_new);
    CHECK(cdpi_close(engine) == CDPI_OK);
}

int main(void)
{
    two_halves(false);
    two_halves(true);
    the_first_alone(0);
    the_first_alone(31 * SECOND);
    flood();
    what_cannot_be();
    one_by_one();
    return CHECKS_END("fragments");
}
