/* SPDX-License-Identifier: MIT */
/* --stats: what the run came to, in lines of "name value". */
#ifndef CDPI_CLI_STATS_H
#define CDPI_CLI_STATS_H

#include <cdpi/cdpi.h>
#include <stdio.h>

void stats_write(const struct cdpi *engine, FILE *to);

#endif
