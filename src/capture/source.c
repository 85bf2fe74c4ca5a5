/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "capture/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cursor.h"

/* Reads land at window[SOURCE_MOST]; the unread rest of the last ones is moved to just before. So a
 * read goes to the same aligned place each time. */
enum { WINDOW_SIZE = SOURCE_MOST + SOURCE_MOST + SOURCE_WINDOW };

static size_t read_memory(struct source *source, uint8_t *into, size_t room)
{
    size_t n = source->memory_left < room ? source->memory_left : room;
    if (source->memory_chunk && n > source->memory_chunk)
        n = source->memory_chunk;
    if (n)
        memcpy(into, source->memory, n);
    source->memory += n;
    source->memory_left -= n;
    return n;
}

/* Bytes of the input as they are; 0 at its end, on failure, and when the reader is stopped. */
static size_t read_raw(struct source *source, uint8_t *into, size_t room)
{
    ssize_t got = 0;
    if (source->raw_ended)
        return 0;
    if (source->fd < 0) {
        got = (ssize_t)read_memory(source, into, room);
    } else {
        do {
            got = read(source->fd, into, room);
        } while (got < 0 && errno == EINTR && !(source->stopped && *source->stopped));
        if (got < 0 && errno != EINTR)
            fail_errno(&source->failure, CDPI_CANNOT_READ, "cannot be read", errno);
    }
    if (got <= 0) {
        source->raw_ended = true;
        if (got == 0 && source->size_known && source->raw_total < source->size)
            fail(&source->failure, CDPI_CUT, "the file became shorter while it was read");
        return 0;
    }
    source->raw_total += (uint64_t)got;
    return (size_t)got;
}

bool source_refill(struct source *source)
{
    source->raw_at = 0;
    source->raw_end = read_raw(source, source->raw, SOURCE_WINDOW);
    return source->raw_end > 0;
}

static size_t fill(struct source *source, uint8_t *into, size_t room)
{
    if (source->decoder)
        return source->decoder->fill(source, into, room);
    return read_raw(source, into, room);
}

bool source_need(struct source *source, size_t n)
{
    size_t left = source_left(source);
    if (left >= n)
        return true;
    if (source->ended || n > SOURCE_MOST)
        return false;
    memmove(source->window + SOURCE_MOST - left, source->window + source->at, left);
    source->at = SOURCE_MOST - left;
    source->end = SOURCE_MOST;
    while (source_left(source) < n) {
        size_t got = fill(source, source->window + source->end, SOURCE_WINDOW);
        if (got == 0) {
            source->ended = true;
            return false;
        }
        source->end += got;
        source->total += got;
    }
    return true;
}

/* ---- compression --------------------------------------------------------------------------- */

/* What a compressed file begins with: RFC 1952 2.3.1, RFC 8878 3.1.1 and 3.1.2; the others only to
 * name them. */
static const struct compression {
    const char *name;
    uint8_t magic[4], mask[4];
    const struct decoder *decoder;
    void *(*open)(void);
} compressions[] = {
    {"gzip", {0x1f, 0x8b}, {0xff, 0xff}, &gzip_decoder, gzip_open},
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, {0xff, 0xff, 0xff, 0xff}, &zstd_decoder, zstd_open},
    {"zstd", {0x50, 0x2a, 0x4d, 0x18}, {0xf0, 0xff, 0xff, 0xff}, &zstd_decoder, zstd_open},
    {"xz", {0xfd, '7', 'z', 'X'}, {0xff, 0xff, 0xff, 0xff}, NULL, NULL},
    {"bzip2", {'B', 'Z', 'h'}, {0xff, 0xff, 0xff}, NULL, NULL},
    {"lz4", {0x04, 0x22, 0x4d, 0x18}, {0xff, 0xff, 0xff, 0xff}, NULL, NULL},
    {"zip", {'P', 'K', 3, 4}, {0xff, 0xff, 0xff, 0xff}, NULL, NULL},
};

static const struct compression *find_compression(const uint8_t first[4])
{
    for (size_t i = 0; i < sizeof compressions / sizeof *compressions; i++) {
        const struct compression *c = &compressions[i];
        size_t same = 0;
        while (same < 4 && (first[same] & c->mask[same]) == c->magic[same])
            same++;
        if (same == 4)
            return c;
    }
    return NULL;
}

/* Puts the decoder between the input and the window: what is in the window was its input. */
static bool start_decoder(struct source *source, const struct compression *compression)
{
    if (!compression->decoder)
        return fail(&source->failure, CDPI_UNKNOWN_FORMAT,
                    "compressed by %s; gzip and zstd are what can be read", compression->name);
    if (!compression->decoder->fill)
        return fail(&source->failure, CDPI_CANNOT_READ,
                    "compressed by %s, and this cdpi was built without it", compression->name);
    source->raw = malloc(SOURCE_WINDOW);
    source->decoder_state = compression->open();
    if (!source->raw || !source->decoder_state)
        return fail(&source->failure, CDPI_NO_MEMORY, "no memory to decompress it");
    source->decoder = compression->decoder;
    source->raw_end = source_left(source);
    memcpy(source->raw, source->window + source->at, source->raw_end);
    source->at = source->end;
    source->total = 0;
    return true;
}

static bool start(struct source *source)
{
    source->window = aligned_alloc(4096, WINDOW_SIZE);
    if (!source->window)
        return fail(&source->failure, CDPI_NO_MEMORY, "no memory to read it");
    source->at = source->end = SOURCE_MOST;
    if (!source_need(source, 4))
        return source->failure.status == CDPI_OK; /* too short for a magic: the format's business */
    const struct compression *compression = find_compression(source->window + source->at);
    return !compression || start_decoder(source, compression);
}

/* ---- opening ------------------------------------------------------------------------------- */

static bool look_at_file(struct source *source)
{
    struct stat file;
    if (fstat(source->fd, &file) != 0)
        return fail_errno(&source->failure, CDPI_CANNOT_READ, "cannot be read", errno);
    if (S_ISDIR(file.st_mode))
        return fail(&source->failure, CDPI_CANNOT_READ, "is a directory");
    if (!S_ISREG(file.st_mode))
        return true;
    off_t from = lseek(source->fd, 0, SEEK_CUR);
    if (from >= 0 && from < file.st_size) {
        source->size = (uint64_t)(file.st_size - from);
        source->size_known = true;
        (void)posix_fadvise(source->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    return true;
}

bool source_open(struct source *source, const char *path, const atomic_int *stopped)
{
    *source = (struct source){.fd = STDIN_FILENO, .stopped = stopped};
    if (strcmp(path, "-") != 0) {
        source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (source->fd < 0)
            return fail_errno(&source->failure, CDPI_CANNOT_READ, "cannot be opened", errno);
        source->owns_fd = true;
    }
    return look_at_file(source) && start(source);
}

bool source_open_memory(struct source *source, const void *data, size_t size, size_t chunk)
{
    *source = (struct source){.fd = -1,
                              .memory = data,
                              .memory_left = size,
                              .memory_chunk = chunk,
                              .size = size,
                              .size_known = true};
    return start(source);
}

void source_close(struct source *source)
{
    if (source->decoder_state && source->decoder)
        source->decoder->close(source->decoder_state);
    free(source->raw);
    free(source->window);
    if (source->owns_fd)
        close(source->fd);
}
