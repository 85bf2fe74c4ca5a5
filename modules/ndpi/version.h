/* SPDX-License-Identifier: MIT */
/*
 * nDPI's interface, which changes from release to release, behind one of ours. Told apart by the
 * header's version. 4.2 is tested (Debian 12); the others are written from their published headers
 * and untested.
 *
 *     4.2, 4.4    packets take 5 arguments, giving up 4, opening takes preferences
 *     4.6, 4.8    packets take 6
 *     4.10-4.14   opening takes a global context, configuration is by ndpi_set_config, giving up 3
 *     5.x         no bitmask, giving up 3 or 2
 *
 * tests/standin/ndpi has the declarations of each in short, so that each way is compiled.
 */
#ifndef CDPI_MODULES_NDPI_VERSION_H
#define CDPI_MODULES_NDPI_VERSION_H

#include <ndpi_api.h>

#define NDPI_AT_LEAST(major, minor)                                                                \
    (NDPI_MAJOR > (major) || (NDPI_MAJOR == (major) && NDPI_MINOR >= (minor)))

/* Since 4.11 master and application stand in a struct of their own. */
#if NDPI_AT_LEAST(4, 11)
#define NDPI_APPLICATION(p) ((p).proto.app_protocol)
#define NDPI_MASTER(p) ((p).proto.master_protocol)
#else
#define NDPI_APPLICATION(p) ((p).app_protocol)
#define NDPI_MASTER(p) ((p).master_protocol)
#endif

static inline struct ndpi_detection_module_struct *version_open(void)
{
#if NDPI_AT_LEAST(4, 10)
    return ndpi_init_detection_module(NULL);
#else
    return ndpi_init_detection_module(ndpi_dont_load_tor_hosts);
#endif
}

static inline bool version_finish(struct ndpi_detection_module_struct *ndpi)
{
#if !NDPI_AT_LEAST(5, 0)
    NDPI_PROTOCOL_BITMASK all;
    NDPI_BITMASK_SET_ALL(all);
    ndpi_set_protocol_detection_bitmask2(ndpi, &all);
#endif
#if NDPI_AT_LEAST(4, 10)
    return ndpi_finalize_initialization(ndpi) == 0;
#else
    ndpi_finalize_initialization(ndpi);
    return true;
#endif
}

/* A configuration key of nDPI's own; false where it has none such. */
static inline bool version_configure(struct ndpi_detection_module_struct *ndpi,
                                     const char *protocol, const char *key, const char *value)
{
#if NDPI_AT_LEAST(4, 10)
    return ndpi_set_config(ndpi, protocol, key, value) == 0;
#else
    (void)ndpi;
    (void)protocol;
    (void)key;
    (void)value;
    return false;
#endif
}

static inline ndpi_protocol version_packet(struct ndpi_detection_module_struct *ndpi,
                                           struct ndpi_flow_struct *flow, const uint8_t *packet,
                                           uint16_t size, uint64_t milliseconds)
{
#if NDPI_AT_LEAST(4, 6)
    return ndpi_detection_process_packet(ndpi, flow, packet, size, milliseconds, NULL);
#else
    return ndpi_detection_process_packet(ndpi, flow, packet, size, milliseconds);
#endif
}

/* How many arguments giving up takes is asked of the declaration: releases moved between three and
 * two. Only the call that fits is made. */
typedef ndpi_protocol give_up_2(struct ndpi_detection_module_struct *, struct ndpi_flow_struct *);
typedef ndpi_protocol give_up_3(struct ndpi_detection_module_struct *, struct ndpi_flow_struct *,
                                u_int8_t *guessed);
typedef ndpi_protocol give_up_4(struct ndpi_detection_module_struct *, struct ndpi_flow_struct *,
                                u_int8_t enable_guess, u_int8_t *guessed);
#define GIVES_UP_AS(type) __builtin_types_compatible_p(__typeof__(ndpi_detection_giveup), type)
_Static_assert(GIVES_UP_AS(give_up_2) || GIVES_UP_AS(give_up_3) || GIVES_UP_AS(give_up_4),
               "this nDPI gives up in a way that is not known here");

static inline ndpi_protocol version_give_up(struct ndpi_detection_module_struct *ndpi,
                                            struct ndpi_flow_struct *flow)
{
    void (*call)(void) = (void (*)(void))ndpi_detection_giveup;
    u_int8_t guessed = 0;
    if (GIVES_UP_AS(give_up_2))
        return ((give_up_2 *)call)(ndpi, flow);
    if (GIVES_UP_AS(give_up_3))
        return ((give_up_3 *)call)(ndpi, flow, &guessed);
    return ((give_up_4 *)call)(ndpi, flow, 1, &guessed);
}

#endif
