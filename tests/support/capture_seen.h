/* SPDX-License-Identifier: MIT */
/* What the capture reader gave of a file: its frames, its status, its words. */
#ifndef CDPI_TESTS_CAPTURE_SEEN_H
#define CDPI_TESTS_CAPTURE_SEEN_H

#include <cdpi/capture.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/inside.h"
#include "support/capture_bytes.h"
#include "support/check.h"

enum { FRAMES_MOST = 8192 };

struct seen {
    enum cdpi_status status; /* of the open, if that failed, else of the last next */
    struct cdpi_error error;
    bool opened;
    size_t count;
    struct cdpi_frame frames[FRAMES_MOST]; /* data: into copy */
    uint8_t copy[BYTES_MOST];
    size_t used;
};
static struct seen seen, other;

/* Where the test's files are. */
static char folder[64];

static inline void keep(struct seen *s, const struct cdpi_frame *frame)
{
    if (s->count == FRAMES_MOST || s->used + frame->captured > BYTES_MOST)
        abort();
    memcpy(s->copy + s->used, frame->data, frame->captured);
    s->frames[s->count] = *frame;
    s->frames[s->count++].data = s->copy + s->used;
    s->used += frame->captured;
}

static inline void read_all(struct seen *s, struct cdpi_capture *capture, size_t room)
{
    struct cdpi_frame frames[64];
    size_t count;
    s->opened = true;
    while ((s->status = cdpi_capture_next(capture, frames, room, &count, &s->error)) == CDPI_OK) {
        for (size_t i = 0; i < count; i++)
            keep(s, &frames[i]);
    }
    CHECK(count == 0);
    CHECK(cdpi_capture_next(capture, frames, room, &count, NULL) == s->status);
    cdpi_capture_close(capture);
}

static inline void clear(struct seen *s)
{
    s->status = CDPI_OK;
    s->error.text[0] = '\0';
    s->opened = false;
    s->count = s->used = 0;
}

static inline void read_memory(struct seen *s, const struct bytes *b, size_t chunk, size_t room)
{
    struct cdpi_capture *capture;
    clear(s);
    s->status = capture_open_memory(b->data, b->size, chunk, NULL, &capture, &s->error);
    if (s->status == CDPI_OK)
        read_all(s, capture, room);
    else
        CHECK(capture == NULL);
}

static inline void read_path(struct seen *s, const char *path, const char *filter)
{
    struct cdpi_capture_options options = {.struct_size = sizeof options, .filter = filter};
    struct cdpi_capture *capture;
    clear(s);
    s->status = cdpi_capture_open(path, &options, &capture, &s->error);
    if (s->status == CDPI_OK)
        read_all(s, capture, 64);
    else
        CHECK(capture == NULL);
}

static inline bool same_frames(const struct seen *a, const struct seen *b)
{
    if (a->count != b->count || a->used != b->used || memcmp(a->copy, b->copy, a->used) != 0)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct cdpi_frame *f = &a->frames[i], *g = &b->frames[i];
        if (f->captured != g->captured || f->length != g->length || f->time != g->time ||
            f->link_type != g->link_type)
            return false;
    }
    return true;
}

static inline bool frame_is(size_t i, uint64_t time, uint32_t captured, uint32_t length,
                            uint32_t link_type, const void *data)
{
    const struct cdpi_frame *f = &seen.frames[i];
    return i < seen.count && f->time == time && f->captured == captured && f->length == length &&
           f->link_type == link_type && memcmp(f->data, data, captured) == 0;
}

static inline bool tells(enum cdpi_status status, const char *words)
{
    bool good =
        seen.status == status && strstr(seen.error.text, words) && !strchr(seen.error.text, '\n');
    if (!good)
        printf("  status %d, \"%s\"\n", seen.status, seen.error.text);
    return good;
}

static inline const char *path_of(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static inline const char *write_file(const char *name, const struct bytes *b)
{
    const char *path = path_of(name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(b->data, 1, b->size, file) != b->size)
        abort();
    fclose(file);
    return path;
}

static inline uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* The whole file lies there, the layout is known: a walk of a few lines, little-endian. */
static inline void plain_reader(struct seen *s, const struct bytes *b, bool pcapng)
{
    clear(s);
    size_t at = pcapng ? 0 : 24;
    while (at + 12 <= b->size) {
        const uint8_t *p = b->data + at;
        struct cdpi_frame f = {.link_type = 1};
        uint32_t type = pcapng ? get32(p) : 0;
        if (!pcapng) {
            f.data = p + 16;
            f.captured = get32(p + 8);
            f.length = get32(p + 12);
            f.time = get32(p) * 1000000000ull + get32(p + 4) * 1000ull;
            at += 16 + f.captured;
        } else {
            at += get32(p + 4);
            if (type != 6 && type != 2)
                continue;
            bool nano = (get32(p + 8) & 0xffff) == 1;
            f.data = p + 28;
            f.captured = get32(p + 20);
            f.length = get32(p + 24);
            f.time = ((uint64_t)get32(p + 12) << 32 | get32(p + 16)) * (nano ? 1 : 1000);
            f.link_type = nano ? 101 : 1;
        }
        keep(s, &f);
    }
}

static inline void expect_memory(struct bytes *b, enum cdpi_status status, size_t frames,
                                 const char *words)
{
    read_memory(&seen, b, 0, 64);
    CHECK(tells(status, words));
    CHECK(seen.count == frames);
}

static inline void expect_text(const char *text, size_t size, enum cdpi_status status,
                               const char *words)
{
    struct bytes b = new_bytes(false);
    put(&b, text, size);
    expect_memory(&b, status, 0, words);
    free(b.data);
}

static inline bool make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/capture-test-XXXXXX");
    return mkdtemp(folder) != NULL;
}

static inline void remove_folder(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        unlink(path_of(names[i]));
    rmdir(folder);
}

#endif
