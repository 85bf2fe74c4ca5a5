/* SPDX-License-Identifier: MIT */
/*
 * cdpi bench: a module alone over captures. The captures are read without any inspection first, so
 * that reading, decoding and flow tracking can be told from the module's own cost.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"

typedef unsigned long long number;

struct measured {
    double seconds; /* of CPU */
    long memory;    /* KiB that the process grew by */
    struct cdpi_stats stats;
    struct cdpi_module_info module;
    char name[64], version[64];
};

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static long memory_now(void)
{
    long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%ld %ld", &pages, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int measure(const struct command *c, const char *modules, struct measured *m)
{
    struct cdpi_options options = c->engine;
    struct cdpi_error error;
    struct cdpi *engine;
    bool is_floor = modules != c->engine.modules;
    long before = memory_now();
    options.modules = modules;
    if (is_floor)
        options.settings = NULL;
    enum cdpi_status opened = cdpi_open(&options, &engine, &error);
    if (opened != CDPI_OK) {
        fprintf(stderr, "cdpi: bench: %s\n", error.text);
        return opened == CDPI_BAD_ARGUMENT ? EXIT_USAGE : EXIT_INPUT;
    }
    double start = cpu_seconds();
    int status = feed_files(engine, c->files, c->file_count);
    m->seconds = cpu_seconds() - start;
    m->memory = memory_now() - before;
    m->stats = cdpi_stats(engine);
    m->module = cdpi_module(engine, 0);
    snprintf(m->name, sizeof m->name, "%s", m->module.name);
    snprintf(m->version, sizeof m->version, "%s", m->module.version ? m->module.version : "");
    cdpi_close(engine);
    return status;
}

static void report(const struct measured *floor, const struct measured *m)
{
    const struct cdpi_module_info *info = &m->module;
    double inside = (double)info->nanoseconds * 1e-9;
    double cost = m->seconds > floor->seconds ? m->seconds - floor->seconds : 0;
    uint64_t asked = info->asked ? info->asked : 1;
    printf("module                 %s %s\n", m->name, m->version);
    printf("packets                %llu\n", (number)m->stats.packets);
    printf("flows                  %llu, with payload %llu\n", (number)m->stats.flows,
           (number)(m->stats.flows - m->stats.flows_without_payload));
    printf("asked                  %llu flows\n", (number)info->asked);
    printf("answered               %llu (%.1f %%), guessed %llu, nonsense %llu\n",
           (number)info->answered, 100.0 * (double)info->answered / (double)asked,
           (number)info->guessed, (number)info->nonsense);
    printf("CPU                    %.3f s, of which %.3f s without the module\n", m->seconds,
           floor->seconds);
    printf("cost a flow asked      %.2f us", cost * 1e6 / (double)asked);
    if (info->nanoseconds)
        printf(", inside the module %.2f us", inside * 1e6 / (double)asked);
    printf("\nflows a second         %.0f\n",
           m->seconds > 0 ? (double)m->stats.flows / m->seconds : 0);
    printf("memory                 engine %llu KiB at its peak, process +%ld KiB\n",
           (number)(m->stats.memory_peak / 1024), m->memory);
}

int bench_main(int argc, char **argv)
{
    struct command c;
    struct measured floor, module;
    char beside[4096];
    int status = command_read(&c, "bench", argc, argv);
    if (status != EXIT_DONE)
        return status;
    if (c.help) {
        puts("usage: cdpi bench [--module NAME] [--set M.KEY=VALUE] [--module-path DIRS] FILE...\n"
             "a module alone (default: own) over captures: flows a second, cost a flow, memory");
        return EXIT_DONE;
    }
    if (!c.engine.modules)
        c.engine.modules = "own";
    find_modules(&c.engine, beside, sizeof beside);
    status = measure(&c, "port", &floor);
    if (status == EXIT_DONE)
        status = measure(&c, "port", &floor); /* again, with the files in memory */
    if (status == EXIT_DONE)
        status = measure(&c, c.engine.modules, &module);
    if (status == EXIT_DONE)
        report(&floor, &module);
    return status;
}
