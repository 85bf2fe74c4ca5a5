/* SPDX-License-Identifier: MIT */
/* What the command line asks for. */
#ifndef CDPI_CLI_OPTIONS_H
#define CDPI_CLI_OPTIONS_H

#include <cdpi/cdpi.h>

#include "output/output.h"

enum { EXIT_DONE = 0, EXIT_INPUT = 1, EXIT_USAGE = 2, MOST_SETTINGS = 64 };

enum list_what { LIST_NOTHING, LIST_PROTOCOLS, LIST_MODULES };

struct options {
    const struct output_format *format;
    enum list_what list;
    bool explain, stats, per_file, no_progress, colour, help, version;
    const char *filter, *interface, *output;
    const char *settings[MOST_SETTINGS + 1];
    unsigned setting_count;
    char *const *files;
    int file_count;
    struct cdpi_options engine;
};

/* EXIT_DONE, or EXIT_USAGE with one line on standard error. */
int options_read(struct options *options, int argc, char **argv);
void options_help(void);

#endif
