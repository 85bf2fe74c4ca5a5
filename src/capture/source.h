/* SPDX-License-Identifier: MIT */
/*
 * Where a capture's bytes come from: a mapped file, or a stream (standard input, a pipe, a
 * compressed file) that is read into a buffer. Both show a stretch of bytes; taking from it moves
 * on.
 */
#ifndef CDPI_CAPTURE_SOURCE_H
#define CDPI_CAPTURE_SOURCE_H

#include <cdpi/cdpi.h>

struct inflater;

struct source {
    int fd;
    bool is_mapped, is_at_end; /* stream: no more will come */
    bool is_cut;               /* compressed: the end came too early; mapped: the file has shrunk */
    const uint8_t *map;
    size_t map_size, map_at;
    uint8_t *buffer;
    size_t room, from, to;
    uint64_t passed, total; /* bytes read from the file, and its size where known */
    struct inflater *inflater;
    uint8_t *packed; /* compressed bytes that wait */
    size_t packed_from, packed_to;
    const char *why; /* when reading fails */
};

/* Opens a path ("-" is standard input). */
enum cdpi_status source_open(struct source *source, const char *path, struct cdpi_error *error);
void source_close(struct source *source);

/* The bytes that can be seen now. */
const uint8_t *source_bytes(const struct source *source, size_t *size);
void source_take(struct source *source, size_t size);
/* Sees to `need` bytes, if the source has so many. Moves what was seen before. CDPI_OK even at the
 * end: look at what is there. CDPI_CANNOT_READ: the source failed. */
enum cdpi_status source_fill(struct source *source, size_t need);
/* A mapped file that has become shorter ends where it ends now. */
void source_check_shrink(struct source *source);

#endif
