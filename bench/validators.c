/* SPDX-License-Identifier: MIT */
/*
 * What each room's validator costs, in instructions a call: counted one by one, by a parent that
 * steps through the call, so that the figures are the same on every machine with the same compiler.
 * Each case of a room is shown to its validator whole, and as the first message alone; the dearest
 * call counts.
 *
 *     validators FOLDER > docs/costs.tsv      name TAB instructions TAB case
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "steps.h"
#include "support/replay.h"

enum { ROOMS = 1024 };

static struct {
    uint32_t most;
    char where[200];
} costs[ROOMS];

/* ---- the child, which makes the calls ----------------------------------------------------- */

struct child {
    const struct classifier *classifier;
    struct replay replay;
    FILE *told;
};

static enum answer say_no(struct inspection *in)
{
    (void)in;
    return NO;
}

static void show(struct inspection *in, const struct test_case *c, struct replay *r, bool whole)
{
    uint8_t first = c->messages[0].side;
    *in = (struct inspection){
        .client = cursor_over(r->heads[0], whole || first == CLIENT ? r->exchange.size[0] : 0),
        .server = cursor_over(r->heads[1], whole || first == SERVER ? r->exchange.size[1] : 0),
        .client_port = c->port[0],
        .server_port = c->port[1],
        .transport = transport_of(c->ip_protocol),
        .sctp_ppid = c->sctp_ppid,
        .is_midstream = c->is_late,
        .is_final = whole,
        .first_speaker = first,
        .datagrams = r->datagrams,
        .datagram_count = whole ? r->exchange.datagram_count : 1,
        .heads = {r->heads[0], r->heads[1]}};
    in->server.side = SERVER;
    if (in->transport != OVER_UDP)
        return;
    in->client.size = in->server.size = 0;
    for (uint32_t i = in->datagram_count; i-- > 0;) {
        struct cursor d = inspection_datagram(in, i);
        *(d.side == CLIENT ? &in->client : &in->server) = d;
    }
}

/* Between two marks stands the one call. The parent is told beforehand whose it is. */
static void call(struct child *child, const struct test_case *c, room_index room, bool whole)
{
    enum answer (*validate)(struct inspection * in) =
        room == NO_ROOM ? say_no : catalog_rooms[room].protocol->validate;
    struct inspection in;
    show(&in, c, &child->replay, whole);
    fprintf(child->told, "%d\t%s, line %d\n", room == NO_ROOM ? -1 : (int)room,
            strrchr(c->file, '/') ? strrchr(c->file, '/') + 1 : c->file, c->line);
    fflush(child->told);
    steps_mark();
    validate(&in);
    steps_mark();
}

static void run_case(void *context, const struct test_case *c)
{
    static bool is_calibrated;
    struct child *child = context;
    room_index room = c->expects_none || c->is_not ? NO_ROOM : catalog_find_room(c->expected);
    if (room == NO_ROOM || !catalog_rooms[room].protocol->validate || c->message_count == 0)
        return;
    replay_case(&child->replay, child->classifier, c);
    if (!is_calibrated)
        call(child, c, NO_ROOM, true);
    is_calibrated = true;
    call(child, c, room, false);
    call(child, c, room, true);
}

static int be_child(const char *folder, int pipe_end)
{
    static struct child child;
    struct memory memory = {.budget = 64u << 20};
    memory_use_system(&memory);
    child.classifier = classifier_build(&memory, false);
    child.told = fdopen(pipe_end, "w");
    if (!child.classifier || !child.told || ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        return 1;
    raise(SIGSTOP); /* the parent waits for this */
    return cases_read_all(folder, run_case, &child) ? 0 : 1;
}

/* ---- the parent, which counts ------------------------------------------------------------- */

static void note_cost(int room, const char *where, uint32_t count)
{
    if (room < 0 || room >= ROOMS || count <= costs[room].most)
        return;
    costs[room].most = count;
    snprintf(costs[room].where, sizeof costs[room].where, "%s", where);
}

static int be_parent(pid_t pid, FILE *told)
{
    char line[256], where[200];
    uint32_t count, empty = 0;
    int room, signal_number;
    if (!steps_wait(pid, &signal_number))
        return 1;
    while (steps_to_mark(pid)) {
        if (!fgets(line, sizeof line, told) || sscanf(line, "%d\t%199[^\n]", &room, where) != 2 ||
            !steps_count(pid, &count))
            return 1;
        if (room < 0)
            empty = count; /* marks, and a validator that only says no */
        note_cost(room, where, count > empty ? count - empty : 1);
    }
    for (size_t i = 0; i < catalog_room_count && i < ROOMS; i++) {
        if (costs[i].most)
            printf("%s\t%u\t%s\n", catalog_rooms[i].protocol->name, costs[i].most, costs[i].where);
    }
    return 0;
}

int main(int argc, char **argv)
{
    int ends[2];
    if (argc != 2 || pipe(ends) != 0) {
        fprintf(stderr, "usage: validators FOLDER\n");
        return 2;
    }
    pid_t pid = fork();
    if (pid == 0)
        return be_child(argv[1], ends[1]);
    FILE *told = pid > 0 ? fdopen(ends[0], "r") : NULL;
    close(ends[1]);
    return told ? be_parent(pid, told) : 1;
}
