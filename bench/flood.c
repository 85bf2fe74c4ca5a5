/* SPDX-License-Identifier: MIT */
/*
 * Attacks on the engine, and what they cost: ns a packet (user) in ten equal parts of each attack,
 * which must not grow; the peak of memory beside the budget; and how many of the real flows that
 * stand between the attack's packets are named all the same.
 *
 *     flood [PACKETS] [MEGABYTES]      5,000,000 packets an attack, a budget of 64 MB
 */
#define _GNU_SOURCE
#include <cdpi/cdpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "support/packets.h"

enum { BATCH = 64, PARTS = 10, REAL_EVERY = 500, SYN = 2, ACK = 16, REAL_PORT = 2222 };

/* ---- packets ----------------------------------------------------------------------------- */

static uint64_t random_state = 1;

static uint32_t draw(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 32);
}

static const struct ends victim = {{0x0a000001, 0xc6336401}, {40000, 80}, false};

static void syn_of_a_new_key(struct frame *f, uint64_t n)
{
    struct ends ends = victim;
    ends.address[0] = 0x0b000000 | (uint32_t)(n & 0xffffff);
    ends.port[0] = (uint16_t)(1024 + (n >> 24) + draw() % 60000);
    build_tcp(f, &ends, false, draw(), SYN, "", 0);
}

/* The first fragment of a datagram of which no more will come. */
static void lone_fragment(struct frame *f, uint64_t n)
{
    uint8_t data[64] = {0};
    (void)n;
    build_ip(f, &victim, false, 17, data, sizeof data);
    uint32_t id = draw();
    f->bytes[14 + 4] = (uint8_t)id;
    f->bytes[14 + 5] = (uint8_t)(id >> 8);
    f->bytes[14 + 6] = 0x20; /* more fragments */
    f->bytes[14 + 15] = (uint8_t)(id >> 16);
}

/* A flow that goes on for so many packets. */
static struct ends flow_of(uint64_t n, uint64_t packets)
{
    struct ends ends = victim;
    ends.address[0] = 0x0c000000 | (uint32_t)(n / packets & 0xffffff);
    return ends;
}

static void any_sequence_number(struct frame *f, uint64_t n)
{
    struct ends ends = flow_of(n, 100);
    build_tcp(f, &ends, false, n % 100 == 0 ? 1000 : draw(), n % 100 == 0 ? SYN : ACK, "xxxxxxxx",
              n % 100 == 0 ? 0 : 8);
}

static void one_byte(struct frame *f, uint64_t n)
{
    struct ends ends = flow_of(n, 2000);
    uint32_t at = (uint32_t)(n % 2000);
    build_tcp(f, &ends, false, 1000 + at, at == 0 ? SYN : ACK, "S", at == 0 ? 0 : 1);
}

static void overlapping(struct frame *f, uint64_t n)
{
    static const char junk[200] = "SSH-";
    struct ends ends = flow_of(n, 200);
    uint32_t at = (uint32_t)(n % 200);
    build_tcp(f, &ends, false, at == 0 ? 1000 : 1002 + draw() % 3900, at == 0 ? SYN : ACK, junk,
              at == 0 ? 0 : 1 + draw() % sizeof junk);
}

static void a_datagram_of_noise(struct frame *f, uint64_t n)
{
    struct ends ends = flow_of(n, 1);
    uint32_t data[16];
    for (unsigned i = 0; i < 16; i++)
        data[i] = draw();
    ends.port[0] = (uint16_t)(1024 + draw() % 60000);
    build_udp(f, &ends, false, data, sizeof data);
}

/* A datagram of VXLAN in a network of its own, on VXLAN's port or on another. */
static void in_a_new_network(struct frame *f, uint64_t n)
{
    struct ends ends = victim, inside = flow_of(n, 1);
    struct frame in, carried = {.size = 0};
    ends.port[1] = n & 1 ? 4789 : 14789;
    build_udp(&in, &inside, false, "query", 5);
    frame_u32(&carried, 0x08000000);
    frame_u32(&carried, (uint32_t)n << 8);
    frame_add(&carried, in.bytes, in.size);
    build_udp(f, &ends, false, carried.bytes, carried.size);
}

