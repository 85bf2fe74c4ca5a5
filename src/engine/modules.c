/* SPDX-License-Identifier: MIT */
/*
 * Modules: parsed from the list, loaded from files, asked in order.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "engine/engine.h"

#ifndef CDPI_DEFAULT_MODULE_PATH
#define CDPI_DEFAULT_MODULE_PATH "/usr/local/lib/cdpi/modules"
#endif

enum { PATH_ROOM = 4096, MAX_SETTINGS = 64, MAX_STATE = 64 * 1024 };
/* The descriptor as it was first published; later fields are read where struct_size has them. */
enum {
    LEAST_DESCRIPTOR = offsetof(struct cdpi_module, library_version) +
                       sizeof(((struct cdpi_module *)NULL)->library_version)
};
/* What `all` stands for after own, in the ladder's order. */
static const char *const wrappers[] = {"ndpi", "protoident", "ml"};

/* ---- finding and loading ----------------------------------------------------------------- */

static void *open_library(const char *path_list, const char *name, char *why, size_t why_size)
{
    char path[PATH_ROOM];
    if (strchr(name, '/')) {
        void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
        if (!library)
            snprintf(why, why_size, "%s", dlerror());
        return library;
    }
    while (*path_list) {
        size_t n = strcspn(path_list, ":");
        snprintf(path, sizeof path, "%.*s/cdpi-%s.so", (int)n, path_list, name);
        FILE *there = fopen(path, "re");
        if (there) {
            fclose(there);
            void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
            if (!library)
                snprintf(why, why_size, "%s", dlerror());
            return library;
        }
        path_list += n + (path_list[n] == ':');
    }
    snprintf(why, why_size, "no file cdpi-%s.so in the module path", name);
    return NULL;
}

static bool is_usable(const struct cdpi_module *d, char *why, size_t why_size)
{
    if (!d)
        snprintf(why, why_size, "it does not export " CDPI_MODULE_SYMBOL);
    else if (d->abi != CDPI_MODULE_ABI)
        snprintf(why, why_size, "it has abi %u, this library %u", d->abi, CDPI_MODULE_ABI);
    else if (d->struct_size < LEAST_DESCRIPTOR)
        snprintf(why, why_size, "its descriptor is cut: struct_size is %zu", d->struct_size);
    else if (!d->name || !*d->name || strlen(d->name) >= NAME_SIZE || !d->open || !d->close ||
             !d->classify)
        snprintf(why, why_size, "its descriptor lacks a name, open, close or classify");
    else if (d->flow_state_size > MAX_STATE)
        snprintf(why, why_size, "it wants more than 64 KiB of state for a flow");
    else
        return true;
    return false;
}

/* The settings "module.key=value" of one module, its name cut off. */
static void pick_settings(const char *const *all, const char *name, const char **picked)
{
    size_t n = strlen(name), count = 0;
    for (; all && *all && count + 1 < MAX_SETTINGS; all++) {
        if (strncmp(*all, name, n) == 0 && (*all)[n] == '.')
            picked[count++] = *all + n + 1;
    }
    picked[count] = NULL;
}

static const char *module_path(const struct cdpi_options *options)
{
    const char *from_environment = getenv("CDPI_MODULE_PATH");
    return options->module_path                    ? options->module_path
           : from_environment && *from_environment ? from_environment
                                                   : CDPI_DEFAULT_MODULE_PATH;
}

/* What the module can bring gets its numbers now. */
static void take_names(struct cdpi *engine, struct module *m)
{
    const char *name;
    for (size_t i = 0; m->descriptor->protocol && i < MAX_NAMES &&
                       (name = m->descriptor->protocol(m->instance, i));
         i++) {
        if (engine_name_is_good(name))
            engine_name_number(engine, name);
        else
            m->info.nonsense++;
    }
}

static bool load(struct cdpi *engine, const struct cdpi_options *options, const char *name,
                 char *why, size_t why_size)
{
    struct module *m = &engine->modules[engine->module_count];
    const char *settings[MAX_SETTINGS];
    *m = (struct module){.kind = MODULE_LOADED};
    m->library = open_library(module_path(options), name, why, why_size);
    if (!m->library)
        return false;
    m->descriptor = dlsym(m->library, CDPI_MODULE_SYMBOL);
    if (!is_usable(m->descriptor, why, why_size))
        goto out;
    pick_settings(options->settings, m->descriptor->name, settings);
    snprintf(why, why_size, "it does not open");
    if (!m->descriptor->open(settings, &m->instance, why, why_size))
        goto out;
    snprintf(m->name, sizeof m->name, "%s", m->descriptor->name);
    m->info.name = m->name;
    m->info.version = m->descriptor->library_version ? m->descriptor->library_version(m->instance)
                                                     : m->descriptor->version;
    engine->module_count++;
    take_names(engine, m);
    return true;
out:
    dlclose(m->library);
    *m = (struct module){0};
    return false;
}

static bool add_built_in(struct cdpi *engine, enum module_kind kind, const char *name)
{
    struct module *m = &engine->modules[engine->module_count++];
    *m = (struct module){.kind = kind};
    snprintf(m->name, sizeof m->name, "%s", name);
    m->info = (struct cdpi_module_info){.name = m->name, .version = CDPI_VERSION};
    return true;
}

static bool is_listed(const struct cdpi *engine, const char *name)
{
    for (uint32_t i = 0; i < engine->module_count; i++) {
        if (strcasecmp(engine->modules[i].name, name) == 0)
            return true;
    }
    return false;
}

