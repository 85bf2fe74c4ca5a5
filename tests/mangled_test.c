/* SPDX-License-Identifier: MIT */
/*
 * What no sender would send: each case with one byte twice, with one missing, with one that goes on
 * and on, with one replaced by zero, by ones, by a blank, and with each of its bits turned.
 * Whatever the answer, there has to be one: a validator that walks over its bytes must come to an
 * end, and evidence must lie within what was shown.
 *
 *     mangled_test [FOLDER]
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/check.h"
#include "support/replay.h"

enum { MANGLED_BYTES = 400, SECONDS = 20, LONG = 2000, ROOM = CASE_BYTES + LONG };

enum mangling { TWICE, LASTING, MISSING, ZERO, ONES, BLANK, BITS, MANGLINGS = BITS + 8 };

struct run {
    struct classifier *classifier;
    struct replay replay;
    unsigned played;
};

static char current[400];

/* Of this process's own time: a machine that stands still is no endless loop. */
static void on_time_over(int signal)
{
    static const char end[] = ": no answer\nmangled: 0 checks passed, 1 failed\n";
    (void)signal;
    ssize_t written = write(STDOUT_FILENO, current, strlen(current));
    written += write(STDOUT_FILENO, end, sizeof end - 1);
    _exit(written > 0 ? 1 : 2);
}

static void give_time(void)
{
    struct itimerval time = {.it_value.tv_sec = SECONDS};
    setitimer(ITIMER_PROF, &time, NULL);
}

static uint8_t replaced(enum mangling how, uint8_t byte)
{
    switch (how) {
    case ZERO:
        return 0;
    case ONES:
        return 0xff;
    case BLANK:
        return ' ';
    default:
        return (uint8_t)(how >= BITS ? byte ^ 1u << (how - BITS) : byte);
    }
}

/* The message with its byte `at` mangled; its new size. */
static uint32_t mangle(enum mangling how, uint8_t *to, const uint8_t *from, uint32_t size,
                       uint32_t at)
{
    uint32_t times = how == MISSING ? 0 : how == TWICE ? 2 : how == LASTING ? LONG : 1;
    memcpy(to, from, at);
    memset(to + at, replaced(how, from[at]), times);
    memcpy(to + at + times, from + at + 1, size - at - 1);
    return size - 1 + times;
}

static void play(struct run *run, const struct test_case *c, enum mangling how, unsigned which,
                 uint32_t at)
{
    static uint8_t mangled[ROOM];
    struct replay *r = &run->replay;
    replay_begin_case(r, c);
    for (unsigned i = 0; i < c->message_count; i++) {
        const struct message *m = &c->messages[i];
        const uint8_t *bytes = c->bytes + m->offset;
        uint32_t size = m->size;
        if (i == which) {
            size = mangle(how, mangled, bytes, size, at);
            bytes = mangled;
        }
        replay_message(r, run->classifier, m->side, bytes, size);
    }
    replay_end(r, run->classifier);
    run->played++;
    CHECK(r->state.room == NO_ROOM ||
          (r->state.evidence_side <= 1 &&
           r->state.evidence_offset + r->state.evidence_size <= 2 * HEAD_SIZE));
}

static void run_case(void *context, const struct test_case *c)
{
    struct run *run = context;
    snprintf(current, sizeof current, "FAIL %s:%d: %s", c->file, c->line, c->title);
    give_time();
    for (unsigned which = 0; which < c->message_count; which++) {
        uint32_t size = c->messages[which].size;
        for (uint32_t at = 0; at < size && at < MANGLED_BYTES; at++) {
            for (enum mangling how = TWICE; how < MANGLINGS; how++)
                play(run, c, how, which, at);
        }
    }
}

int main(int argc, char **argv)
{
    struct memory memory = {.budget = UINT64_MAX};
    struct run *run = calloc(1, sizeof *run);
    memory_use_system(&memory);
    run->classifier = classifier_build(&memory, false);
    signal(SIGPROF, on_time_over);
    CHECK(cases_read_all(argc > 1 ? argv[1] : "src/protocols", run_case, run));
    CHECK(run->played > 0);
    classifier_free(run->classifier, &memory);
    free(run);
    return CHECKS_END("mangled");
}
