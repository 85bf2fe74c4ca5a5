/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <cdpi/capture.h>

#include <stdlib.h>
#include <string.h>

#include "capture/filter.h"
#include "capture/formats.h"
#include "capture/inside.h"
#include "capture/live.h"

enum kind { KIND_PCAP, KIND_PCAPNG, KIND_LIVE };

struct cdpi_capture {
    enum kind kind;
    atomic_int stopped;
    char *name;
    struct failure failure; /* told when all frames before it have been returned */
    bool ended;
    struct source source;
    union {
        struct pcap_file pcap;
        struct pcapng_file pcapng;
    };
    struct filter *filter; /* NULL: all frames */
    struct live *live;
};

/* ---- opening ------------------------------------------------------------------------------- */

static bool open_format(struct cdpi_capture *capture)
{
    struct source *source = &capture->source;
    struct failure *failure = &capture->failure;
    if (!source_need(source, 4)) {
        if (source->failure.status != CDPI_OK)
            *failure = source->failure;
        else if (source_left(source) == 0)
            fail(failure, CDPI_UNKNOWN_FORMAT, "is empty");
        else
            fail(failure, CDPI_UNKNOWN_FORMAT, "is too short for a capture");
        return false;
    }
    const uint8_t *first = source->window + source->at;
    if (pcap_file_is(first)) {
        capture->kind = KIND_PCAP;
        return pcap_file_open(&capture->pcap, source, failure);
    }
    if (pcapng_file_is(first)) {
        capture->kind = KIND_PCAPNG;
        return pcapng_file_open(&capture->pcapng, source, failure);
    }
    return fail(failure, CDPI_UNKNOWN_FORMAT,
                "is no capture that cdpi knows (it begins with %02x %02x %02x %02x)", first[0],
                first[1], first[2], first[3]);
}

/* A mistake in the expression is told at open: for the file's link type, or for Ethernet where each
 * interface has its own. */
static bool open_filter(struct cdpi_capture *capture, const char *expression)
{
    if (!expression)
        return true;
    bool known = capture->kind == KIND_PCAP;
    capture->filter = filter_open(expression, known ? capture->pcap.link_type : FILTER_ANY_LINK,
                                  &capture->failure);
    return capture->filter != NULL;
}

static bool check_options(const struct cdpi_capture_options *options, struct failure *failure)
{
    if (options && options->struct_size < sizeof *options)
        return fail(failure, CDPI_BAD_ARGUMENT, "cdpi_capture_options.struct_size is not set");
    return true;
}

static struct cdpi_capture *new_capture(const char *name)
{
    struct cdpi_capture *capture = calloc(1, sizeof *capture);
    if (!capture)
        return NULL;
    capture->source.fd = -1;
    capture->name = strdup(name);
    if (!capture->name) {
        free(capture);
        return NULL;
    }
    return capture;
}

/* Hands the capture over, or tells what went wrong and frees it. */
static enum cdpi_status hand_over(struct cdpi_capture *made, bool good,
                                  struct cdpi_capture **capture, struct cdpi_error *error)
{
    if (good) {
        *capture = made;
        return CDPI_OK;
    }
    enum cdpi_status status = made->failure.status;
    failure_tell(&made->failure, made->name, error);
    cdpi_capture_close(made);
    return status;
}

static enum cdpi_status refuse(enum cdpi_status status, const char *cause, struct cdpi_error *error)
{
    struct failure failure = {CDPI_OK, ""};
    fail(&failure, status, "%s", cause);
    failure_tell(&failure, "capture", error);
    return status;
}

enum cdpi_status cdpi_capture_open(const char *path, const struct cdpi_capture_options *options,
                                   struct cdpi_capture **capture, struct cdpi_error *error)
{
    if (!capture || !path)
        return refuse(CDPI_BAD_ARGUMENT, "no path, or nowhere to put the capture", error);
    *capture = NULL;
    struct cdpi_capture *made = new_capture(strcmp(path, "-") == 0 ? "standard input" : path);
    if (!made)
        return refuse(CDPI_NO_MEMORY, "no memory", error);
    bool good = check_options(options, &made->failure);
    if (good && !source_open(&made->source, path, &made->stopped)) {
        made->failure = made->source.failure;
        good = false;
    }
    good = good && open_format(made) && open_filter(made, options ? options->filter : NULL);
    return hand_over(made, good, capture, error);
}

