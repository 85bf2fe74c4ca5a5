/* SPDX-License-Identifier: MIT */
/* Checks that count. CHECK(condition) says where it failed and goes on; CHECKS_END() is main's
 * return. */
#ifndef CDPI_TESTS_CHECK_H
#define CDPI_TESTS_CHECK_H

#include <stdio.h>

static unsigned checks_passed, checks_failed;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (condition) {                                                                           \
            checks_passed++;                                                                       \
        } else {                                                                                   \
            checks_failed++;                                                                       \
            printf("FAIL %s:%d: %s\n", __FILE__, __LINE__, #condition);                            \
        }                                                                                          \
    } while (0)

#define CHECKS_END(name)                                                                           \
    (printf("%s: %u checks passed, %u failed\n", (name), checks_passed, checks_failed),            \
     checks_failed ? 1 : 0)

#endif
