/* SPDX-License-Identifier: MIT */
/* What the tool does besides naming flows: `cdpi bench`, `cdpi compare`, `cdpi unknown`. */
#ifndef CDPI_CLI_COMMANDS_H
#define CDPI_CLI_COMMANDS_H

#include <cdpi/cdpi.h>

#include "cli/options.h"

/* A module alone over captures: flows a second, cost a flow, answers, memory. */
int bench_main(int argc, char **argv);
/* All modules on all flows: agreement, and the flows on which they disagree. */
int compare_main(int argc, char **argv);

/* The flows without a verdict, alike ones together. */
int unknown_main(int argc, char **argv);

/* What they take: [--module LIST] [--set M.KEY=VALUE] [--module-path DIRS] FILE... */
struct command {
    struct cdpi_options engine;
    const char *settings[MOST_SETTINGS + 1];
    unsigned setting_count;
    const char *sample, *skeleton; /* of `unknown` */
    unsigned long cluster;
    bool help;
    char *const *files;
    int file_count;
};

/* EXIT_DONE, or EXIT_USAGE with one line on standard error. */
int command_read(struct command *command, const char *name, int argc, char **argv);

/* Feeds the files and ends all flows. EXIT_DONE or EXIT_INPUT; what was read is fed all the
 * same. */
int feed_files(struct cdpi *engine, char *const *files, int count);

/* "192.0.2.1:53", "[2001:db8::1]:53" with all groups, to standard output. */
void print_endpoint(const struct cdpi_flow_info *info, enum cdpi_side side);

/* A tool that runs from where it was built finds its modules beside it: fills `path` and sets
 * module_path, where nothing else does. */
void find_modules(struct cdpi_options *engine, char *path, size_t size);

#endif