enum cdpi_status capture_open_memory(const void *data, size_t size, size_t chunk,
                                     const char *filter, struct cdpi_capture **capture,
                                     struct cdpi_error *error)
{
    *capture = NULL;
    struct cdpi_capture *made = new_capture("memory");
    if (!made)
        return refuse(CDPI_NO_MEMORY, "no memory", error);
    bool good = source_open_memory(&made->source, data, size, chunk);
    if (!good)
        made->failure = made->source.failure;
    good = good && open_format(made) && open_filter(made, filter);
    return hand_over(made, good, capture, error);
}

enum cdpi_status cdpi_capture_open_live(const char *interface,
                                        const struct cdpi_capture_options *options,
                                        struct cdpi_capture **capture, struct cdpi_error *error)
{
    if (!capture || !interface)
        return refuse(CDPI_BAD_ARGUMENT, "no interface, or nowhere to put the capture", error);
    *capture = NULL;
    struct cdpi_capture *made = new_capture(interface);
    if (!made)
        return refuse(CDPI_NO_MEMORY, "no memory", error);
    made->kind = KIND_LIVE;
    if (check_options(options, &made->failure))
        made->live = live_open(interface, options ? options->filter : NULL, &made->failure);
    return hand_over(made, made->live != NULL, capture, error);
}

/* ---- reading ------------------------------------------------------------------------------- */

static size_t read_frames(struct cdpi_capture *capture, struct cdpi_frame *frames, size_t room)
{
    if (capture->kind == KIND_PCAP)
        return pcap_file_next(&capture->pcap, &capture->source, frames, room, &capture->failure);
    return pcapng_file_next(&capture->pcapng, &capture->source, frames, room, &capture->failure);
}

/* The next frames that pass the filter; 0 at the end. */
static size_t read_file(struct cdpi_capture *capture, struct cdpi_frame *frames, size_t room)
{
    while (!capture->stopped && capture->failure.status == CDPI_OK) {
        size_t count = read_frames(capture, frames, room);
        if (count == 0)
            break;
        if (capture->filter)
            count = filter_frames(capture->filter, frames, count, &capture->failure);
        if (count > 0)
            return count;
    }
    capture->ended = true;
    return 0;
}

enum cdpi_status cdpi_capture_next(struct cdpi_capture *capture, struct cdpi_frame *frames,
                                   size_t room, size_t *count, struct cdpi_error *error)
{
    *count = 0;
    if (room == 0 && !capture->ended)
        return CDPI_OK;
    if (capture->stopped)
        return CDPI_END;
    if (capture->kind == KIND_LIVE)
        *count = live_next(capture->live, frames, room, &capture->failure);
    else if (!capture->ended)
        *count = read_file(capture, frames, room);
    if (*count > 0)
        return CDPI_OK;
    if (capture->stopped)
        return CDPI_END;
    if (capture->failure.status != CDPI_OK) {
        failure_tell(&capture->failure, capture->name, error);
        return capture->failure.status;
    }
    return capture->kind == KIND_LIVE ? CDPI_OK : CDPI_END;
}

double cdpi_capture_progress(const struct cdpi_capture *capture)
{
    const struct source *source = &capture->source;
    if (capture->kind == KIND_LIVE || !source->size_known || source->size == 0)
        return -1;
    uint64_t done = source->raw_total;
    done -= source->decoder ? source->raw_end - source->raw_at : source_left(source);
    return done < source->size ? (double)done / (double)source->size : 1;
}

void cdpi_capture_stop(struct cdpi_capture *capture)
{
    capture->stopped = 1; /* a lock-free atomic: allowed in a signal handler */
}

void cdpi_capture_close(struct cdpi_capture *capture)
{
    if (!capture)
        return;
    if (capture->kind == KIND_PCAPNG)
        pcapng_file_close(&capture->pcapng);
    if (capture->kind != KIND_LIVE)
        source_close(&capture->source);
    filter_close(capture->filter);
    live_close(capture->live);
    free(capture->name);
    free(capture);
}
