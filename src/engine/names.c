/* SPDX-License-Identifier: MIT */
/* Names of protocols, statuses, events and reasons. */
#include <stdio.h>
#include <strings.h>

#include "engine/engine.h"

const char *cdpi_version(void)
{
    return CDPI_VERSION;
}

const char *cdpi_status_name(enum cdpi_status status)
{
    static const char *const names[] = {
        "ok",         "end",         "bad argument",   "no memory", "no module", "busy",
        "not a flow", "cannot read", "unknown format", "cut",       "broken"};
    return (size_t)status < sizeof names / sizeof names[0] ? names[status] : "unknown status";
}

const char *cdpi_event_name(enum cdpi_event event)
{
    static const char *const names[] = {"new",   "classified", "changed",
                                        "final", "gave_up",    "ended"};
    return (size_t)event < sizeof names / sizeof names[0] ? names[event] : "unknown event";
}

const char *cdpi_end_reason_name(enum cdpi_end_reason reason)
{
    static const char *const names[] = {"none",   "closed",  "idle",   "active",
                                        "reused", "evicted", "flushed"};
    return (size_t)reason < sizeof names / sizeof names[0] ? names[reason] : "unknown reason";
}

bool cdpi_knows_link_type(uint32_t link_type)
{
    return decode_knows_link(link_type);
}

/* ---- protocols --------------------------------------------------------------------------- */

const char *cdpi_protocol_name(const struct cdpi *engine, cdpi_protocol_id protocol)
{
    if (protocol >= FIRST_NAME && protocol - (uint32_t)FIRST_NAME < engine->name_count)
        return engine->names[protocol - FIRST_NAME];
    const char *name = protocol ? catalog_name(protocol) : NULL;
    return name ? name : "";
}

cdpi_protocol_id cdpi_protocol_by_name(const struct cdpi *engine, const char *name)
{
    cdpi_protocol_id number = catalog_number(name);
    for (uint32_t i = 0; !number && i < engine->name_count; i++) {
        if (strcasecmp(engine->names[i], name) == 0)
            number = (cdpi_protocol_id)(FIRST_NAME + i);
    }
    return number;
}

static cdpi_protocol_id bring_name(struct cdpi *engine, const char *name)
{
    if (engine->name_count == MAX_NAMES)
        return 0;
    if (!engine->names)
        engine->names = memory_get(&engine->memory, MAX_NAMES * sizeof *engine->names, 64);
    if (!engine->names)
        return 0;
    snprintf(engine->names[engine->name_count], NAME_SIZE, "%s", name);
    return (cdpi_protocol_id)(FIRST_NAME + engine->name_count++);
}

/* "Ours|module:NAME": the first that is there; else the last is brought. */
static cdpi_protocol_id find_or_bring(struct cdpi *engine, const char *name)
{
    char word[NAME_SIZE];
    for (;; name++) {
        size_t n = strcspn(name, "|");
        snprintf(word, sizeof word, "%.*s", (int)n, name);
        cdpi_protocol_id number = cdpi_protocol_by_name(engine, word);
        name += n;
        if (number || !*name)
            return number ? number : bring_name(engine, word);
    }
}

static uint64_t hash_name(const char *name)
{
    uint64_t hash = 0x8EBC6AF09C88C6E3u;
    for (; *name; name++)
        hash = hash_fold(hash ^ (uint8_t)*name, 0x9E3779B97F4A7C15u);
    return hash;
}

/* Modules answer the same names again and again: a search through all names costs more than the
 * rest of an answer. */
cdpi_protocol_id engine_name_number(struct cdpi *engine, const char *name)
{
    uint64_t hash = hash_name(name);
    size_t place = hash % NAME_CACHE;
    if (engine->name_cache[place].hash == hash && engine->name_cache[place].number)
        return engine->name_cache[place].number;
    cdpi_protocol_id number = find_or_bring(engine, name);
    engine->name_cache[place].hash = hash;
    engine->name_cache[place].number = number;
    return number;
}

static uint8_t category_of(cdpi_protocol_id protocol)
{
    const struct cdpi_protocol *room = catalog_protocol(protocol);
    if (room)
        return room->category;
    for (size_t i = 0; i < catalog_ip_protocol_count; i++) {
        if (catalog_ip_protocols[i].number == protocol)
            return catalog_ip_protocols[i].category;
    }
    return CATEGORY_NONE;
}

const char *cdpi_protocol_category(const struct cdpi *engine, cdpi_protocol_id protocol)
{
    (void)engine;
    return category_name(category_of(protocol));
}

bool cdpi_protocol_is_encrypted(const struct cdpi *engine, cdpi_protocol_id protocol)
{
    (void)engine;
    const struct cdpi_protocol *room = catalog_protocol(protocol);
    return room && room->is_encrypted;
}

const char *cdpi_protocol_reference(const struct cdpi *engine, cdpi_protocol_id protocol)
{
    (void)engine;
    const struct cdpi_protocol *room = catalog_protocol(protocol);
    return room ? room->reference : catalog_name(protocol) ? "IANA protocol numbers" : "";
}

cdpi_protocol_id cdpi_protocol_next(const struct cdpi *engine, cdpi_protocol_id protocol)
{
    if (protocol < FIRST_NAME) {
        cdpi_protocol_id next = catalog_next(protocol);
        if (next)
            return next;
        return engine->name_count ? FIRST_NAME : 0;
    }
    uint32_t next = protocol + 1u;
    return next - FIRST_NAME < engine->name_count ? (cdpi_protocol_id)next : 0;
}
