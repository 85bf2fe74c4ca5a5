/* SPDX-License-Identifier: MIT */
/*
 * Where a capture's bytes come from: a file, a pipe or memory, as it is or through a decompressor,
 * seen through one window of memory that is used again and again.
 *
 * The file is read, not mapped. Measured on one AMD EPYC core, 64 bytes of each packet touched, all
 * CPU time (user and system) in ns a packet: read into 256 KiB 59 (bulk), 25 (mix), 8 (tiny);
 * mapped and walked by one cursor 188, 72, 13; mapped and walked by eight cursors that know where
 * to start 114, 50, 13. The copy costs less than the page faults, and its bytes are in the
 * second-level cache when the headers are walked, so there is no chain of cache misses left to
 * break. And a file that shrinks is a short read, not a SIGBUS at some moment in the caller's code,
 * which no check before the access can exclude.
 */
#ifndef CDPI_CAPTURE_SOURCE_H
#define CDPI_CAPTURE_SOURCE_H

#include <stdatomic.h>

#include "capture/failure.h"

enum {
    SOURCE_WINDOW =
        256 * 1024,          /* bytes that one read asks for: they stay in a second-level cache */
    SOURCE_MOST = 512 * 1024 /* the most that can be asked for in one piece */
};

struct source;

/* Makes bytes out of source_raw()'s. */
struct decoder {
    /* Up to `room` bytes; 0 at the end, or with source->failure set. */
    size_t (*fill)(struct source *source, uint8_t *into, size_t room);
    void (*close)(void *state);
};

struct source {
    int fd; /* -1: memory */
    const uint8_t *memory;
    size_t memory_left, memory_chunk; /* no read gives more than a chunk */
    bool owns_fd, size_known, raw_ended, ended;
    uint64_t size, raw_total;      /* bytes of the input: all of them, and those read so far */
    uint64_t total;                /* bytes that went into the window so far */
    const atomic_int *stopped;     /* a reader that waits gives up when this is set */
    struct failure failure;        /* why no more comes, but for the plain end */
    const struct decoder *decoder; /* NULL: plain */
    void *decoder_state;
    uint8_t *raw; /* input of the decoder: raw[raw_at..raw_end) */
    size_t raw_at, raw_end;
    uint8_t *window; /* what is there and not yet passed over: window[at..end) */
    size_t at, end;
};

/* Opens a path ("-": standard input) or memory, and finds out about compression. False: failure. */
bool source_open(struct source *source, const char *path, const atomic_int *stopped);
bool source_open_memory(struct source *source, const void *data, size_t size, size_t chunk);
void source_close(struct source *source);

/* Makes `n` bytes (SOURCE_MOST at most) available at window[at]. Whatever was passed over is gone
 * then. False: the input has no more; what is there stays. */
bool source_need(struct source *source, size_t n);

/* For decoders: refills raw. False: nothing left, or failure. */
bool source_refill(struct source *source);

static inline size_t source_left(const struct source *source)
{
    return source->end - source->at;
}

/* How far window[at] is from the (decompressed) beginning. */
static inline uint64_t source_position(const struct source *source)
{
    return source->total - source_left(source);
}

/* gzip.c, zstd.c; NULL state: no memory. */
extern const struct decoder gzip_decoder, zstd_decoder;
void *gzip_open(void);
void *zstd_open(void);

#endif
