/* SPDX-License-Identifier: MIT */
/*
 * Captures that end anywhere: each file is cut at random places, and what is left goes through the
 * reader and the engine. Nothing may crash; what comes before the cut is read.
 *
 *     cut_test CUTS FILE...
 */
#define _GNU_SOURCE
#include <cdpi/capture.h>
#include <cdpi/cdpi.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/check.h"

enum { FRAMES = 64 };

static uint64_t state = 88172645463325252u;

static uint64_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void *read_file(const char *path, size_t *size)
{
    int file = open(path, O_RDONLY);
    off_t end = file < 0 ? -1 : lseek(file, 0, SEEK_END);
    void *bytes = end > 0 ? malloc((size_t)end) : NULL;
    if (bytes && pread(file, bytes, (size_t)end, 0) != end) {
        free(bytes);
        bytes = NULL;
    }
    if (file >= 0)
        close(file);
    *size = bytes ? (size_t)end : 0;
    return bytes;
}

/* Reads to where it ends, whatever the reason. Returns the frames that were fed. */
static uint64_t run(struct cdpi *engine, const char *path)
{
    struct cdpi_capture *capture;
    struct cdpi_frame frames[FRAMES];
    struct cdpi_error error;
    uint64_t fed = 0;
    size_t count;
    if (cdpi_capture_open(path, NULL, &capture, &error) != CDPI_OK)
        return 0;
    while (cdpi_capture_next(capture, frames, FRAMES, &count, &error) == CDPI_OK) {
        CHECK(cdpi_feed(engine, frames, count) == CDPI_OK);
        fed += count;
    }
    cdpi_capture_close(capture);
    CHECK(cdpi_flush(engine) == CDPI_OK);
    return fed;
}

static void cut(struct cdpi *engine, const char *bytes, size_t size, uint64_t whole)
{
    char path[64];
    int file = memfd_create("cut", 0);
    size_t left = (size_t)(draw() % size);
    CHECK(file >= 0 && write(file, bytes, left) == (ssize_t)left);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    CHECK(run(engine, path) <= whole);
    close(file);
}

int main(int argc, char **argv)
{
    struct cdpi_options options = {.struct_size = sizeof options, .memory_budget = 64 << 20};
    struct cdpi *engine;
    unsigned long cuts = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    CHECK(cdpi_open(&options, &engine, NULL) == CDPI_OK);
    for (int i = 2; i < argc; i++) {
        size_t size;
        char *bytes = read_file(argv[i], &size);
        CHECK(bytes != NULL);
        uint64_t whole = bytes ? run(engine, argv[i]) : 0;
        for (unsigned long k = 0; bytes && k < cuts; k++)
            cut(engine, bytes, size, whole);
        free(bytes);
    }
    struct cdpi_stats stats = cdpi_stats(engine);
    CHECK(stats.memory_peak <= stats.memory_budget);
    CHECK(cdpi_close(engine) == CDPI_OK);
    return CHECKS_END("cuts");
}
