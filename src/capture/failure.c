/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "capture/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MOST = 120 };

bool fail(struct failure *failure, enum cdpi_status status, const char *format, ...)
{
    if (failure->status != CDPI_OK)
        return false;
    failure->status = status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(failure->cause, sizeof failure->cause, format, arguments);
    va_end(arguments);
    return false;
}

bool fail_errno(struct failure *failure, enum cdpi_status status, const char *what, int number)
{
    char words[80];
    if (strerror_r(number, words, sizeof words) != 0)
        snprintf(words, sizeof words, "error %d", number);
    return fail(failure, status, "%s: %s", what, words);
}

void failure_tell(const struct failure *failure, const char *name, struct cdpi_error *error)
{
    if (!error)
        return;
    size_t length = strlen(name);
    const char *dots = length > NAME_MOST ? "..." : "";
    if (length > NAME_MOST)
        name += length - NAME_MOST;
    snprintf(error->text, sizeof error->text, "%s%s: %s", dots, name, failure->cause);
    for (char *c = error->text; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?'; /* a line break in a file's name does not break the line */
    }
}
