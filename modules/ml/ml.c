/* SPDX-License-Identifier: MIT */
/*
 * The learned model as a module: linear, over byte pairs of the first payloads. It answers `likely`
 * at the most, and only from a probability on; else it does not know.
 *
 * Settings:
 *     threshold=0.8      the least probability of an answer
 *     tcp_model=FILE     instead of those that are installed with the module;
 *     udp_model=FILE     "none" for no model
 *
 * How they are made, and how good they are: docs/model.md.
 */
#define _GNU_SOURCE
#include <cdpi/module.h>
#include <dlfcn.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ml/model.h"

enum { TCP = 6, UDP = 17, PATH_ROOM = 4096 };

struct ml {
    struct ml_model *tcp, *udp;
    double threshold;
    char answer[CLASS_NAME + 8];
    char rule[64];
};

/* The models lie beside this file. */
static bool default_path(const char *name, char path[PATH_ROOM])
{
    static const char here;
    Dl_info info;
    if (!dladdr(&here, &info) || !info.dli_fname)
        return false;
    const char *slash = strrchr(info.dli_fname, '/');
    int folder = slash ? (int)(slash - info.dli_fname) : 1;
    return snprintf(path, PATH_ROOM, "%.*s/cdpi-%s.model", folder, slash ? info.dli_fname : ".",
                    name) < PATH_ROOM;
}

static bool read_model(const char *setting, const char *name, struct ml_model **model, char *why,
                       size_t why_size)
{
    char path[PATH_ROOM], wrong[100];
    *model = NULL;
    if (setting && strcmp(setting, "none") == 0)
        return true;
    if (!setting && !default_path(name, path))
        return false;
    *model = ml_model_read(setting ? setting : path, wrong, sizeof wrong);
    if (!*model)
        snprintf(why, why_size, "%s: %s", setting ? setting : path, wrong);
    return *model != NULL;
}

static void ml_close(void *instance)
{
    struct ml *m = instance;
    ml_model_free(m->tcp);
    ml_model_free(m->udp);
    free(m);
}

static bool read_threshold(const char *text, double *threshold)
{
    char *rest;
    *threshold = strtod(text, &rest);
    return rest != text && !*rest && *threshold > 0 && *threshold <= 1;
}

static bool open_instance(const char *const *settings, void **instance, char *why, size_t why_size)
{
    const char *tcp = NULL, *udp = NULL;
    struct ml *m = calloc(1, sizeof *m);
    if (!m)
        return false;
    m->threshold = 0.8;
    for (; *settings; settings++) {
        if (strncmp(*settings, "tcp_model=", 10) == 0) {
            tcp = *settings + 10;
        } else if (strncmp(*settings, "udp_model=", 10) == 0) {
            udp = *settings + 10;
        } else if (strncmp(*settings, "threshold=", 10) != 0 ||
                   !read_threshold(*settings + 10, &m->threshold)) {
            snprintf(why, why_size, "unknown or bad setting %s", *settings);
            goto out;
        }
    }
    if (!read_model(tcp, "tcp", &m->tcp, why, why_size) ||
        !read_model(udp, "udp", &m->udp, why, why_size))
        goto out;
    *instance = m;
    return true;
out:
    ml_close(m);
    return false;
}

/* Numbers are read with a point, whatever language the program speaks. */
static bool ml_open(const char *const *settings, void **instance, char *why, size_t why_size)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0), was = uselocale(plain);
    bool opened = open_instance(settings, instance, why, why_size);
    uselocale(was);
    if (plain)
        freelocale(plain);
    return opened;
}

static enum cdpi_module_says ml_classify(void *instance, const struct cdpi_module_flow *flow,
                                         struct cdpi_module_verdict *verdict)
{
    struct ml *m = instance;
    const struct ml_model *model = flow->ip_protocol == TCP   ? m->tcp
                                   : flow->ip_protocol == UDP ? m->udp
                                                              : NULL;
    struct payloads p = {.server_first = flow->first_speaker == 1};
    double probability;
    if (!model)
        return CDPI_MODULE_DOES_NOT_KNOW;
    for (unsigned side = 0; side < 2; side++) {
        uint32_t here = flow->first_captured[side];
        p.bytes[side] = flow->head[side];
        p.size[side] = here < flow->head_size[side] ? here : flow->head_size[side];
        p.wire[side] = flow->first_payload[side];
    }
    const char *name = ml_model_ask(model, &p, &probability);
    if (!name || probability < m->threshold)
        return CDPI_MODULE_DOES_NOT_KNOW;
    snprintf(m->answer, sizeof m->answer, "%s", name);
    snprintf(m->rule, sizeof m->rule, "probability %.1f", probability);
    verdict->protocol = m->answer;
    verdict->rule = m->rule;
    return CDPI_MODULE_KNOWS;
}

/* Those of TCP, then those of UDP. */
static const char *ml_protocol(void *instance, size_t i)
{
    const struct ml *m = instance;
    size_t n = 0;
    for (; m->tcp && ml_model_class(m->tcp, n + 1); n++) {
        if (n == i)
            return ml_model_class(m->tcp, n + 1);
    }
    return m->udp ? ml_model_class(m->udp, i - n + 1) : NULL;
}

CDPI_MODULE_EXPORT const struct cdpi_module cdpi_module = {
    .abi = CDPI_MODULE_ABI,
    .struct_size = sizeof(struct cdpi_module),
    .name = "ml",
    .version = "1",
    .open = ml_open,
    .close = ml_close,
    .classify = ml_classify,
    .protocol = ml_protocol,
};
