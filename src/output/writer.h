/* SPDX-License-Identifier: MIT */
/* A buffered writer that formats without printf: a run prints millions of flows. */
#ifndef CDPI_OUTPUT_WRITER_H
#define CDPI_OUTPUT_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WRITER_ROOM = 64 * 1024 };

struct writer {
    int fd;
    int error; /* errno of the first failure; nothing is written after it */
    size_t used;
    char bytes[WRITER_ROOM];
};

void writer_begin(struct writer *w, int fd);
void writer_flush(struct writer *w);
void write_bytes(struct writer *w, const char *bytes, size_t size);
void write_text(struct writer *w, const char *text);
void write_char(struct writer *w, char c);
void write_number(struct writer *w, uint64_t value);
/* In quotes, escaped as RFC 8259 wants; bytes that are no UTF-8 become U+FFFD. `lower`: ASCII
 * letters in lower case. */
void write_json_string(struct writer *w, const char *text, bool lower);
/* "2026-01-01T00:00:00.000000+0000", from nanoseconds since 1970; without quotes. */
void write_time(struct writer *w, uint64_t nanoseconds);
/* Dotted, or RFC 5952. */
void write_address(struct writer *w, const uint8_t *address, uint8_t ip_version);

#endif
