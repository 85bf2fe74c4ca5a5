/* SPDX-License-Identifier: MIT */
/* --list: protocols, with number, category and reference; modules, with version and state. */
#ifndef CDPI_CLI_LIST_H
#define CDPI_CLI_LIST_H

#include "output/output.h"

void list_write(struct output *out, bool protocols, const char *module_path);

#endif
