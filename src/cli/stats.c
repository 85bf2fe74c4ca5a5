/* SPDX-License-Identifier: MIT */
#include "cli/stats.h"

typedef unsigned long long number;

static void line(FILE *to, const char *name, uint64_t value)
{
    fprintf(to, "%-24s %llu\n", name, (number)value);
}

static void write_module(FILE *to, const struct cdpi_module_info *m)
{
    fprintf(to, "module %s: asked %llu, answered %llu", m->name, (number)m->asked,
            (number)m->answered);
    if (m->agreed || m->disagreed)
        fprintf(to, ", agreed %llu, disagreed %llu", (number)m->agreed, (number)m->disagreed);
    if (m->asked && m->nanoseconds)
        fprintf(to, ", %.3f s of CPU, %.1f us a flow", (double)m->nanoseconds * 1e-9,
                (double)m->nanoseconds * 1e-3 / (double)m->asked);
    fputc('\n', to);
}

void stats_write(const struct cdpi *engine, FILE *to)
{
    struct cdpi_stats s = cdpi_stats(engine);
    struct cdpi_module_info m;
    line(to, "packets", s.packets);
    line(to, "packets in flows", s.packets_in_flows);
    line(to, "packets inspected", s.inspected);
    line(to, "packets malformed", s.packets_malformed);
    line(to, "packets without IP", s.packets_other);
    line(to, "packets of unknown link", s.packets_unknown_link);
    line(to, "fragments", s.fragments);
    line(to, "datagrams reassembled", s.datagrams_reassembled);
    line(to, "datagrams incomplete", s.datagrams_incomplete);
    line(to, "fragments overlapping", s.fragments_overlapping);
    line(to, "gaps skipped", s.gaps_skipped);
    line(to, "bytes", s.bytes);
    line(to, "flows", s.flows);
    line(to, "flows evicted", s.flows_evicted);
    line(to, "flows without payload", s.flows_without_payload);
    line(to, "verdicts certain", s.verdicts_certain);
    line(to, "verdicts likely", s.verdicts_likely);
    line(to, "verdicts none", s.verdicts_none);
    line(to, "judged early", s.heads_forced);
    line(to, "memory peak", s.memory_peak);
    line(to, "memory budget", s.memory_budget);
    for (size_t i = 0; (m = cdpi_module(engine, i)).name; i++)
        write_module(to, &m);
}
