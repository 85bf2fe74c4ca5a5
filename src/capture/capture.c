/* SPDX-License-Identifier: MIT */
/* The public face of capture files and interfaces. */
#include <cdpi/capture.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/format.h"
#include "capture/live.h"
#include "capture/source.h"

struct cdpi_capture {
    char path[192];
    struct source source;
    struct format format;
    struct filter *filter;
    struct live *live;
    volatile sig_atomic_t is_stopped;
    enum cdpi_status ended; /* CDPI_OK while it goes on */
    struct cdpi_error error;
    uint64_t records;
};

static bool read_options(const struct cdpi_capture_options *from, struct cdpi_capture_options *to)
{
    *to = (struct cdpi_capture_options){.struct_size = sizeof *to};
    if (!from)
        return true;
    if (from->struct_size < sizeof from->struct_size)
        return false;
    memcpy(to, from, from->struct_size < sizeof *to ? from->struct_size : sizeof *to);
    return true;
}

enum cdpi_status cdpi_capture_open(const char *path, const struct cdpi_capture_options *given,
                                   struct cdpi_capture **out, struct cdpi_error *error)
{
    struct cdpi_capture_options options;
    if (!path || !out || !read_options(given, &options))
        return CDPI_BAD_ARGUMENT;
    *out = NULL;
    struct cdpi_capture *c = calloc(1, sizeof *c);
    if (!c)
        return CDPI_NO_MEMORY;
    c->source.fd = -1;
    snprintf(c->path, sizeof c->path, "%s", path);
    enum cdpi_status status = CDPI_OK;
    if (options.filter)
        status = filter_open(options.filter, &c->filter, error);
    if (status == CDPI_OK)
        status = source_open(&c->source, path, error);
    if (status != CDPI_OK) {
        cdpi_capture_close(c);
        return status;
    }
    *out = c;
    return CDPI_OK;
}

enum cdpi_status cdpi_capture_open_live(const char *interface,
                                        const struct cdpi_capture_options *given,
                                        struct cdpi_capture **out, struct cdpi_error *error)
{
    struct cdpi_capture_options options;
    if (!interface || !out || !read_options(given, &options))
        return CDPI_BAD_ARGUMENT;
    *out = NULL;
    struct cdpi_capture *c = calloc(1, sizeof *c);
    if (!c)
        return CDPI_NO_MEMORY;
    c->source.fd = -1;
    enum cdpi_status status = live_open(interface, options.filter, &c->live, error);
    if (status != CDPI_OK) {
        cdpi_capture_close(c);
        return status;
    }
    *out = c;
    return CDPI_OK;
}

void cdpi_capture_close(struct cdpi_capture *c)
{
    if (!c)
        return;
    filter_close(c->filter);
    live_close(c->live);
    source_close(&c->source);
    free(c);
}

void cdpi_capture_stop(struct cdpi_capture *c)
{
    c->is_stopped = 1;
}

double cdpi_capture_progress(const struct cdpi_capture *c)
{
    if (c->live || c->source.total == 0)
        return -1;
    uint64_t at = c->source.is_mapped ? c->source.map_at : c->source.passed;
    return (double)at / (double)c->source.total;
}

/* ---- reading ----------------------------------------------------------------------------- */

static enum cdpi_status end(struct cdpi_capture *c, enum cdpi_status status, const char *why)
{
    c->ended = status;
    char after[48] = "";
    if (c->records && (status == CDPI_CUT || status == CDPI_BROKEN))
        snprintf(after, sizeof after, ", after %llu packets", (unsigned long long)c->records);
    snprintf(c->error.text, sizeof c->error.text, "%.128s: %.60s%s", c->path, why, after);
    return status;
}

/* The bytes that are left do not make a record: ends, or reads more. CDPI_OK: try again. */
static enum cdpi_status read_more(struct cdpi_capture *c, size_t need)
{
    size_t had, have;
    source_bytes(&c->source, &had);
    if (source_fill(&c->source, need) != CDPI_OK)
        return end(c, CDPI_CANNOT_READ, c->source.why);
    source_bytes(&c->source, &have);
    if (have >= need)
        return CDPI_OK;
    if (!c->format.is_known && have > 0)
        return end(c, CDPI_UNKNOWN_FORMAT,
                   have >= 4 ? "its header is cut" : "it is no capture that we know");
    if (have > 0 || c->source.is_cut)
        return end(c, CDPI_CUT,
                   c->source.is_cut ? "it ends too early" : "it is cut in the middle of a packet");
    return end(c, CDPI_END, "");
}

/* The next record at the source's place; frames that the filter lets pass are appended. */
static enum cdpi_status take_record(struct cdpi_capture *c, struct cdpi_frame *frames,
                                    size_t *count)
{
    struct record record = {0};
    size_t size;
    const uint8_t *bytes = source_bytes(&c->source, &size);
    switch (format_parse(&c->format, bytes, size, &record)) {
    case PARSED_FRAME:
        source_take(&c->source, record.used);
        c->records++;
        if (!c->filter || filter_passes(c->filter, &record.frame))
            frames[(*count)++] = record.frame;
        return CDPI_OK;
    case PARSED_OTHER:
        source_take(&c->source, record.used);
        return CDPI_OK;
    case PARSED_SHORT:
        /* What the batch holds already points into the buffer: reading on has to wait. */
        return *count ? CDPI_END : read_more(c, record.need);
    case PARSED_BROKEN:
        return *count ? CDPI_END : end(c, CDPI_BROKEN, c->format.why);
    case PARSED_UNKNOWN:
        break;
    }
    return end(c, CDPI_UNKNOWN_FORMAT, "it is no capture that we know");
}

enum cdpi_status cdpi_capture_next(struct cdpi_capture *c, struct cdpi_frame *frames, size_t room,
                                   size_t *count, struct cdpi_error *error)
{
    if (!c || !count || (!frames && room))
        return CDPI_BAD_ARGUMENT;
    *count = 0;
    if (c->is_stopped)
        return CDPI_END;
    if (c->live)
        return live_next(c->live, frames, room, count, error);
    source_check_shrink(&c->source);
    while (c->ended == CDPI_OK && *count < room) {
        if (take_record(c, frames, count) != CDPI_OK)
            break;
    }
    if (*count || c->ended == CDPI_OK)
        return CDPI_OK;
    if (error)
        *error = c->error;
    return c->ended;
}
