/* SPDX-License-Identifier: MIT */
/*
 * nDPI as a module: the flow's first packets, in order and with their times, until it names the
 * flow or has seen them all; then it is asked to give up.
 *
 * What it says by content is its answer, `likely` at the most: it does not tell which bytes
 * decided. What it says by port or address is a guess. Its names become ours where we have them.
 *
 * Settings:
 *     guess=yes|no             report guesses (yes)
 *     packets=N                look at no more than the first N packets with payload (16)
 *     extra=yes|no             after the first verdict, go on while nDPI would refine it (no)
 *     protocols=FILE           nDPI's file of custom protocols
 *     config=PROTOCOL:KEY:VALUE  nDPI's own configuration (4.10 and later); PROTOCOL may be empty
 */
#define _DEFAULT_SOURCE
#include <cdpi/module.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "names.h"
#include "ndpi/version.h"

enum { MOST_PACKETS = 16, MOST_CONFIG = 32 };

struct ndpi_module {
    struct ndpi_detection_module_struct *ndpi;
    struct ndpi_flow_struct *flow; /* one, used again for each flow asked about */
    size_t flow_size;
    char (*names)[FOREIGN_NAME_SIZE]; /* answers by nDPI's numbers */
    size_t name_count;
    bool guesses, refines;
    uint32_t packets;
    const char *protocols;
    const char *config[MOST_CONFIG];
    unsigned config_count;
};

/* nDPI's detection modules must not be made at the same time. */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

/* ---- settings ---------------------------------------------------------------------------- */

static bool read_switch(const char *value, bool *on)
{
    *on = strcmp(value, "yes") == 0;
    return *on || strcmp(value, "no") == 0;
}

static bool read_packets(const char *value, uint32_t *packets)
{
    char *rest;
    unsigned long n = strtoul(value, &rest, 10);
    *packets = (uint32_t)n;
    return rest != value && !*rest && n >= 1 && n <= MOST_PACKETS;
}

static bool read_setting(struct ndpi_module *m, const char *setting)
{
    const char *value = strchr(setting, '=');
    if (!value++)
        return false;
    if (strncmp(setting, "guess=", 6) == 0)
        return read_switch(value, &m->guesses);
    if (strncmp(setting, "extra=", 6) == 0)
        return read_switch(value, &m->refines);
    if (strncmp(setting, "packets=", 8) == 0)
        return read_packets(value, &m->packets);
    if (strncmp(setting, "protocols=", 10) == 0) {
        m->protocols = value;
        return true;
    }
    if (strncmp(setting, "config=", 7) == 0 && m->config_count < MOST_CONFIG) {
        m->config[m->config_count++] = value;
        return true;
    }
    return false;
}

/* PROTOCOL:KEY:VALUE */
static bool configure(struct ndpi_detection_module_struct *ndpi, const char *text)
{
    char part[3][128];
    if (sscanf(text, "%127[^:]:%127[^:]:%127[^\n]", part[0], part[1], part[2]) == 3)
        return version_configure(ndpi, part[0], part[1], part[2]);
    if (sscanf(text, ":%127[^:]:%127[^\n]", part[1], part[2]) == 2)
        return version_configure(ndpi, NULL, part[1], part[2]);
    return false;
}

static bool apply(struct ndpi_module *m, char *why, size_t why_size)
{
    for (unsigned i = 0; i < m->config_count; i++) {
        if (!configure(m->ndpi, m->config[i])) {
            snprintf(why, why_size, "nDPI %s has no configuration %s", ndpi_revision(),
                     m->config[i]);
            return false;
        }
    }
    if (m->protocols && (access(m->protocols, R_OK) != 0 || /* nDPI would print */
                         ndpi_load_protocols_file(m->ndpi, m->protocols) != 0)) {
        snprintf(why, why_size, "cannot read protocols from %s", m->protocols);
        return false;
    }
    return true;
}

/* ---- opening ----------------------------------------------------------------------------- */

static bool take_names(struct ndpi_module *m)
{
    m->name_count = ndpi_get_num_supported_protocols(m->ndpi);
    m->names = calloc(m->name_count, sizeof *m->names);
    for (size_t i = 0; m->names && i < m->name_count; i++)
        names_answer(FOREIGN_NDPI, "ndpi", ndpi_get_proto_name(m->ndpi, (u_int16_t)i), m->names[i]);
    return m->names != NULL;
}

static bool open_library(struct ndpi_module *m, char *why, size_t why_size)
{
    bool good = false;
    pthread_mutex_lock(&opening);
    m->ndpi = version_open();
    if (!m->ndpi)
        snprintf(why, why_size, "nDPI does not start");
    else if (apply(m, why, why_size))
        good = version_finish(m->ndpi);
    pthread_mutex_unlock(&opening);
    return good;
}

static void module_close(void *instance)
{
    struct ndpi_module *m = instance;
    pthread_mutex_lock(&opening);
    if (m->ndpi)
        ndpi_exit_detection_module(m->ndpi);
    pthread_mutex_unlock(&opening);
    free(m->flow);
    free(m->names);
    free(m);
}

