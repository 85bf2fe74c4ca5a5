/* SPDX-License-Identifier: MIT */
/*
 * The false-label budget over the cases: bytes that were a protocol's and are no longer.
 *
 *   - a byte of its magic changed to a value that none of the room's signatures has there: that
 *     side alone is no YES of its room;
 *   - the first byte missing: no YES of its room;
 *   - cut at every length: no YES of a room that is no kin.
 *
 * What may stay YES all the same is in the table of exceptions, with the reason; a row that nothing
 * needs fails.
 *
 *     gate_test [FOLDER]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/check.h"
#include "support/replay.h"

enum { SHOWN = 200 };

struct exception {
    const char *room, *rule; /* a rule of NULL: any */
    uint32_t first, last;    /* bytes */
    const char *why;
    unsigned used;
};

/* Bytes that signatures look for and the specification leaves open. */
static struct exception told_otherwise[] = {
    {"AMQP", "frames", 1, 2, "a frame's channel; the signature has the first one's", 0},
    {"AMQP", "frames", 8, 10, "a second frame's channel, in mid-session", 0},
    {"Bitcoin", NULL, 0, 3, "every currency has a network number of its own", 0},
    {"DHCP", NULL, 1, 1, "RFC 2131 section 2: any kind of hardware", 0},
    {"IPsec", "IKE version 2", 8, 15, "the responder's identifier is zero in first messages only",
     0},
    {"KCP", "segments", 5, 5, "how many fragments are to come", 0},
    {"Kafka", NULL, 4, 7, "the request's number, which its answer brings back", 0},
    {"memcached", "text", 5, 5, "over UDP: how many datagrams an answer takes", 0},
    {"RDP", "cookie", 23, 26, "the cookie's value; MS-RDPBCGR 2.2.1.1 leaves it open", 0},
    {"RDP", "routing token", 11, 22, "any token may stand there", 0},
    {"RTMP", "first block", 1, 4, "the handshake's time", 0},
    {"RTMP", "command", 0, 3, "any chunk stream and time, in mid-session", 0},
    {"STUN", "message of MS-TURN", 4, 7, "its cookie stands in an attribute", 0},
    {NULL, NULL, 0, 0, NULL, 0},
};

/* What is the protocol too without its first byte. */
static struct exception begin_anywhere[] = {
    {"CUPS", "printer", 0, 0, "a number in hex with a digit less", 0},
    {"Daytime", "date and time", 0, 0, "blanks or digits before a date", 0},
    {"Graphite", "metrics", 0, 0, "a name with a letter less", 0},
    {"HTTP", "request line", 0, 0, "RFC 9110 section 9.1: any word is a method", 0},
    {"Ident", "reply", 0, 0, "a port with a digit less", 0},
    {"PostgreSQL", "server's messages", 0, 0, "the byte that refuses TLS is a message of its own",
     0},
    {"Starcraft", "game is named", 0, 0, "the byte that asks for the protocol stands apart", 0},
    {"StatsD", "metrics", 0, 0, "a name with a letter less", 0},
    {"Whois", "registry's answer", 0, 0, "free text before the registry's lines", 0},
    {NULL, NULL, 0, 0, NULL, 0},
};

struct gate {
    struct classifier *classifier;
    struct replay replay;
    unsigned shown, changed, shifted, cut;
};

static bool is_excepted(struct exception *table, const char *room, const char *rule, uint32_t at)
{
    for (; table->room; table++) {
        if (strcmp(table->room, room) == 0 && (!table->rule || strcmp(table->rule, rule) == 0) &&
            at >= table->first && at <= table->last)
            return ++table->used > 0;
    }
    return false;
}

static void every_exception_is_needed(const struct exception *table)
{
    for (; table->room; table++) {
        if (table->used == 0)
            printf("FAIL gate: the exception of %s (%s) is not needed\n", table->room, table->why);
        CHECK(table->used > 0);
    }
}

