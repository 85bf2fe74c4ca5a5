/* SPDX-License-Identifier: MIT */
/*
 * Every case of every room: gives its verdict; gives it with candidates reversed and in any
 * segmentation; no YES was a NO on a prefix; no other room's validator says YES to it (`--matrix`
 * prints who says what); rooms that are declared symmetric are.
 *
 *     cases_test [--matrix] FOLDER [ROOM]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "support/replay.h"

struct run {
    const struct classifier *forward, *reversed;
    const char *only;
    bool matrix;
    unsigned passed, failed;
    struct replay replay;
};

static bool check(struct run *run, const struct test_case *c, bool good, const char *what)
{
    if (good) {
        run->passed++;
    } else {
        run->failed++;
        printf("FAIL %s:%d: %s: %s\n", c->file, c->line, c->title, what);
    }
    return good;
}

static const char *verdict_name(const struct classification *s)
{
    return s->room == NO_ROOM ? "none" : catalog_rooms[s->room].protocol->name;
}

static bool is_expected(const struct test_case *c, const struct classification *s, char *text,
                        size_t room)
{
    const char *got = verdict_name(s);
    const char *how = s->room == NO_ROOM ? "" : s->is_certain ? " certain" : " likely";
    snprintf(text, room, "expected %s%s%s, got %s%s (%s)", c->is_not ? "not " : "",
             c->expects_none ? "none" : c->expected,
             c->confidence == 2   ? " certain"
             : c->confidence == 1 ? " likely"
                                  : "",
             got, how, s->rule);
    if (c->is_not)
        return strcasecmp(c->expected, got) != 0;
    if (c->expects_none)
        return s->room == NO_ROOM;
    if (strcasecmp(c->expected, got) != 0 || (c->confidence && c->confidence != 1 + s->is_certain))
        return false;
    if (c->rule[0] && strcmp(c->rule, s->rule) != 0)
        return false;
    return !c->application[0] ||
           (s->application && strcasecmp(catalog_name(s->application), c->application) == 0);
}

static void verdict_is_right(struct run *run, const struct test_case *c)
{
    char text[400];
    replay_case(&run->replay, run->forward, c);
    bool good = is_expected(c, &run->replay.state, text, sizeof text);
    check(run, c, good, text);
    room_index room = run->replay.state.room;
    replay_case(&run->replay, run->reversed, c);
    check(run, c, run->replay.state.room == room, "reversed candidates give another verdict");
}

/* Streams: the same verdict in segments of one, two, seven bytes. */
static void segmentation_does_not_matter(struct run *run, const struct test_case *c)
{
    static const uint32_t steps[] = {1, 2, 7};
    if (c->ip_protocol != 6)
        return;
    replay_case(&run->replay, run->forward, c);
    room_index room = run->replay.state.room;
    for (size_t k = 0; k < 3; k++) {
        char text[160];
        replay_begin_case(&run->replay, c);
        for (unsigned i = 0; i < c->message_count; i++) {
            const struct message *m = &c->messages[i];
            for (uint32_t at = 0; at < m->size; at += steps[k])
                replay_message(&run->replay, run->forward, m->side, c->bytes + m->offset + at,
                               m->size - at < steps[k] ? m->size - at : steps[k]);
        }
        replay_end(&run->replay, run->forward);
        snprintf(text, sizeof text, "in segments of %u bytes it is %s", steps[k],
                 verdict_name(&run->replay.state));
        if (!check(run, c, run->replay.state.room == room, text))
            return;
    }
}

/* The first bytes of each side (by enum side; a datagram whole, or not at all), as a validator sees
 * them; client and server exchanged where is_exchanged. */
static struct inspection view_of(const struct test_case *c, const struct replay *r,
                                 const uint32_t size[2], bool is_exchanged)
{
    struct inspection in = {.client_port = c->port[is_exchanged],
                            .server_port = c->port[!is_exchanged],
                            .transport = transport_of(c->ip_protocol),
                            .sctp_ppid = c->sctp_ppid,
                            .is_midstream = c->is_late,
                            .first_speaker = c->messages[0].side ^ is_exchanged,
                            .datagrams = r->datagrams,
                            .datagram_count = r->exchange.datagram_count,
                            .heads = {r->heads[0], r->heads[1]},
                            .is_exchanged = is_exchanged};
    struct cursor *shown[2] = {is_exchanged ? &in.server : &in.client,
                               is_exchanged ? &in.client : &in.server};
    for (unsigned side = 0; side < 2; side++)
        *shown[side] = cursor_over(r->heads[side], is_udp(&in) ? 0 : size[side]);
    for (uint32_t i = is_udp(&in) ? in.datagram_count : 0; i-- > 0;) {
        unsigned side = in.datagrams[i].side;
        if (size[side])
            *shown[side] = inspection_datagram(&in, i);
    }
    in.client.side = CLIENT;
    in.server.side = SERVER;
    return in;
}

static enum answer ask_directly(const struct test_case *c, const struct cdpi_protocol *p,
                                struct replay *r, const uint32_t size[2], bool is_final)
{
    struct inspection in = view_of(c, r, size, false);
    in.is_final = is_final;
    return p->validate(&in);
}

