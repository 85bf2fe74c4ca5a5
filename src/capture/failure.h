/* SPDX-License-Identifier: MIT */
/* Why reading came to its end, in words. The first failure stays. */
#ifndef CDPI_CAPTURE_FAILURE_H
#define CDPI_CAPTURE_FAILURE_H

#include <cdpi/cdpi.h>

struct failure {
    enum cdpi_status status; /* CDPI_OK: none so far */
    char cause[200];
};

/* Notes the failure; returns false, so that a reader can say `return fail(...)`. */
bool fail(struct failure *failure, enum cdpi_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The words for an errno. */
bool fail_errno(struct failure *failure, enum cdpi_status status, const char *what, int number);

/* Writes "name: cause" on one line. A long name keeps its end, so that the cause is never cut
 * off. */
void failure_tell(const struct failure *failure, const char *name, struct cdpi_error *error);

#endif