static void judge(struct gate *g, const struct test_case *c, bool good, const char *what)
{
    if (good) {
        checks_passed++;
        return;
    }
    checks_failed++;
    if (g->shown++ < SHOWN)
        printf("FAIL %s:%d: %s: %s\n", c->file, c->line, c->title, what);
}

static bool is_yes_of(const struct gate *g, room_index room)
{
    return g->replay.state.room == room && g->replay.state.answer == YES;
}

/* ---- magic ------------------------------------------------------------------------------- */

static uint8_t mask_at(const struct signature *s, uint32_t offset)
{
    if (offset < s->offset || offset >= (uint32_t)s->offset + s->size)
        return 0;
    return s->mask ? (uint8_t)s->mask[offset - s->offset] : 0xff;
}

static bool allows(const struct signature *s, uint32_t offset, uint8_t value)
{
    uint8_t mask = mask_at(s, offset);
    return mask && (value & mask) == ((uint8_t)s->bytes[offset - s->offset] & mask);
}

/* A value that no signature of the room has at that place; letter case is no change. -1: none. */
static int foreign_value(const struct cdpi_protocol *p, uint32_t offset, uint8_t now)
{
    for (unsigned step = 0; step < 256; step++) {
        uint8_t value = (uint8_t)(now + 0x5b + step * 0x1d);
        bool is_free = (value ^ now) != 0 && (value ^ now) != 0x20;
        for (size_t i = 0; i < p->signature_count && is_free; i++)
            is_free = !allows(&p->signatures[i], offset, value);
        if (is_free)
            return value;
    }
    return -1;
}

static bool fits(const struct signature *s, const uint8_t *bytes, uint32_t size)
{
    if ((uint32_t)s->offset + s->size > size)
        return false;
    for (uint32_t i = 0; i < s->size; i++) {
        if (!allows(s, s->offset + i, bytes[s->offset + i]) && mask_at(s, s->offset + i))
            return false;
    }
    return true;
}

/* One side's stream, or one datagram. */
static void play_alone(struct gate *g, const struct test_case *c, uint8_t side,
                       const uint8_t *bytes, uint32_t size)
{
    replay_begin_case(&g->replay, c);
    replay_message(&g->replay, g->classifier, side, bytes, size);
    replay_end(&g->replay, g->classifier);
}

static void change_magic(struct gate *g, const struct test_case *c, room_index own, uint8_t side,
                         uint8_t *bytes, uint32_t size)
{
    const struct cdpi_protocol *p = catalog_rooms[own].protocol;
    play_alone(g, c, side, bytes, size);
    if (!is_yes_of(g, own))
        return;
    for (size_t k = 0; k < p->signature_count; k++) {
        const struct signature *s = &p->signatures[k];
        uint8_t over = s->transports ? s->transports : p->transports;
        if (!(over & transport_of(c->ip_protocol)) || !fits(s, bytes, size))
            continue;
        for (uint32_t at = s->offset; at < (uint32_t)s->offset + s->size; at++) {
            uint8_t now = bytes[at];
            int value = mask_at(s, at) == 0xff ? foreign_value(p, at, now) : -1;
            if (value < 0)
                continue;
            char what[160];
            bytes[at] = (uint8_t)value;
            play_alone(g, c, side, bytes, size);
            bytes[at] = now;
            snprintf(what, sizeof what, "still YES (%s) with byte %u of the %s %02x, not %02x",
                     g->replay.state.rule, at, side ? "server" : "client", (unsigned)value, now);
            g->changed++;
            judge(g, c,
                  !is_yes_of(g, own) ||
                      is_excepted(told_otherwise, p->name, g->replay.state.rule, at),
                  what);
        }
    }
}

typedef void piece_fn(struct gate *g, const struct test_case *c, room_index own, uint8_t side,
                      uint8_t *bytes, uint32_t size);

