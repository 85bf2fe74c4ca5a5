/* SPDX-License-Identifier: MIT */
/*
 * A module that answers nothing and writes down what it is shown: a line a flow, for prepare.py.
 *
 *     transport client-port server-port first-speaker wire-client wire-server hex-client hex-server
 *
 * cdpi --ask-all --modules own,./cdpi-collect.so --set collect.file=OUT CAPTURE
 */
#include <cdpi/module.h>
#include <stdio.h>
#include <string.h>

enum { MOST_BYTES = 256 };

static bool collect_open(const char *const *settings, void **instance, char *why, size_t why_size)
{
    for (; *settings; settings++) {
        if (strncmp(*settings, "file=", 5) == 0)
            *instance = fopen(*settings + 5, "a");
    }
    if (!*instance)
        snprintf(why, why_size, "file=OUT is missing or cannot be written");
    return *instance != NULL;
}

static void collect_close(void *instance)
{
    fclose(instance);
}

static enum cdpi_module_says collect_classify(void *instance, const struct cdpi_module_flow *flow,
                                              struct cdpi_module_verdict *verdict)
{
    FILE *out = instance;
    (void)verdict;
    fprintf(out, "%u %u %u %u %u %u", flow->ip_protocol, flow->port[0], flow->port[1],
            flow->first_speaker, flow->first_payload[0], flow->first_payload[1]);
    for (unsigned side = 0; side < 2; side++) {
        uint32_t size = flow->first_captured[side];
        fputs(size ? " " : " -", out);
        for (uint32_t i = 0; i < size && i < flow->head_size[side] && i < MOST_BYTES; i++)
            fprintf(out, "%02x", flow->head[side][i]);
    }
    fputc('\n', out);
    return CDPI_MODULE_DOES_NOT_KNOW;
}

CDPI_MODULE_EXPORT const struct cdpi_module cdpi_module = {
    .abi = CDPI_MODULE_ABI,
    .struct_size = sizeof(struct cdpi_module),
    .name = "collect",
    .version = "1",
    .open = collect_open,
    .close = collect_close,
    .classify = collect_classify,
};
