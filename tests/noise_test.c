/* SPDX-License-Identifier: MIT */
/*
 * The false-label budget. What is no protocol gets no name:
 *
 *   - random payloads of 1 to 1,500 bytes, a third of them under 64, one-sided and two-sided, TCP
 * and UDP: no YES, and at most ten LIKELY over all rooms together;
 *   - text, JSON, XML, HTML, base64, encrypted, compressed and counting bytes as streams and
 * datagrams on random ports, one-sided and two-sided: no YES;
 *   - every case with random bytes before it: no YES of its own room (a shifted datagram may hold
 * another's message).
 *
 *     noise_test [PAYLOADS] [FOLDER]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/check.h"
#include "support/prose.h"
#include "support/replay.h"

enum { MOST = 1500, LIKELY_BUDGET = 10, SHOWN = 40 };

static uint64_t state = 0x9E3779B97F4A7C15u;

static uint64_t draw(void)
{
    uint64_t z = (state += 0x9E3779B97F4A7C15u);
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static void fill_random(uint8_t *to, uint32_t size)
{
    for (uint32_t i = 0; i < size; i += 8) {
        uint64_t r = draw();
        memcpy(to + i, &r, size - i < 8 ? size - i : 8);
    }
}

struct noise {
    const struct classifier *classifier;
    struct replay replay;
    uint8_t bytes[2][MOST + 8];
    unsigned yes, likely, shown;
};

static void judge(struct noise *n, const char *what, unsigned long which)
{
    const struct classification *c = &n->replay.state;
    if (c->room == NO_ROOM)
        return;
    n->yes += c->answer == YES;
    n->likely += c->answer == LIKELY;
    if (c->answer == YES || n->shown++ < SHOWN)
        printf("%s %lu: %s says %s (%s), %s, sizes %u %u\n", what, which,
               catalog_rooms[c->room].protocol->name, c->answer == YES ? "YES" : "LIKELY", c->rule,
               n->replay.exchange.transport == OVER_UDP ? "UDP" : "TCP", n->replay.exchange.size[0],
               n->replay.exchange.size[1]);
}

static void play(struct noise *n, uint8_t ip_protocol, uint32_t client, uint32_t server)
{
    uint16_t port[2] = {(uint16_t)(draw() | 1), (uint16_t)(draw() | 1)};
    replay_begin(&n->replay, ip_protocol, port);
    if (client)
        replay_message(&n->replay, n->classifier, CLIENT, n->bytes[0], client);
    if (server)
        replay_message(&n->replay, n->classifier, SERVER, n->bytes[1], server);
    replay_end(&n->replay, n->classifier);
}

static void random_payloads(struct noise *n, unsigned long count)
{
    n->yes = n->likely = 0;
    for (unsigned long i = 0; i < count; i++) {
        uint64_t r = draw();
        uint32_t most = r % 3 == 0 ? 63 : MOST;
        uint32_t client = 1 + (uint32_t)(r >> 8) % most, server = 1 + (uint32_t)(r >> 32) % most;
        unsigned sides = (r >> 2 & 3) % 3; /* client, server, both */
        if (sides == 0)
            server = 0;
        else if (sides == 1)
            client = 0;
        fill_random(n->bytes[0], client);
        fill_random(n->bytes[1], server);
        play(n, r >> 4 & 1 ? 6 : 17, client, server);
        judge(n, "random payload", i);
    }
    printf("random payloads: %lu, YES %u, LIKELY %u\n", count, n->yes, n->likely);
    CHECK(n->yes == 0);
    CHECK(n->likely <= LIKELY_BUDGET);
}

/* ---- things that look like something ----------------------------------------------------- */

static uint32_t repeat(uint8_t *to, const char *text)
{
    uint32_t size = 64 + (uint32_t)(draw() % (MOST - 64));
    uint32_t n = (uint32_t)strlen(text), start = (uint32_t)(draw() % n);
    for (uint32_t i = 0; i < size; i++)
        to[i] = (uint8_t)text[(start + i) % n];
    return size;
}

static uint32_t base64_text(uint8_t *to)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t size = 64 + (uint32_t)(draw() % (MOST - 64));
    for (uint32_t i = 0; i < size; i++)
        to[i] = i % 77 == 76 ? '\n' : (uint8_t)digits[draw() % 64];
    return size;
}

/* A deflate, gzip or zstd stream's beginning, then what compressed data looks like. */
static uint32_t compressed(uint8_t *to)
{
    static const char *const starts[] = {"\x1f\x8b\x08\x08", "\x28\xb5\x2f\xfd", "\x78\x9c\xed\xbd",
                                         "\3757zXZ",         "PK\x03\x04",       "BZh9"};
    uint32_t size = 64 + (uint32_t)(draw() % (MOST - 64));
    fill_random(to, size);
    memcpy(to, starts[draw() % 6], 4);
    return size;
}

/* Little numbers, as records and padding hold. */
static uint32_t small_numbers(uint8_t *to)
{
    uint32_t size = 16 + (uint32_t)(draw() % (MOST - 16)), step = 1u << draw() % 4;
    memset(to, 0, size);
    for (uint32_t i = step - 1; i < size; i += step)
        to[i] = (uint8_t)(draw() % 8);
    return size;
}

