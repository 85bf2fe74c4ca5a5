/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "capture/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/format.h"
#include "capture/inflate.h"

enum {
    CHUNK = 256 * 1024,
    FIRST_ROOM = 1024 * 1024,
    MOST_ROOM = MOST_BLOCK + CHUNK,
    PACKED = 64 * 1024
};

static enum cdpi_status fail(struct cdpi_error *error, enum cdpi_status status, const char *path,
                             const char *why)
{
    if (error)
        snprintf(error->text, sizeof error->text, "%.160s: %.80s", path, why);
    return status;
}

/* ---- opening ----------------------------------------------------------------------------- */

static bool map_file(struct source *s, size_t size)
{
    void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, s->fd, 0);
    if (map == MAP_FAILED)
        return false;
    madvise(map, size, MADV_SEQUENTIAL);
    s->map = map;
    s->map_size = size;
    s->is_mapped = true;
    return true;
}

static ssize_t read_some(struct source *s, uint8_t *to, size_t room);

static enum cdpi_status open_stream(struct source *s, const char *path, struct cdpi_error *error)
{
    const char *name;
    s->buffer = malloc(FIRST_ROOM);
    s->packed = malloc(PACKED);
    if (!s->buffer || !s->packed)
        return fail(error, CDPI_NO_MEMORY, path, "no memory for a buffer");
    s->room = FIRST_ROOM;
    while (s->packed_to < 4 && !s->is_at_end) {
        ssize_t n = read_some(s, s->packed + s->packed_to, PACKED - s->packed_to);
        if (n < 0)
            return fail(error, CDPI_CANNOT_READ, path, s->why);
        s->packed_to += (size_t)n;
    }
    if (s->packed_to == 0)
        return fail(error, CDPI_UNKNOWN_FORMAT, path, "it is empty");
    if (!inflater_recognises(s->packed, s->packed_to, &name)) {
        memcpy(s->buffer, s->packed, s->packed_to);
        s->to = s->packed_to;
        return CDPI_OK;
    }
    s->inflater = inflater_open(s->packed, s->packed_to);
    if (!s->inflater) {
        char why[80];
        snprintf(why, sizeof why, "it is compressed by %s, which this build does not read", name);
        return fail(error, CDPI_UNKNOWN_FORMAT, path, why);
    }
    s->is_at_end = false;
    return CDPI_OK;
}

/* A file that begins as a compressed one is streamed, all other plain files are mapped. */
static bool is_compressed(int fd)
{
    uint8_t start[4];
    const char *name;
    ssize_t n = pread(fd, start, sizeof start, 0);
    return n > 0 && inflater_recognises(start, (size_t)n, &name);
}

enum cdpi_status source_open(struct source *s, const char *path, struct cdpi_error *error)
{
    struct stat st;
    *s = (struct source){.fd = -1};
    s->fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0 || fstat(s->fd, &st) != 0)
        return fail(error, CDPI_CANNOT_READ, path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return fail(error, CDPI_CANNOT_READ, path, "it is a directory");
    if (S_ISREG(st.st_mode)) {
        s->total = (uint64_t)st.st_size;
        if (st.st_size == 0)
            return fail(error, CDPI_UNKNOWN_FORMAT, path, "it is empty");
        if (strcmp(path, "-") != 0 && !is_compressed(s->fd) && map_file(s, (size_t)st.st_size))
            return CDPI_OK;
    }
    return open_stream(s, path, error);
}

void source_close(struct source *s)
{
    if (s->map)
        munmap((void *)(uintptr_t)s->map, s->map_size);
    if (s->fd >= 0)
        close(s->fd);
    inflater_close(s->inflater);
    free(s->buffer);
    free(s->packed);
    *s = (struct source){.fd = -1};
}

/* ---- reading ----------------------------------------------------------------------------- */

const uint8_t *source_bytes(const struct source *s, size_t *size)
{
    *size = s->is_mapped ? s->total - s->map_at : s->to - s->from;
    return s->is_mapped ? s->map + s->map_at : s->buffer + s->from;
}

void source_take(struct source *s, size_t size)
{
    if (s->is_mapped)
        s->map_at += size;
    else
        s->from += size;
}

void source_check_shrink(struct source *s)
{
    struct stat st;
    if (!s->is_mapped || fstat(s->fd, &st) != 0 || (uint64_t)st.st_size >= s->total)
        return;
    s->is_cut = true;
    s->total = (uint64_t)st.st_size > s->map_at ? (uint64_t)st.st_size : s->map_at;
}

static ssize_t read_some(struct source *s, uint8_t *to, size_t room)
{
    ssize_t n;
    do
        n = read(s->fd, to, room);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        s->why = strerror(errno);
    else
        s->passed += (uint64_t)n;
    if (n == 0)
        s->is_at_end = true;
    return n;
}

/* Unpacks into what room there is; reads more where nothing waits. */
static bool inflate_some(struct source *s)
{
    size_t used, made;
    if (s->packed_from == s->packed_to) {
        ssize_t n = read_some(s, s->packed, PACKED);
        if (n < 0)
            return false;
        s->packed_from = 0;
        s->packed_to = (size_t)n;
        if (n == 0) {
            s->is_cut = !inflater_is_between(s->inflater);
            return true;
        }
    }
    if (!inflater_run(s->inflater, s->packed + s->packed_from, s->packed_to - s->packed_from, &used,
                      s->buffer + s->to, s->room - s->to, &made)) {
        s->why = "its compressed data is corrupt";
        return false;
    }
    s->packed_from += used;
    s->to += made;
    return true;
}

static bool make_room(struct source *s, size_t need)
{
    if (s->from) {
        memmove(s->buffer, s->buffer + s->from, s->to - s->from);
        s->to -= s->from;
        s->from = 0;
    }
    if (need + CHUNK <= s->room)
        return true;
    if (need > MOST_ROOM)
        return false;
    uint8_t *larger = realloc(s->buffer, need + CHUNK);
    if (!larger)
        return false;
    s->buffer = larger;
    s->room = need + CHUNK;
    return true;
}

enum cdpi_status source_fill(struct source *s, size_t need)
{
    if (s->is_mapped)
        return CDPI_OK;
    if (!make_room(s, need)) {
        s->why = "no memory for a record";
        return CDPI_CANNOT_READ;
    }
    while (s->to - s->from < need && !s->is_at_end) {
        if (s->inflater) {
            if (!inflate_some(s))
                return CDPI_CANNOT_READ;
            continue;
        }
        ssize_t n = read_some(s, s->buffer + s->to, s->room - s->to);
        if (n < 0)
            return CDPI_CANNOT_READ;
        s->to += (size_t)n;
    }
    return CDPI_OK;
}