/* Each side's stream, or its datagrams one by one. */
static void every_piece(struct gate *g, const struct test_case *c, room_index own, piece_fn *visit)
{
    static uint8_t stream[CASE_BYTES];
    for (uint8_t side = 0; side < 2; side++) {
        uint32_t size = 0;
        for (unsigned i = 0; i < c->message_count; i++) {
            const struct message *m = &c->messages[i];
            if (m->side != side)
                continue;
            memcpy(stream + size, c->bytes + m->offset, m->size);
            size += m->size;
            if (c->ip_protocol != 6) {
                visit(g, c, own, side, stream, size);
                size = 0;
            }
        }
        if (size)
            visit(g, c, own, side, stream, size);
    }
}

/* ---- shifted, cut ------------------------------------------------------------------------ */

/* The case without the first byte of each stream or datagram. */
static void first_byte_missing(struct gate *g, const struct test_case *c, room_index own)
{
    bool has_begun[2] = {false, false};
    replay_begin_case(&g->replay, c);
    for (unsigned i = 0; i < c->message_count; i++) {
        const struct message *m = &c->messages[i];
        uint32_t skip = c->ip_protocol != 6 || !has_begun[m->side];
        has_begun[m->side] = true;
        if (m->size > skip)
            replay_message(&g->replay, g->classifier, m->side, c->bytes + m->offset + skip,
                           m->size - skip);
    }
    replay_end(&g->replay, g->classifier);
    char what[160];
    snprintf(what, sizeof what, "still YES (%s) without its first byte", g->replay.state.rule);
    g->shifted++;
    judge(g, c,
          !is_yes_of(g, own) || is_excepted(begin_anywhere, catalog_rooms[own].protocol->name,
                                            g->replay.state.rule, 0),
          what);
}

static bool descends(room_index child, room_index ancestor)
{
    for (int depth = 0; child != NO_ROOM && depth < 8; depth++) {
        if (child == ancestor)
            return true;
        const struct cdpi_protocol *p = catalog_rooms[child].protocol;
        const char *up = p->refines ? p->refines : p->told_by.parent;
        child = up ? catalog_find_room(up) : NO_ROOM;
    }
    return false;
}

/* A side that is another protocol's when it is whole may be that when it is cut, too. */
static void cut_anywhere(struct gate *g, const struct test_case *c, room_index own, uint8_t side,
                         uint8_t *bytes, uint32_t size)
{
    play_alone(g, c, side, bytes, size);
    room_index whole = g->replay.state.room;
    for (uint32_t n = 1; n < size && n < 600; n++) {
        play_alone(g, c, side, bytes, n);
        room_index got = g->replay.state.room;
        if (got == NO_ROOM || g->replay.state.answer != YES)
            continue;
        char what[160];
        snprintf(what, sizeof what, "the %s's bytes cut to %u are YES of %s (%s)",
                 side ? "server" : "client", n, catalog_rooms[got].protocol->name,
                 g->replay.state.rule);
        g->cut++;
        judge(g, c, got == whole || descends(got, own) || descends(own, got), what);
    }
}

static void run_case(void *context, const struct test_case *c)
{
    struct gate *g = context;
    room_index own = catalog_find_room(c->expected);
    if (c->is_not || c->expects_none || own == NO_ROOM)
        return;
    every_piece(g, c, own, change_magic);
    first_byte_missing(g, c, own);
    every_piece(g, c, own, cut_anywhere);
}

int main(int argc, char **argv)
{
    struct memory memory = {.budget = UINT64_MAX};
    struct gate *g = calloc(1, sizeof *g);
    memory_use_system(&memory);
    g->classifier = classifier_build(&memory, false);
    CHECK(cases_read_all(argc > 1 ? argv[1] : "src/protocols", run_case, g));
    CHECK(g->changed > 0 && g->shifted > 0 && g->cut > 0);
    every_exception_is_needed(told_otherwise);
    every_exception_is_needed(begin_anywhere);
    printf("magic changed %u times, %u cases shifted, %u cuts that are a YES\n", g->changed,
           g->shifted, g->cut);
    classifier_free(g->classifier, &memory);
    free(g);
    return CHECKS_END("gate");
}