static uint32_t one_byte(uint8_t *to)
{
    uint32_t size = 1 + (uint32_t)(draw() % (MOST - 1));
    memset(to, (int)(draw() & 0xff), size);
    return size;
}

static uint32_t counting(uint8_t *to)
{
    uint32_t size = 16 + (uint32_t)(draw() % (MOST - 16));
    uint8_t from = (uint8_t)draw();
    for (uint32_t i = 0; i < size; i++)
        to[i] = (uint8_t)(from + i);
    return size;
}

static uint32_t look_alike(uint8_t *to, unsigned kind)
{
    static const char *const texts[] = {
        "It was warm in the harbour, and 220 steps led down to the ferry; nobody took it.\r\n",
        "{\"id\": 17, \"name\": \"a thing\", \"tags\": [\"x\", \"y\"], \"value\": 1.5e3}\n",
        "<?xml version=\"1.0\"?>\n<list><item id=\"1\">text</item><item id=\"2\"/></list>\n",
        "<!DOCTYPE html><html><head><title>Title</title></head><body><p>Hello</p></body></html>\n",
        "key=value\nother=thing\n# comment\n[section]\npath=/usr/share/doc\n",
        "2026-01-01 12:00:00 INFO server started on port 8080 (pid 1234)\n",
        "OK 200 ready\r\n+OK\r\n-ERR no\r\n250 fine\r\n",
        "a,b,c\n1,2,3\n4,5,6\n",
    };
    enum { TEXTS = sizeof texts / sizeof texts[0] };
    uint32_t size = 64 + (uint32_t)(draw() % (MOST - 64));
    if (kind < COATS)
        return prose_coated((enum prose_coat)kind, to, size, draw);
    kind -= COATS;
    if (kind < PROSE_KINDS)
        return prose_write((enum prose_kind)kind, to, size, draw);
    kind -= PROSE_KINDS;
    if (kind < TEXTS)
        return repeat(to, texts[kind]);
    switch (kind - TEXTS) {
    case 0:
        return base64_text(to);
    case 1:
        return compressed(to);
    case 2:
        return small_numbers(to);
    case 3:
        return one_byte(to);
    default:
        return counting(to);
    }
}

static void look_alikes(struct noise *n, unsigned long count)
{
    enum { KINDS = COATS + PROSE_KINDS + 13 };
    n->yes = n->likely = 0;
    for (unsigned long i = 0; i < count; i++) {
        uint32_t client = look_alike(n->bytes[0], (unsigned)(i % KINDS));
        uint32_t server = draw() & 1 ? look_alike(n->bytes[1], (unsigned)(draw() % KINDS)) : 0;
        play(n, draw() & 1 ? 6 : 17, client, server);
        judge(n, "look-alike", i % KINDS);
    }
    printf("look-alikes: %lu, YES %u, LIKELY %u\n", count, n->yes, n->likely);
    CHECK(n->yes == 0);
}

/* ---- cases, shifted ------------------------------------------------------------------------ */

/* A letter before free text makes other text, as good as before: there the bytes are none. */
static void spoil_text(uint8_t *prefix, uint32_t size, uint8_t next)
{
    for (uint32_t i = 0; i < size && (next >= ' ' || next == '\r' || next == '\n'); i++)
        prefix[i] |= 0x80;
}

static void shifted_case(void *context, const struct test_case *c)
{
    struct noise *n = context;
    room_index own = catalog_find_room(c->expected);
    if (c->is_not || own == NO_ROOM)
        return;
    for (uint32_t shift = 1; shift <= 3; shift++) {
        replay_begin_case(&n->replay, c);
        for (unsigned i = 0; i < c->message_count; i++) {
            const struct message *m = &c->messages[i];
            uint8_t bytes[CASE_BYTES + 4];
            fill_random(bytes, shift);
            spoil_text(bytes, shift, c->bytes[m->offset]);
            memcpy(bytes + shift, c->bytes + m->offset, m->size);
            replay_message(&n->replay, n->classifier, m->side, bytes, m->size + shift);
        }
        replay_end(&n->replay, n->classifier);
        const struct classification *s = &n->replay.state;
        if (s->room == own && s->answer == YES) {
            checks_failed++;
            printf("FAIL %s:%d: %s: still YES with %u random bytes before it\n", c->file, c->line,
                   c->title, shift);
        } else {
            checks_passed++;
        }
    }
}

int main(int argc, char **argv)
{
    struct memory memory = {.budget = UINT64_MAX};
    struct noise *n = calloc(1, sizeof *n);
    unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000000;
    memory_use_system(&memory);
    struct classifier *classifier = classifier_build(&memory, false);
    n->classifier = classifier;
    random_payloads(n, count);
    n->shown = 0;
    look_alikes(n, count / 10);
    if (!cases_read_all(argc > 2 ? argv[2] : "src/protocols", shifted_case, n))
        checks_failed++;
    classifier_free(classifier, &memory);
    free(n);
    return CHECKS_END("noise");
}
