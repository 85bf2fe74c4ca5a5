/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct line {
    const char *ours;
    const char *foreign[2]; /* by enum foreign; parted by commas */
};

static const struct line lines[] = {
#define CDPI_NAMES(ours, ndpi, protoident) {ours, {ndpi, protoident}},
#define CDPI_NOT_OURS(name)
#define CDPI_ANOTHER(name)
#include "names.def"
#undef CDPI_NAMES
#undef CDPI_NOT_OURS
#undef CDPI_ANOTHER
};

static const char *const not_ours[] = {
#define CDPI_NAMES(ours, ndpi, protoident)
#define CDPI_NOT_OURS(name) name,
#define CDPI_ANOTHER(name)
#include "names.def"
#undef CDPI_NAMES
#undef CDPI_NOT_OURS
#undef CDPI_ANOTHER
};

static const char *const another[] = {
#define CDPI_NAMES(ours, ndpi, protoident)
#define CDPI_NOT_OURS(name)
#define CDPI_ANOTHER(name) name,
#include "names.def"
#undef CDPI_NAMES
#undef CDPI_NOT_OURS
#undef CDPI_ANOTHER
};

enum { LINES = sizeof lines / sizeof lines[0], NOT_OURS = sizeof not_ours / sizeof not_ours[0] };

static bool is_listed(const char *list, const char *name, size_t n)
{
    while (*list) {
        size_t word = strcspn(list, ",");
        if (word == n && strncasecmp(list, name, n) == 0)
            return true;
        list += word + (list[word] == ',');
    }
    return false;
}

static const char *find(enum foreign whose, const char *name, size_t n)
{
    for (size_t i = 0; i < LINES; i++) {
        if (is_listed(lines[i].foreign[whose], name, n))
            return lines[i].ours;
    }
    return NULL;
}

/* libprotoident names a protocol's two transports apart where it tells them apart. */
static bool has_transport_suffix(const char *name, size_t n)
{
    return n > 4 &&
           (strcasecmp(name + n - 4, "_TCP") == 0 || strcasecmp(name + n - 4, "_UDP") == 0);
}

const char *names_ours(enum foreign whose, const char *name)
{
    size_t n = strlen(name);
    const char *ours = find(whose, name, n);
    if (!ours && whose == FOREIGN_PROTOIDENT && has_transport_suffix(name, n))
        ours = find(whose, name, n - 4);
    return ours;
}

bool names_is_not_ours(const char *name)
{
    for (size_t i = 0; i < NOT_OURS; i++) {
        if (strcasecmp(not_ours[i], name) == 0)
            return true;
    }
    return false;
}

bool names_is_another(const char *name)
{
    for (size_t i = 0; i < sizeof another / sizeof another[0]; i++) {
        if (strcasecmp(another[i], name) == 0)
            return true;
    }
    return false;
}

bool names_has_line(const char *ours)
{
    for (size_t i = 0; i < LINES; i++) {
        if (strcmp(lines[i].ours, ours) == 0)
            return true;
    }
    return false;
}

void names_answer(enum foreign whose, const char *module, const char *name,
                  char answer[FOREIGN_NAME_SIZE])
{
    const char *ours = names_ours(whose, name);
    snprintf(answer, FOREIGN_NAME_SIZE, "%.60s%s%.12s:%.48s", ours ? ours : "", ours ? "|" : "",
             module, name);
}
