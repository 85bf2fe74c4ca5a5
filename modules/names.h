/* SPDX-License-Identifier: MIT */
/* What others call our protocols, from names.def. Shared by the modules that wrap a library. */
#ifndef CDPI_MODULES_NAMES_H
#define CDPI_MODULES_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum foreign { FOREIGN_NDPI = 0, FOREIGN_PROTOIDENT = 1 };

enum { FOREIGN_NAME_SIZE = 128 };

/* Our name for a library's, or NULL. */
const char *names_ours(enum foreign whose, const char *name);
/* Whether the table says that it is none of ours. */
bool names_is_not_ours(const char *name);
/* Whether it is a name of ours by chance: the library means another protocol by it. */
bool names_is_another(const char *name);
/* Whether the table has a line for one of our names. */
bool names_has_line(const char *ours);

/* As a module answers: "Ours|module:NAME", or "module:NAME" where we have no name for it. */
void names_answer(enum foreign whose, const char *module, const char *name,
                  char answer[FOREIGN_NAME_SIZE]);

#ifdef __cplusplus
}
#endif

#endif