/* One of the four packets of a real flow. */
static void real_packet(struct frame *f, uint64_t flow, unsigned part)
{
    static const char client[] = "SSH-2.0-client\r\n", server[] = "SSH-2.0-server\r\n";
    const struct ends ends = {
        {0xc0000200 | (flow & 255), 0xc6336402}, {(uint16_t)(1024 + flow / 256), REAL_PORT}, false};
    if (part < 2)
        build_tcp(f, &ends, part == 1, part == 1 ? 5000 : 1000, part == 1 ? SYN | ACK : SYN, "", 0);
    else
        build_tcp(f, &ends, part == 2, part == 2 ? 5001 : 1001, ACK, part == 2 ? server : client,
                  sizeof client - 1);
}

/* ---- one attack -------------------------------------------------------------------------- */

static void count_real(void *context, enum cdpi_event event, struct cdpi_flow *flow,
                       const struct cdpi_verdict *verdict)
{
    uint64_t *named = context;
    struct cdpi_flow_info info;
    (void)event;
    cdpi_flow_info(flow, &info);
    *named += info.port[CDPI_SERVER] == REAL_PORT && verdict->confidence == CDPI_CERTAIN;
}

static double user_ns(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)r.ru_utime.tv_sec * 1e9 + (double)r.ru_utime.tv_usec * 1e3;
}

struct attack {
    const char *name;
    void (*build)(struct frame *f, uint64_t n);
};

static const struct attack attacks[] = {
    {"SYN flood", syn_of_a_new_key},
    {"fragment flood", lone_fragment},
    {"sequence attack", any_sequence_number},
    {"one-byte segments", one_byte},
    {"overlapping segments", overlapping},
    {"datagrams of noise", a_datagram_of_noise},
    {"tunnels of a packet each", in_a_new_network},
};

static int run(const struct attack *attack, uint64_t packets, uint64_t budget)
{
    static struct frame frames[BATCH];
    struct cdpi_frame given[BATCH];
    uint64_t named = 0, flows = 0, n = 0, time = 1000000;
    double spent[PARTS] = {0};
    struct cdpi_options options = {.struct_size = sizeof options,
                                   .memory_budget = budget,
                                   .hash_key = {1, 2},
                                   .on_event = count_real,
                                   .events = 1u << CDPI_EVENT_ENDED,
                                   .on_event_context = &named};
    struct cdpi *engine;
    struct cdpi_error error;
    if (cdpi_open(&options, &engine, &error) != CDPI_OK) {
        fprintf(stderr, "flood: %s\n", error.text);
        return 1;
    }
    while (n < packets) {
        unsigned part = (unsigned)(n * PARTS / packets);
        for (unsigned i = 0; i < BATCH; i++, n++) {
            uint64_t at = n % REAL_EVERY;
            if (at % 100 == 0 && at < 400)
                real_packet(&frames[i], n / REAL_EVERY, (unsigned)at / 100);
            else
                attack->build(&frames[i], n);
            given[i] = as_frame(&frames[i], time += 2);
        }
        double before = user_ns();
        if (cdpi_feed(engine, given, BATCH) != CDPI_OK)
            return 1;
        spent[part] += user_ns() - before;
    }
    struct cdpi_stats stats = cdpi_stats(engine);
    flows = n / REAL_EVERY;
    if (cdpi_flush(engine) != CDPI_OK || cdpi_close(engine) != CDPI_OK)
        return 1;
    printf("%-21s", attack->name);
    for (unsigned i = 0; i < PARTS; i++)
        printf(" %5.0f", spent[i] * PARTS / (double)n);
    printf("  peak %5.1f of %.0f MB, evicted %llu, real flows named %llu of %llu\n",
           (double)stats.memory_peak / 1e6, (double)stats.memory_budget / 1e6,
           (unsigned long long)stats.flows_evicted, (unsigned long long)named,
           (unsigned long long)flows);
    return stats.memory_peak > stats.memory_budget;
}

int main(int argc, char **argv)
{
    uint64_t packets = argc > 1 ? strtoull(argv[1], NULL, 10) : 5000000;
    uint64_t budget = (argc > 2 ? strtoull(argv[2], NULL, 10) : 64) * 1000000;
    int failed = 0;
    if (packets == 0) {
        fprintf(stderr, "usage: flood [PACKETS] [MEGABYTES]\n");
        return 2;
    }
    printf("user ns a packet, in ten parts of each attack\n");
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++)
        failed |= run(&attacks[i], packets, budget);
    return failed;
}