/* Who says that its sides are alike is not asked with the sides exchanged. */
static void symmetric_rooms_are(struct run *run, const struct test_case *c)
{
    struct replay *r = &run->replay;
    replay_case(r, run->forward, c);
    for (room_index i = 0; i < catalog_room_count; i++) {
        const struct cdpi_protocol *p = catalog_rooms[i].protocol;
        if (!p->validate || !p->is_symmetric || !(p->transports & transport_of(c->ip_protocol)))
            continue;
        for (unsigned which = 1; which < 4; which++) {
            uint32_t size[2] = {which & 1 ? r->exchange.size[0] : 0,
                                which & 2 ? r->exchange.size[1] : 0};
            struct inspection one = view_of(c, r, size, false), other = view_of(c, r, size, true);
            char text[120];
            snprintf(text, sizeof text, "%s is not symmetric", p->name);
            check(run, c, p->validate(&one) == p->validate(&other), text);
        }
    }
}

/* A YES must never have been a NO on a prefix. */
static void prefixes_agree(struct run *run, const struct test_case *c)
{
    room_index room = catalog_find_room(c->expected);
    if (c->ip_protocol != 6 || c->is_not || room == NO_ROOM ||
        !catalog_rooms[room].protocol->validate)
        return;
    const struct cdpi_protocol *p = catalog_rooms[room].protocol;
    struct replay *r = &run->replay;
    replay_case(r, run->forward, c);
    uint32_t all[2] = {r->exchange.size[0], r->exchange.size[1]};
    if (ask_directly(c, p, r, all, true) != YES)
        return;
    for (unsigned side = 0; side < 2; side++) {
        for (uint32_t n = 1; n <= all[side]; n++) {
            uint32_t size[2] = {all[0], all[1]};
            char text[120];
            size[side] = n;
            snprintf(text, sizeof text, "YES, but NO on the first %u bytes of the %s", n,
                     side ? "server" : "client");
            if (ask_directly(c, p, r, size, false) == NO) {
                check(run, c, false, text);
                return;
            }
        }
    }
    check(run, c, true, "");
}

static bool is_kin(const struct cdpi_protocol *a, const struct cdpi_protocol *b)
{
    for (int depth = 0; a && depth < 8; depth++) {
        if (a == b)
            return true;
        room_index up = a->refines ? catalog_find_room(a->refines) : NO_ROOM;
        a = up == NO_ROOM ? NULL : catalog_rooms[up].protocol;
    }
    return false;
}

/* No other room says YES. */
static void nobody_else_claims_it(struct run *run, const struct test_case *c)
{
    struct replay *r = &run->replay;
    replay_case(r, run->forward, c);
    uint32_t all[2] = {r->exchange.size[0], r->exchange.size[1]};
    room_index own = c->is_not || c->expects_none ? NO_ROOM : catalog_find_room(c->expected);
    const struct cdpi_protocol *mine = own == NO_ROOM ? NULL : catalog_rooms[own].protocol;
    if (c->is_not)
        return; /* somebody else may rightly claim it, and has a case of its own for that */
    if (mine && mine->told_by.parent)
        mine = catalog_rooms[catalog_find_room(mine->told_by.parent)].protocol;
    for (room_index i = 0; i < catalog_room_count; i++) {
        const struct cdpi_protocol *p = catalog_rooms[i].protocol;
        if (!p->validate || !(p->transports & transport_of(c->ip_protocol)))
            continue;
        enum answer answer = ask_directly(c, p, r, all, true);
        if (run->matrix && answer >= LIKELY)
            printf("%-16s %-6s %s:%d %s\n", p->name, answer == YES ? "YES" : "LIKELY", c->file,
                   c->line, c->title);
        bool kin = mine && (is_kin(p, mine) || is_kin(mine, p));
        if (answer == YES && !kin) {
            char text[120];
            snprintf(text, sizeof text, "%s says YES to it", p->name);
            check(run, c, false, text);
        }
    }
}

static void run_case(void *context, const struct test_case *c)
{
    struct run *run = context;
    if (run->only) {
        char part[200];
        snprintf(part, sizeof part, "/%s.cases", run->only);
        if (!strstr(c->file, part))
            return;
    }
    nobody_else_claims_it(run, c);
    if (run->matrix)
        return;
    verdict_is_right(run, c);
    segmentation_does_not_matter(run, c);
    prefixes_agree(run, c);
    symmetric_rooms_are(run, c);
}

int main(int argc, char **argv)
{
    struct memory memory = {.budget = UINT64_MAX};
    struct run *run = calloc(1, sizeof *run);
    char text[200];
    int arg = 1;
    memory_use_system(&memory);
    run->matrix = argc > 1 && strcmp(argv[1], "--matrix") == 0;
    arg += run->matrix;
    if (arg >= argc) {
        fprintf(stderr, "usage: cases_test [--matrix] FOLDER [ROOM]\n");
        return 2;
    }
    run->only = arg + 1 < argc ? argv[arg + 1] : NULL;
    const char *wrong = classifier_check(text, sizeof text);
    if (wrong) {
        printf("FAIL %s\n", wrong);
        run->failed++;
    }
    struct classifier *forward = classifier_build(&memory, false);
    struct classifier *reversed = classifier_build(&memory, true);
    run->forward = forward;
    run->reversed = reversed;
    if (!cases_read_all(argv[arg], run_case, run))
        run->failed++;
    classifier_free(forward, &memory);
    classifier_free(reversed, &memory);
    printf("cases: %u checks passed, %u failed\n", run->passed, run->failed);
    int status = run->failed ? 1 : 0;
    free(run);
    return status;
}