static bool module_open(const char *const *settings, void **instance, char *why, size_t why_size)
{
    struct ndpi_module *m = calloc(1, sizeof *m);
    if (!m)
        return false;
    m->guesses = true;
    m->packets = MOST_PACKETS;
    for (; *settings; settings++) {
        if (!read_setting(m, *settings)) {
            snprintf(why, why_size, "unknown or bad setting %s", *settings);
            goto out;
        }
    }
    if (!open_library(m, why, why_size))
        goto out;
    m->flow_size = ndpi_detection_get_sizeof_ndpi_flow_struct();
    m->flow = calloc(1, m->flow_size);
    if (!m->flow || !take_names(m)) {
        snprintf(why, why_size, "no memory");
        goto out;
    }
    *instance = m;
    return true;
out:
    module_close(m);
    return false;
}

/* ---- asking ------------------------------------------------------------------------------ */

static const char *answer_name(const struct ndpi_module *m, u_int16_t number)
{
    return number < m->name_count ? m->names[number] : "ndpi:custom";
}

static bool is_guess(ndpi_confidence_t confidence)
{
    return confidence == NDPI_CONFIDENCE_MATCH_BY_PORT ||
           confidence == NDPI_CONFIDENCE_MATCH_BY_IP || confidence == NDPI_CONFIDENCE_UNKNOWN;
}

/* Where nDPI named the flow. */
struct decision {
    uint32_t packet; /* with payload, from 1; 0: before any */
    uint8_t side;
};

/* Feeds packets until nDPI names the flow, or there are no more and it gives up. */
static ndpi_protocol feed(const struct ndpi_module *m, const struct cdpi_module_flow *flow,
                          struct decision *decision)
{
    ndpi_protocol said;
    uint32_t payloads = 0;
    bool is_named = false;
    memset(&said, 0, sizeof said);
    for (uint32_t i = 0; i < flow->packet_count && payloads < m->packets; i++) {
        const struct cdpi_module_packet *p = &flow->packets[i];
        uint16_t size = (uint16_t)(p->captured < UINT16_MAX ? p->captured : UINT16_MAX);
        payloads += p->has_payload;
        said = version_packet(m->ndpi, m->flow, p->data, size, p->time / 1000000);
        if (NDPI_APPLICATION(said) == NDPI_PROTOCOL_UNKNOWN)
            continue;
        if (!is_named)
            *decision = (struct decision){payloads, p->side};
        is_named = true;
        if (!m->refines || !ndpi_extra_dissection_possible(m->ndpi, m->flow))
            break;
    }
    return is_named ? said : version_give_up(m->ndpi, m->flow);
}

static enum cdpi_module_says answer(const struct ndpi_module *m, ndpi_protocol said,
                                    const struct decision *decision,
                                    struct cdpi_module_verdict *verdict)
{
    u_int16_t master = NDPI_MASTER(said), inner = NDPI_APPLICATION(said);
    bool has_both = master != NDPI_PROTOCOL_UNKNOWN && master != inner;
    if (inner == NDPI_PROTOCOL_UNKNOWN && master == NDPI_PROTOCOL_UNKNOWN)
        return CDPI_MODULE_DOES_NOT_KNOW;
    bool guessed = is_guess(m->flow->confidence);
    if (guessed && !m->guesses)
        return CDPI_MODULE_DOES_NOT_KNOW;
    verdict->protocol = answer_name(m, has_both ? master : inner);
    if (has_both && inner != NDPI_PROTOCOL_UNKNOWN && !guessed)
        verdict->application = answer_name(m, inner);
    verdict->rule = ndpi_confidence_get_name(m->flow->confidence);
    verdict->packet = decision->packet;
    verdict->side = decision->side;
    return guessed ? CDPI_MODULE_GUESSES : CDPI_MODULE_KNOWS;
}

static enum cdpi_module_says module_classify(void *instance, const struct cdpi_module_flow *flow,
                                             struct cdpi_module_verdict *verdict)
{
    const struct ndpi_module *m = instance;
    struct decision decision = {0};
    memset(m->flow, 0, m->flow_size);
    ndpi_protocol said = feed(m, flow, &decision);
    enum cdpi_module_says says = answer(m, said, &decision, verdict);
    ndpi_free_flow_data(m->flow);
    return says;
}

static const char *module_protocol(void *instance, size_t i)
{
    const struct ndpi_module *m = instance;
    return i + 1 < m->name_count ? m->names[i + 1] : NULL; /* 0 is "Unknown" */
}

static const char *module_library_version(void *instance)
{
    (void)instance;
    return ndpi_revision();
}

CDPI_MODULE_EXPORT const struct cdpi_module cdpi_module = {
    .abi = CDPI_MODULE_ABI,
    .struct_size = sizeof(struct cdpi_module),
    .name = "ndpi",
    .version = "1",
    .flags = CDPI_MODULE_WANTS_PACKETS,
    .open = module_open,
    .close = module_close,
    .classify = module_classify,
    .protocol = module_protocol,
    .library_version = module_library_version,
};
