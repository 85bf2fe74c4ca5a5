/* SPDX-License-Identifier: MIT */
/* The tool: reads captures in batches, feeds the engine, prints flows as they end. */
#define _GNU_SOURCE
#include <cdpi/capture.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/list.h"
#include "cli/options.h"
#include "cli/stats.h"

enum { BATCH = 64, MOST_ANSWERS = 16, PROGRESS_STEPS = 50, PATH_ROOM = 4096 };

struct program {
    struct options options;
    struct output *out;
    struct cdpi *engine;
    bool input_failed, shows_progress, link_told;
    int shown; /* of the progress bar */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* ---- flows ------------------------------------------------------------------------------- */

/* An ended flow becomes a line of output. */
static void on_event(void *context, enum cdpi_event event, struct cdpi_flow *flow,
                     const struct cdpi_verdict *verdict)
{
    (void)event;
    struct program *p = context;
    struct cdpi_flow_info info;
    struct cdpi_module_answer answers[MOST_ANSWERS];
    size_t count = 0;
    cdpi_flow_info(flow, &info);
    if (p->out->with_modules)
        count = cdpi_classify_all(p->engine, flow, answers, MOST_ANSWERS);
    p->options.format->flow(p->out, &info, verdict, answers,
                            count < MOST_ANSWERS ? count : MOST_ANSWERS);
}

/* ---- progress ---------------------------------------------------------------------------- */

static void show_progress(struct program *p, double part)
{
    int steps = (int)(part * PROGRESS_STEPS);
    if (!p->shows_progress || part < 0 || steps == p->shown)
        return;
    p->shown = steps;
    fprintf(stderr, "\r[%-*.*s] %3d %%", PROGRESS_STEPS, steps,
            "##################################################", (int)(part * 100));
}

static void clear_progress(struct program *p)
{
    if (p->shows_progress && p->shown >= 0)
        fprintf(stderr, "\r%*s\r", PROGRESS_STEPS + 10, "");
    p->shown = -1;
}

/* ---- inputs ------------------------------------------------------------------------------ */

static void fail_input(struct program *p, const char *why)
{
    clear_progress(p);
    fprintf(stderr, "cdpi: %s\n", why);
    p->input_failed = true;
}

/* Frames that the engine cannot read are not passed over in silence. */
static void check_links(struct program *p, const char *name, const struct cdpi_frame *frames,
                        size_t count)
{
    char why[256];
    for (size_t i = 0; i < count && !p->link_told; i++) {
        if (cdpi_knows_link_type(frames[i].link_type))
            continue;
        p->link_told = true;
        snprintf(why, sizeof why, "%.180s: unknown link type %u", name, frames[i].link_type);
        fail_input(p, why);
    }
}

static void read_capture(struct program *p, struct cdpi_capture *capture, const char *name)
{
    struct cdpi_frame frames[BATCH];
    struct cdpi_error error = {""};
    enum cdpi_status status;
    size_t count, batches = 0;
    p->link_told = false;
    while (!interrupted && !p->out->writer.error) {
        status = cdpi_capture_next(capture, frames, BATCH, &count, &error);
        if (status == CDPI_END)
            break;
        if (status != CDPI_OK) {
            fail_input(p, error.text);
            break;
        }
        if (count && frames[0].link_type != 1)
            check_links(p, name, frames, count);
        if (cdpi_feed(p->engine, frames, count) != CDPI_OK)
            break;
        if (p->shows_progress && ++batches % 256 == 0)
            show_progress(p, cdpi_capture_progress(capture));
    }
    clear_progress(p);
    cdpi_capture_close(capture);
}

static void read_files(struct program *p)
{
    struct cdpi_capture_options options = {.struct_size = sizeof options,
                                           .filter = p->options.filter};
    for (int i = 0; i < p->options.file_count && !interrupted; i++) {
        const char *name = p->options.files[i];
        struct cdpi_capture *capture;
        struct cdpi_error error;
        if (p->options.per_file)
            p->out->capture = name;
        if (cdpi_capture_open(name, &options, &capture, &error) == CDPI_OK)
            read_capture(p, capture, name);
        else
            fail_input(p, error.text);
        if (p->options.per_file && cdpi_flush(p->engine) != CDPI_OK)
            break;
    }
}

static void read_interface(struct program *p)
{
    struct cdpi_capture_options options = {.struct_size = sizeof options,
                                           .filter = p->options.filter};
    struct cdpi_capture *capture;
    struct cdpi_error error;
    if (cdpi_capture_open_live(p->options.interface, &options, &capture, &error) == CDPI_OK)
        read_capture(p, capture, p->options.interface);
    else
        fail_input(p, error.text);
}

/* ---- the whole --------------------------------------------------------------------------- */

static void tell_missing(void *context, const char *module, const char *why)
{
    (void)context;
    fprintf(stderr, "cdpi: module %s is skipped: %s\n", module, why);
}

static int open_output(struct program *p)
{
    int fd = STDOUT_FILENO;
    if (p->options.output) {
        fd = open(p->options.output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (fd < 0) {
            fprintf(stderr, "cdpi: %s: %s\n", p->options.output, strerror(errno));
            return EXIT_INPUT;
        }
    }
    writer_begin(&p->out->writer, fd);
    return EXIT_DONE;
}

/* A closed pipe is quiet: whoever read it has had enough. */
static bool output_failed(struct program *p)
{
    int error = p->out->writer.error;
    if (error && error != EPIPE)
        fprintf(stderr, "cdpi: %s: %s\n", p->options.output ? p->options.output : "standard output",
                strerror(error));
    return error != 0;
}

static int run(struct program *p)
{
    char beside[PATH_ROOM];
    struct cdpi_error error;
    struct options *o = &p->options;
    o->engine.on_event = o->format == &output_none ? NULL : on_event;
    o->engine.events = 1u << CDPI_EVENT_ENDED;
    o->engine.on_event_context = p;
    o->engine.on_module_missing = tell_missing;
    find_modules(&o->engine, beside, sizeof beside);
    enum cdpi_status status = cdpi_open(&o->engine, &p->engine, &error);
    if (status != CDPI_OK) {
        fprintf(stderr, "cdpi: %s\n", error.text);
        return status == CDPI_BAD_ARGUMENT ? EXIT_USAGE : EXIT_INPUT;
    }
    p->out->engine = p->engine;
    p->out->with_modules = o->engine.ask_all;
    p->out->with_evidence = o->explain;
    p->out->with_colour = o->colour;
    p->shows_progress = !o->no_progress && isatty(STDERR_FILENO) && !o->interface;
    p->shown = -1;
    if (o->list) {
        list_write(p->out, o->list == LIST_PROTOCOLS, o->engine.module_path);
    } else {
        o->format->begin(p->out);
        if (o->interface)
            read_interface(p);
        else
            read_files(p);
        if (cdpi_flush(p->engine) != CDPI_OK)
            p->input_failed = true;
        o->format->end(p->out);
    }
    writer_flush(&p->out->writer);
    if (o->stats)
        stats_write(p->engine, stderr);
    cdpi_close(p->engine);
    return output_failed(p) || p->input_failed ? EXIT_INPUT : EXIT_DONE;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Commands are such only as the first word: ./bench is a file. */
static bool is_command(int argc, char **argv, const char *name)
{
    return argc > 1 && strcmp(argv[1], name) == 0;
}

int main(int argc, char **argv)
{
    if (is_command(argc, argv, "bench"))
        return bench_main(argc - 1, argv + 1);
    if (is_command(argc, argv, "compare"))
        return compare_main(argc - 1, argv + 1);
    if (is_command(argc, argv, "unknown"))
        return unknown_main(argc - 1, argv + 1);
    struct program *p = calloc(1, sizeof *p);
    int status = EXIT_INPUT;
    if (!p || !(p->out = calloc(1, sizeof *p->out))) {
        fputs("cdpi: no memory\n", stderr);
        goto out;
    }
    catch_signals();
    status = options_read(&p->options, argc, argv);
    if (status != EXIT_DONE)
        goto out;
    if (p->options.help) {
        options_help();
    } else if (p->options.version) {
        printf("cdpi %s\n", cdpi_version());
    } else {
        status = open_output(p);
        if (status == EXIT_DONE)
            status = run(p);
    }
    if (fflush(stdout) != 0)
        status = EXIT_INPUT;
out:
    if (p)
        free(p->out);
    free(p);
    return status;
}
