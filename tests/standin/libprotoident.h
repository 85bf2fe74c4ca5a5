/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for libprotoident's header: the published names that our module uses, and no more, so
 * that the module is compiled and loaded where the library is not installed. standin.cc answers.
 */
#ifndef CDPI_STANDIN_LIBPROTOIDENT_H
#define CDPI_STANDIN_LIBPROTOIDENT_H

#include <libtrace.h>

#include <cstdint>
#include <list>

extern "C" {

typedef enum { LPI_CATEGORY_WEB, LPI_CATEGORY_SERVICES, LPI_CATEGORY_UNKNOWN } lpi_category_t;

typedef enum {
    LPI_PROTO_HTTP,
    LPI_PROTO_NCSOFT,
    LPI_PROTO_DNS_TCP,
    LPI_PROTO_RETIRED,
    LPI_PROTO_UNKNOWN,
    LPI_PROTO_LAST
} lpi_protocol_t;

typedef struct lpi {
    uint32_t payload[2];
    bool seen_syn[2];
    uint32_t seqno[2];
    uint32_t observed[2];
    uint16_t server_port;
    uint16_t client_port;
    uint8_t trans_proto;
    uint32_t payload_len[2];
    uint32_t ips[2];
} lpi_data_t;

typedef struct lpi_module lpi_module_t;
struct lpi_module {
    lpi_protocol_t protocol;
    lpi_category_t category;
    const char *name;
    uint8_t priority;
    bool (*lpi_callback)(lpi_data_t *data, lpi_module_t *module);
};

int lpi_init_library(void);
void lpi_free_library(void);
void lpi_init_data(lpi_data_t *data);
const char *lpi_print(lpi_protocol_t protocol);
const char *lpi_print_category(lpi_category_t category);
lpi_module_t *lpi_guess_protocol(lpi_data_t *data);
bool lpi_is_protocol_inactive(lpi_protocol_t protocol);
}

#endif
