/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "cli/commands.h"

#include <cdpi/capture.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAMES = 64 };

static const struct option command_options[] = {{"module", required_argument, NULL, 'm'},
                                                {"modules", required_argument, NULL, 'm'},
                                                {"set", required_argument, NULL, 's'},
                                                {"option", required_argument, NULL, 's'},
                                                {"module-path", required_argument, NULL, 'p'},
                                                {"cluster", required_argument, NULL, 'c'},
                                                {"sample", required_argument, NULL, 'o'},
                                                {"skeleton", required_argument, NULL, 'k'},
                                                {"help", no_argument, NULL, 'h'},
                                                {NULL, 0, NULL, 0}};

int command_read(struct command *c, const char *name, int argc, char **argv)
{
    int option;
    *c = (struct command){.engine = {.struct_size = sizeof c->engine}};
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", command_options, NULL)) != -1) {
        if (option == 'm') {
            c->engine.modules = optarg;
        } else if (option == 's' && c->setting_count < MOST_SETTINGS) {
            c->settings[c->setting_count++] = optarg;
        } else if (option == 'p') {
            c->engine.module_path = optarg;
        } else if (option == 'c') {
            c->cluster = strtoul(optarg, NULL, 10);
        } else if (option == 'o') {
            c->sample = optarg;
        } else if (option == 'k') {
            c->skeleton = optarg;
        } else if (option == 'h') {
            c->help = true;
        } else {
            fprintf(stderr, "cdpi: %s: wrong option %s; try cdpi %s --help\n", name,
                    argv[optind - 1], name);
            return EXIT_USAGE;
        }
    }
    c->engine.settings = c->settings;
    c->files = argv + optind;
    c->file_count = argc - optind;
    if (c->help || c->file_count)
        return EXIT_DONE;
    fprintf(stderr, "cdpi: %s: no capture file; try cdpi %s --help\n", name, name);
    return EXIT_USAGE;
}

static int feed_file(struct cdpi *engine, const char *name)
{
    struct cdpi_frame frames[FRAMES];
    struct cdpi_capture *capture;
    struct cdpi_error error;
    size_t count;
    enum cdpi_status status = cdpi_capture_open(name, NULL, &capture, &error);
    if (status == CDPI_OK) {
        while ((status = cdpi_capture_next(capture, frames, FRAMES, &count, &error)) == CDPI_OK) {
            if (cdpi_feed(engine, frames, count) != CDPI_OK)
                break;
        }
        cdpi_capture_close(capture);
    }
    if (status == CDPI_END)
        return EXIT_DONE;
    fprintf(stderr, "cdpi: %s\n", error.text);
    return EXIT_INPUT;
}

int feed_files(struct cdpi *engine, char *const *files, int count)
{
    int worst = EXIT_DONE;
    for (int i = 0; i < count; i++) {
        if (feed_file(engine, files[i]) != EXIT_DONE)
            worst = EXIT_INPUT;
    }
    return cdpi_flush(engine) == CDPI_OK ? worst : EXIT_INPUT;
}

void find_modules(struct cdpi_options *engine, char *path, size_t size)
{
    const char *from_environment = getenv("CDPI_MODULE_PATH");
    if (engine->module_path || (from_environment && *from_environment))
        return;
    ssize_t n = readlink("/proc/self/exe", path, size - sizeof "/modules");
    if (n <= 0)
        return;
    path[n] = 0;
    snprintf(strrchr(path, '/'), sizeof "/modules", "/modules");
    if (access(path, X_OK) == 0)
        engine->module_path = path;
}

void print_endpoint(const struct cdpi_flow_info *info, enum cdpi_side side)
{
    const uint8_t *b = info->address[side];
    if (info->ip_version == 4) {
        printf("%u.%u.%u.%u:%u", b[0], b[1], b[2], b[3], info->port[side]);
        return;
    }
    putchar('[');
    for (unsigned i = 0; i < 16; i += 2)
        printf("%s%x", i ? ":" : "", (unsigned)b[i] << 8 | b[i + 1]);
    printf("]:%u", info->port[side]);
}
