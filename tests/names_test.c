/* SPDX-License-Identifier: MIT */
/*
 * The table of foreign names holds together: with our catalog, and with what the libraries that are
 * installed can say.   names_test MODULE.so...
 */
#define _GNU_SOURCE
#include <cdpi/module.h>
#include <ctype.h>
#include <dlfcn.h>
#include <string.h>
#include <strings.h>

#include "classify/catalog.h"
#include "names.h"
#include "support/check.h"

static unsigned passed_through;

static void fail(const char *what, const char *name)
{
    printf("FAIL modules/names.def: %s: %s\n", name, what);
    checks_failed++;
}

static void every_room_has_a_line(void)
{
    for (uint16_t n = 0; (n = catalog_next(n)) != 0;) {
        const char *name = catalog_name(n);
        if (!names_has_line(name))
            fail("no line for this protocol of ours (\"\" where nobody else knows it)", name);
        else if (names_is_not_ours(name))
            fail("is ours now: move it from CDPI_NOT_OURS to its line", name);
        else
            checks_passed++;
    }
}

/* Whether two names differ in case and punctuation only. */
static bool are_alike(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a && !isalnum((unsigned char)*a))
            a++;
        while (*b && !isalnum((unsigned char)*b))
            b++;
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return false;
        if (!*a)
            return true;
    }
}

static const char *ours_like(const char *name)
{
    for (uint16_t n = 0; (n = catalog_next(n)) != 0;) {
        if (are_alike(catalog_name(n), name))
            return catalog_name(n);
    }
    return NULL;
}

/* nDPI's list is short, and each name in it is looked at. Of libprotoident's, half of them games of
 * another age, those must be in the table that are ours but for case and punctuation; the others go
 * through under their own name. */
static void check_unlisted(enum foreign whose, const char *name)
{
    const char *ours = ours_like(name);
    if (ours)
        fail("is not in the table: give it to its line", name);
    else if (whose == FOREIGN_NDPI)
        fail("not in the table: give it to one of ours, or to CDPI_NOT_OURS", name);
    else
        passed_through++;
}

/* What a library can say is in the table: as ours, or as said to be not ours. */
static void check_answer(enum foreign whose, const char *answer)
{
    const char *bar = strchr(answer, '|'), *colon = strchr(bar ? bar : answer, ':');
    CHECK(colon != NULL);
    if (!colon)
        return;
    const char *ours = names_ours(whose, colon + 1);
    if (!ours && !names_is_not_ours(colon + 1) && !names_is_another(colon + 1))
        check_unlisted(whose, colon + 1);
    else
        checks_passed++;
    CHECK(!bar == !ours && (!ours || strncmp(answer, ours, strlen(ours)) == 0));
}

static void check_library(const char *path)
{
    char why[200] = "";
    const char *const none[] = {NULL};
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL), *instance = NULL;
    const struct cdpi_module *m = library ? dlsym(library, CDPI_MODULE_SYMBOL) : NULL;
    CHECK(m && m->open(none, &instance, why, sizeof why));
    if (!instance) {
        printf("%s: %s\n", path, why);
        return;
    }
    const char *name;
    size_t count = 0;
    for (; (name = m->protocol(instance, count)); count++)
        check_answer(strcmp(m->name, "ndpi") == 0 ? FOREIGN_NDPI : FOREIGN_PROTOIDENT, name);
    CHECK(count > 100);
    if (passed_through)
        printf("%s: %u of %zu names go through as %s:NAME\n", path, passed_through, count, m->name);
    m->close(instance);
    dlclose(library);
}

static bool maps(enum foreign whose, const char *name, const char *ours)
{
    const char *found = names_ours(whose, name);
    return ours ? found && strcmp(found, ours) == 0 : !found;
}

static void names_by_hand(void)
{
    char answer[FOREIGN_NAME_SIZE];
    CHECK(maps(FOREIGN_NDPI, "Jabber", "XMPP") && maps(FOREIGN_NDPI, "tls", "TLS"));
    CHECK(maps(FOREIGN_NDPI, "SMBv23", "SMB") && maps(FOREIGN_NDPI, "Facebook", NULL));
    CHECK(maps(FOREIGN_PROTOIDENT, "DNS_TCP", "DNS") && maps(FOREIGN_PROTOIDENT, "SSH", "SSH"));
    CHECK(maps(FOREIGN_PROTOIDENT, "no such", NULL) && maps(FOREIGN_NDPI, "", NULL));
    CHECK(maps(FOREIGN_PROTOIDENT, "TencentGames", "TencentGames"));
    CHECK(maps(FOREIGN_PROTOIDENT, "MMS", NULL) && names_is_another("MMS"));
    CHECK(!names_is_another("SSH") && ours_like("M-M-S") != NULL);
    names_answer(FOREIGN_PROTOIDENT, "protoident", "MMS", answer);
    CHECK(strcmp(answer, "protoident:MMS") == 0);
    names_answer(FOREIGN_NDPI, "ndpi", "Jabber", answer);
    CHECK(strcmp(answer, "XMPP|ndpi:Jabber") == 0);
    names_answer(FOREIGN_NDPI, "ndpi", "Facebook", answer);
    CHECK(strcmp(answer, "ndpi:Facebook") == 0);
}

int main(int argc, char **argv)
{
    every_room_has_a_line();
    names_by_hand();
    for (int i = 1; i < argc; i++)
        check_library(argv[i]);
    return CHECKS_END("names");
}
