/* SPDX-License-Identifier: MIT */
/*
 * A module of one's own: names flows whose first client bytes are a word that the user sets.
 *
 *     cdpi --modules own,./cdpi-greeting.so --set greeting.word=ahoy FILE
 */
#include <cdpi/module.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct greeting {
    char word[32];
};

static bool greeting_open(const char *const *settings, void **instance, char *why, size_t why_size)
{
    struct greeting *g = calloc(1, sizeof *g);
    if (!g) {
        snprintf(why, why_size, "no memory");
        return false;
    }
    snprintf(g->word, sizeof g->word, "hello");
    for (; *settings; settings++) {
        if (strncmp(*settings, "word=", 5) != 0 || strlen(*settings + 5) >= sizeof g->word) {
            snprintf(why, why_size, "unknown or bad setting %s", *settings);
            free(g);
            return false;
        }
        snprintf(g->word, sizeof g->word, "%s", *settings + 5);
    }
    *instance = g;
    return true;
}

static void greeting_close(void *instance)
{
    free(instance);
}

static enum cdpi_module_says greeting_classify(void *instance, const struct cdpi_module_flow *flow,
                                               struct cdpi_module_verdict *verdict)
{
    const struct greeting *g = instance;
    size_t n = strlen(g->word);
    if (flow->head_size[0] < n || memcmp(flow->head[0], g->word, n) != 0)
        return CDPI_MODULE_DOES_NOT_KNOW;
    verdict->protocol = "greeting:GREETING";
    verdict->rule = "the word";
    verdict->packet = 1;
    verdict->length = (uint32_t)n;
    return CDPI_MODULE_KNOWS;
}

CDPI_MODULE_EXPORT const struct cdpi_module cdpi_module = {
    .abi = CDPI_MODULE_ABI,
    .struct_size = sizeof(struct cdpi_module),
    .name = "greeting",
    .version = "1",
    .open = greeting_open,
    .close = greeting_close,
    .classify = greeting_classify,
};
