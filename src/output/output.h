/* SPDX-License-Identifier: MIT */
/*
 * What the tool prints: each format is a struct of functions over the same two things, flows that
 * end and a summary. An output never sees a packet.
 */
#ifndef CDPI_OUTPUT_OUTPUT_H
#define CDPI_OUTPUT_OUTPUT_H

#include <cdpi/cdpi.h>

#include "output/writer.h"

enum { SCHEMA_VERSION = 1, TABLE_ROWS = 1024 };

/* One row of the table for people. */
struct table_row {
    cdpi_protocol_id protocol, application;
    uint64_t flows, packets, bytes;
    const char *source;
};

struct output {
    struct writer writer;
    const struct cdpi *engine;
    bool with_modules;  /* --ask-all: what each module says */
    bool with_evidence; /* --explain */
    bool with_colour;
    const char *capture; /* --per-file: the file's name, else NULL */
    uint32_t row_count;
    struct table_row rows[TABLE_ROWS];
};

struct output_format {
    const char *name;
    void (*begin)(struct output *out);
    void (*flow)(struct output *out, const struct cdpi_flow_info *info,
                 const struct cdpi_verdict *verdict, const struct cdpi_module_answer *answers,
                 size_t answer_count);
    void (*end)(struct output *out);
};

extern const struct output_format output_json, output_csv, output_table, output_lines, output_none;

/* The IANA keyword of an IP protocol ("TCP"), or NULL. */
const char *ip_protocol_keyword(uint8_t ip_protocol);
/* Ports mean something. */
bool has_ports(const struct cdpi_flow_info *info);
const char *confidence_name(enum cdpi_confidence confidence);

#endif
