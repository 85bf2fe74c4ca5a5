/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for nDPI's header: what our module uses, declared as the release that NDPI_MAJOR and
 * NDPI_MINOR name declares it. Only compiled against (tests/CMakeLists.txt), to show that each of
 * the ways in modules/ndpi/version.h is well formed.
 */
#ifndef CDPI_STANDIN_NDPI_API_H
#define CDPI_STANDIN_NDPI_API_H

#include <stdint.h>
#include <sys/types.h>

#define STANDIN_AT_LEAST(major, minor)                                                             \
    (NDPI_MAJOR > (major) || (NDPI_MAJOR == (major) && NDPI_MINOR >= (minor)))

struct ndpi_detection_module_struct;
struct ndpi_global_context;
struct ndpi_flow_input_info;

typedef enum {
    NDPI_CONFIDENCE_UNKNOWN = 0,
    NDPI_CONFIDENCE_MATCH_BY_PORT,
    NDPI_CONFIDENCE_MATCH_BY_IP,
    NDPI_CONFIDENCE_DPI
} ndpi_confidence_t;

struct ndpi_flow_struct {
    ndpi_confidence_t confidence;
};

#define NDPI_PROTOCOL_UNKNOWN 0

#if STANDIN_AT_LEAST(4, 11)
typedef struct {
    u_int16_t master_protocol, app_protocol;
} ndpi_master_app_protocol;
typedef struct {
    ndpi_master_app_protocol proto;
    u_int16_t protocol_by_ip;
} ndpi_protocol;
#else
typedef struct {
    u_int16_t master_protocol, app_protocol;
} ndpi_protocol;
#endif

#if STANDIN_AT_LEAST(4, 10)
struct ndpi_detection_module_struct *
ndpi_init_detection_module(struct ndpi_global_context *context);
int ndpi_finalize_initialization(struct ndpi_detection_module_struct *ndpi);
int ndpi_set_config(struct ndpi_detection_module_struct *ndpi, const char *proto, const char *param,
                    const char *value);
#else
typedef u_int32_t ndpi_init_prefs;
enum { ndpi_no_prefs = 0, ndpi_dont_load_tor_hosts = 1 };
struct ndpi_detection_module_struct *ndpi_init_detection_module(ndpi_init_prefs prefs);
void ndpi_finalize_initialization(struct ndpi_detection_module_struct *ndpi);
#endif

#if !STANDIN_AT_LEAST(5, 0)
typedef struct {
    u_int32_t bits[16];
} NDPI_PROTOCOL_BITMASK;
#define NDPI_BITMASK_SET_ALL(mask) ((mask).bits[0] = UINT32_MAX)
void ndpi_set_protocol_detection_bitmask2(struct ndpi_detection_module_struct *ndpi,
                                          const NDPI_PROTOCOL_BITMASK *mask);
#endif

ndpi_protocol ndpi_detection_process_packet(struct ndpi_detection_module_struct *ndpi,
                                            struct ndpi_flow_struct *flow,
                                            const unsigned char *packet,
                                            const unsigned short packetlen,
                                            const u_int64_t packet_time_ms
#if STANDIN_AT_LEAST(4, 6)
                                            ,
                                            struct ndpi_flow_input_info *input_info
#endif
);

ndpi_protocol ndpi_detection_giveup(struct ndpi_detection_module_struct *ndpi,
                                    struct ndpi_flow_struct *flow
#if STANDIN_AT_LEAST(5, 1)
#elif STANDIN_AT_LEAST(4, 10)
                                    ,
                                    u_int8_t *protocol_was_guessed
#else
                                    ,
                                    u_int8_t enable_guess, u_int8_t *protocol_was_guessed
#endif
);

void ndpi_exit_detection_module(struct ndpi_detection_module_struct *ndpi);
void ndpi_free_flow_data(struct ndpi_flow_struct *flow);
u_int32_t ndpi_detection_get_sizeof_ndpi_flow_struct(void);
u_int32_t ndpi_get_num_supported_protocols(struct ndpi_detection_module_struct *ndpi);
char *ndpi_get_proto_name(struct ndpi_detection_module_struct *ndpi, u_int16_t id);
const char *ndpi_confidence_get_name(ndpi_confidence_t confidence);
u_int8_t ndpi_extra_dissection_possible(struct ndpi_detection_module_struct *ndpi,
                                        struct ndpi_flow_struct *flow);
int ndpi_load_protocols_file(struct ndpi_detection_module_struct *ndpi, const char *path);
char *ndpi_revision(void);

#endif
