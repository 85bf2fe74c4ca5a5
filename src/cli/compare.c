/* SPDX-License-Identifier: MIT */
/*
 * cdpi compare: every module is asked about every flow. A table of how often two agree where both
 * answer, then the flows on which they do not, with each one's evidence.
 *
 * Two agree when they name the same protocol, or when what one names runs inside what the other
 * names (HTTP and an HTTP tracker's BitTorrent).
 */
#define _GNU_SOURCE
#include <stdio.h>

#include "cli/commands.h"

enum { MOST = 8 };
typedef unsigned long long number;

struct comparison {
    struct cdpi *engine;
    size_t count;
    uint64_t flows; /* with an answer of anybody's */
    uint64_t disputed;
    uint64_t answered[MOST], alone[MOST];
    uint64_t both[MOST][MOST], agreed[MOST][MOST];
};

static bool agree(const struct cdpi_verdict *a, const struct cdpi_verdict *b)
{
    return a->protocol == b->protocol || a->application == b->protocol ||
           a->protocol == b->application;
}

static bool has_answer(const struct cdpi_module_answer *a)
{
    return a->state == CDPI_ANSWERED && a->verdict.protocol;
}

static void print_answer(const struct comparison *c, const struct cdpi_module_answer *a)
{
    const struct cdpi_verdict *v = &a->verdict;
    printf("    %-12s ", a->module);
    if (!has_answer(a)) {
        if (v->guess)
            printf("guesses %s\n", cdpi_protocol_name(c->engine, v->guess));
        else
            puts("does not know");
        return;
    }
    printf("%s", cdpi_protocol_name(c->engine, v->protocol));
    if (v->application)
        printf("/%s", cdpi_protocol_name(c->engine, v->application));
    printf(" (%s) %s", v->confidence == CDPI_CERTAIN ? "certain" : "likely", v->evidence.rule);
    if (v->evidence.packet)
        printf(", payload packet %u, %s", v->evidence.packet,
               v->evidence.side == CDPI_CLIENT ? "client" : "server");
    if (v->evidence.length)
        printf(", bytes %u to %u", v->evidence.offset, v->evidence.offset + v->evidence.length - 1);
    putchar('\n');
}

static void print_flow(const struct comparison *c, const struct cdpi_flow *flow,
                       const struct cdpi_module_answer *answers)
{
    struct cdpi_flow_info info;
    cdpi_flow_info(flow, &info);
    printf("%s ", info.ip_protocol == 6 ? "TCP" : info.ip_protocol == 17 ? "UDP" : "IP");
    print_endpoint(&info, CDPI_CLIENT);
    printf(" -> ");
    print_endpoint(&info, CDPI_SERVER);
    putchar('\n');
    for (size_t i = 0; i < c->count; i++)
        print_answer(c, &answers[i]);
}

/* Counts, and says whether two disagree. */
static bool count(struct comparison *c, const struct cdpi_module_answer *answers)
{
    bool disagree = false;
    size_t some = 0, last = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (!has_answer(&answers[i]))
            continue;
        some++;
        last = i;
        c->answered[i]++;
        for (size_t j = 0; j < i; j++) {
            if (!has_answer(&answers[j]))
                continue;
            bool same = agree(&answers[i].verdict, &answers[j].verdict);
            c->both[i][j]++;
            c->agreed[i][j] += same;
            disagree |= !same;
        }
    }
    c->flows += some > 0;
    if (some == 1)
        c->alone[last]++;
    return disagree;
}

static void on_event(void *context, enum cdpi_event event, struct cdpi_flow *flow,
                     const struct cdpi_verdict *verdict)
{
    struct comparison *c = context;
    struct cdpi_module_answer answers[MOST];
    (void)verdict;
    if (event != CDPI_EVENT_ENDED)
        return;
    c->count = cdpi_classify_all(c->engine, flow, answers, MOST);
    if (!count(c, answers))
        return;
    c->disputed++;
    print_flow(c, flow, answers);
}

static void print_table(const struct comparison *c)
{
    printf("%s%llu flows that a module names; on %llu they disagree\n", c->disputed ? "\n" : "",
           (number)c->flows, (number)c->disputed);
    printf("%-12s %10s %10s", "module", "answers", "alone");
    for (size_t i = 0; i + 1 < c->count; i++)
        printf(" %9s %-4s", "alike", cdpi_module(c->engine, i).name);
    putchar('\n');
    for (size_t i = 0; i < c->count; i++) {
        printf("%-12s %10llu %10llu", cdpi_module(c->engine, i).name, (number)c->answered[i],
               (number)c->alone[i]);
        for (size_t j = 0; j < i; j++) {
            char cell[32];
            snprintf(cell, sizeof cell, "%llu of %llu", (number)c->agreed[i][j],
                     (number)c->both[i][j]);
            printf(" %14s", cell);
        }
        putchar('\n');
    }
}

static void tell_missing(void *context, const char *module, const char *why)
{
    (void)context;
    fprintf(stderr, "cdpi: module %s is skipped: %s\n", module, why);
}

int compare_main(int argc, char **argv)
{
    struct command c;
    struct comparison all = {.engine = NULL};
    struct cdpi_error error;
    char beside[4096];
    int status = command_read(&c, "compare", argc, argv);
    if (status != EXIT_DONE)
        return status;
    if (c.help) {
        puts("usage: cdpi compare [--modules LIST] [--set M.KEY=VALUE] [--module-path DIRS] "
             "FILE...\n"
             "every module (default: all) on every flow: agreement, and where they disagree");
        return EXIT_DONE;
    }
    if (!c.engine.modules)
        c.engine.modules = "all";
    find_modules(&c.engine, beside, sizeof beside);
    c.engine.ask_all = true;
    c.engine.on_event = on_event;
    c.engine.on_event_context = &all;
    c.engine.on_module_missing = tell_missing;
    enum cdpi_status opened = cdpi_open(&c.engine, &all.engine, &error);
    if (opened != CDPI_OK) {
        fprintf(stderr, "cdpi: compare: %s\n", error.text);
        return opened == CDPI_BAD_ARGUMENT ? EXIT_USAGE : EXIT_INPUT;
    }
    status = feed_files(all.engine, c.files, c.file_count);
    print_table(&all);
    cdpi_close(all.engine);
    return fflush(stdout) == 0 ? status : EXIT_INPUT;
}
