/* SPDX-License-Identifier: MIT */
/*
 * A module that hands every question to a function of the test that loaded it: the setting call=HEX
 * is the function's address. Built several times, by PROBE_NAME, PROBE_FLAGS and PROBE_ABI.
 */
#include <cdpi/module.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum cdpi_module_says answer_fn(const struct cdpi_module_flow *flow,
                                        struct cdpi_module_verdict *verdict);
struct probe {
    answer_fn *answer;
};

static bool probe_open(const char *const *settings, void **instance, char *why, size_t why_size)
{
    struct probe *p = calloc(1, sizeof *p);
    for (; p && *settings; settings++) {
        if (strncmp(*settings, "call=", 5) != 0) {
            snprintf(why, why_size, "unknown setting %s", *settings);
            free(p);
            return false;
        }
        p->answer = (answer_fn *)strtoull(*settings + 5, NULL, 16);
    }
    *instance = p;
    return p != NULL;
}

static void probe_close(void *instance)
{
    free(instance);
}

static enum cdpi_module_says probe_classify(void *instance, const struct cdpi_module_flow *flow,
                                            struct cdpi_module_verdict *verdict)
{
    const struct probe *p = instance;
    return p->answer ? p->answer(flow, verdict) : CDPI_MODULE_DOES_NOT_KNOW;
}

static const char *probe_protocol(void *instance, size_t i)
{
    static const char *const names[] = {"probe:ONE", "ssh", "", "probe:TWO\n"};
    (void)instance;
    return i < 4 ? names[i] : NULL;
}

#ifndef PROBE_SIZE
#define PROBE_SIZE sizeof(struct cdpi_module)
#endif

CDPI_MODULE_EXPORT const struct cdpi_module cdpi_module = {
    .abi = PROBE_ABI,
    .struct_size = PROBE_SIZE,
    .name = PROBE_NAME,
    .version = "1",
    .flags = PROBE_FLAGS,
    .flow_state_size = 64,
    .open = probe_open,
    .close = probe_close,
    .classify = probe_classify,
    .protocol = probe_protocol,
};
