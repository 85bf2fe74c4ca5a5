/* SPDX-License-Identifier: MIT */
/* The table for people: a row a protocol, the largest first, the unknown last. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/output.h"

static void begin(struct output *out)
{
    out->row_count = 0;
}

static struct table_row *find_row(struct output *out, const struct cdpi_verdict *v)
{
    for (uint32_t i = 0; i < out->row_count; i++) {
        struct table_row *row = &out->rows[i];
        if (row->protocol == v->protocol && row->application == v->application &&
            strcmp(row->source, v->source) == 0)
            return row;
    }
    if (out->row_count == TABLE_ROWS)
        return &out->rows[TABLE_ROWS - 1];
    struct table_row *row = &out->rows[out->row_count++];
    *row = (struct table_row){
        .protocol = v->protocol, .application = v->application, .source = v->source};
    return row;
}

static void flow(struct output *out, const struct cdpi_flow_info *info,
                 const struct cdpi_verdict *verdict, const struct cdpi_module_answer *answers,
                 size_t answer_count)
{
    struct table_row *row = find_row(out, verdict);
    (void)answers;
    (void)answer_count;
    row->flows++;
    row->packets += info->packets[0] + info->packets[1];
    row->bytes += info->bytes[0] + info->bytes[1];
}

static int larger_first(const void *a, const void *b)
{
    const struct table_row *x = a, *y = b;
    if (!x->protocol != !y->protocol)
        return x->protocol ? -1 : 1;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return (int)x->protocol - (int)y->protocol;
}

static void human_bytes(uint64_t bytes, char text[16])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    unsigned unit = 0;
    while (value >= 1024 && unit < 4) {
        value /= 1024;
        unit++;
    }
    snprintf(text, 16, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

static void write_row(struct output *out, const char *protocol, const char *application,
                      const struct table_row *row, uint64_t total)
{
    char bytes[16], line[256];
    human_bytes(row->bytes, bytes);
    snprintf(line, sizeof line, "%-20.20s %-16.16s %9llu %11llu %11s %6.1f %%  %s\n", protocol,
             application, (unsigned long long)row->flows, (unsigned long long)row->packets, bytes,
             total ? 100.0 * (double)row->bytes / (double)total : 0.0, row->source);
    write_text(&out->writer, line);
}

static void colour(struct output *out, const char *code)
{
    if (out->with_colour)
        write_text(&out->writer, code);
}

static void end(struct output *out)
{
    struct table_row all = {.source = ""};
    char line[160];
    for (uint32_t i = 0; i < out->row_count; i++) {
        all.flows += out->rows[i].flows;
        all.packets += out->rows[i].packets;
        all.bytes += out->rows[i].bytes;
    }
    qsort(out->rows, out->row_count, sizeof out->rows[0], larger_first);
    snprintf(line, sizeof line, "%-20s %-16s %9s %11s %11s %8s  %s\n", "protocol", "application",
             "flows", "packets", "bytes", "share", "source");
    colour(out, "\x1b[1m");
    write_text(&out->writer, line);
    colour(out, "\x1b[0m");
    for (uint32_t i = 0; i < out->row_count; i++) {
        const struct table_row *row = &out->rows[i];
        colour(out, row->protocol ? "\x1b[32m" : "\x1b[33m");
        write_row(out, row->protocol ? cdpi_protocol_name(out->engine, row->protocol) : "unknown",
                  cdpi_protocol_name(out->engine, row->application), row, all.bytes);
        colour(out, "\x1b[0m");
    }
    write_row(out, "total", "", &all, all.bytes);
}

const struct output_format output_table = {"table", begin, flow, end};