static enum cdpi_status add(struct cdpi *engine, const struct cdpi_options *options,
                            const char *name, bool only_if_there, struct cdpi_error *error)
{
    char why[200] = "";
    if (is_listed(engine, name)) {
        engine_fail(error, "options.modules: %s is listed twice", name);
        return CDPI_BAD_ARGUMENT;
    }
    if (engine->module_count == MAX_MODULES) {
        engine_fail(error, "options.modules: more than %d modules", MAX_MODULES);
        return CDPI_BAD_ARGUMENT;
    }
    if (strcmp(name, "own") == 0)
        return add_built_in(engine, MODULE_OWN, name) ? CDPI_OK : CDPI_NO_MEMORY;
    if (strcmp(name, "port") == 0)
        return add_built_in(engine, MODULE_PORT, name) ? CDPI_OK : CDPI_NO_MEMORY;
    if (load(engine, options, name, why, sizeof why))
        return CDPI_OK;
    if (only_if_there)
        return CDPI_OK;
    if (options->on_module_missing) {
        options->on_module_missing(options->on_module_missing_context, name, why);
        return CDPI_OK;
    }
    engine_fail(error, "module %s: %s", name, why);
    return CDPI_NO_MODULE;
}

static void note_what_is_there(struct cdpi *engine)
{
    for (uint32_t i = 0; i < engine->module_count; i++) {
        const struct module *m = &engine->modules[i];
        if (m->kind == MODULE_OWN && !engine->has_own) {
            engine->has_own = true;
            engine->own_index = (uint8_t)i;
        }
        engine->has_port |= m->kind == MODULE_PORT;
        engine->wants_packets |= m->descriptor && m->descriptor->flags & CDPI_MODULE_WANTS_PACKETS;
        if (m->descriptor && m->descriptor->flow_state_size > engine->module_state_size)
            engine->module_state_size = m->descriptor->flow_state_size;
    }
    for (uint32_t i = 0; i < engine->module_count; i++) {
        if (engine->modules[i].kind == MODULE_PORT)
            continue;
        engine->own_leads = engine->modules[i].kind == MODULE_OWN;
        break;
    }
}

/* A setting whose module is not listed is a slip of the pen. One that is listed and was skipped has
 * been told already; one listed as a file has the name that its descriptor says. */
static bool is_for_listed(const struct cdpi *engine, const char *list, const char *setting)
{
    size_t n = strcspn(setting, ".");
    bool by_file = strchr(list, '/') != NULL;
    for (uint32_t i = 0; i < engine->module_count; i++) {
        if (strncmp(engine->modules[i].name, setting, n) == 0 && !engine->modules[i].name[n])
            return true;
    }
    for (; *list; list += strcspn(list, ","), list += *list == ',') {
        if (strcspn(list, ",") == n && strncmp(list, setting, n) == 0)
            return true;
        by_file |= strcspn(list, ",") == 3 && strncmp(list, "all", 3) == 0;
    }
    return by_file;
}

static enum cdpi_status check_settings(const struct cdpi *engine,
                                       const struct cdpi_options *options, const char *list,
                                       struct cdpi_error *error)
{
    for (const char *const *s = options->settings; s && *s; s++) {
        if (is_for_listed(engine, list, *s))
            continue;
        engine_fail(error, "options.settings: %.80s: no such module in \"%.80s\"", *s, list);
        return CDPI_BAD_ARGUMENT;
    }
    return CDPI_OK;
}

enum cdpi_status engine_open_modules(struct cdpi *engine, const struct cdpi_options *options,
                                     struct cdpi_error *error)
{
    const char *list = options->modules ? options->modules : "own";
    enum cdpi_status status = CDPI_OK;
    char name[PATH_ROOM];
    while (*list && status == CDPI_OK) {
        size_t n = strcspn(list, ",");
        if (n == 0 || n >= sizeof name) {
            engine_fail(error, "options.modules: an empty name in \"%s\"", options->modules);
            return CDPI_BAD_ARGUMENT;
        }
        snprintf(name, sizeof name, "%.*s", (int)n, list);
        if (strcmp(name, "all") == 0) {
            status = add(engine, options, "own", false, error);
            for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0] && status == CDPI_OK; i++)
                status = add(engine, options, wrappers[i], true, error);
        } else {
            status = add(engine, options, name, false, error);
        }
        list += n + (list[n] == ',');
    }
    if (status == CDPI_OK)
        status =
            check_settings(engine, options, options->modules ? options->modules : "own", error);
    note_what_is_there(engine);
    if (status == CDPI_OK && engine->module_state_size) {
        engine->module_state = memory_get(&engine->memory, engine->module_state_size, 64);
        status = engine->module_state ? CDPI_OK : CDPI_NO_MEMORY;
    }
    if (status == CDPI_OK && engine->wants_packets) {
        uint64_t share = engine->memory.budget / 4;
        engine->table_arena.limit -= share;
        packet_pool_init(&engine->kept, &engine->memory, share);
        status = early_init(&engine->early, &engine->memory) ? CDPI_OK : CDPI_NO_MEMORY;
    }
    return status;
}

void engine_close_modules(struct cdpi *engine)
{
    for (uint32_t i = 0; i < engine->module_count; i++) {
        struct module *m = &engine->modules[i];
        if (m->kind != MODULE_LOADED)
            continue;
        m->descriptor->close(m->instance);
        dlclose(m->library);
    }
    engine->module_count = 0;
}

struct cdpi_module_info cdpi_module(const struct cdpi *engine, size_t index)
{
    if (index >= engine->module_count)
        return (struct cdpi_module_info){0};
    struct cdpi_module_info info = engine->modules[index].info;
    if (engine->modules[index].kind == MODULE_OWN) {
        info.asked = engine->own_asked;
        info.answered = engine->own_answered;
    }
    return info;
}
