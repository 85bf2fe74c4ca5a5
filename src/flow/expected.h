/* SPDX-License-Identifier: MIT */
/*
 * Flows that others have announced: a bounded table from an endpoint (address, port, transport) to
 * what will be spoken there. An expectation lives for a time, or until the table needs its place.
 */
#ifndef CDPI_FLOW_EXPECTED_H
#define CDPI_FLOW_EXPECTED_H

#include "core/memory.h"
#include "decode/packet.h"

struct endpoint {
    uint64_t address[2]; /* network byte order; IPv4 in the first word's first bytes */
    uint32_t domain;
    uint16_t port;
    uint8_t ip_protocol;
    bool is_v6;
};

struct expected {
    struct endpoint at;
    uint64_t expires; /* microseconds of packet time; 0: an empty place */
    uint64_t announced_by;
    uint16_t protocol; /* catalog number */
};

enum { EXPECTED_PORTS = 1024 };

struct expected_table {
    struct memory *memory;
    struct expected *places;             /* NULL until the first announcement */
    uint64_t ports[EXPECTED_PORTS / 64]; /* bits of those (their low bits) ever announced */
    uint64_t secret[2];
};

void expected_init(struct expected_table *table, struct memory *memory, const uint64_t secret[2]);
void expected_free(struct expected_table *table);

/* Without memory for the table nothing is expected. */
void expected_add(struct expected_table *table, const struct expected *expected, uint64_t now);

/* Whether anything was ever announced at such a port: no, for nearly all. */
static inline bool expected_knows_port(const struct expected_table *table, uint16_t port)
{
    port %= EXPECTED_PORTS;
    return table->ports[port / 64] >> port % 64 & 1;
}

/* What is expected at the endpoint now, or NULL. */
const struct expected *expected_find(const struct expected_table *table, const struct endpoint *at,
                                     uint64_t now);

/* One endpoint of a key. */
static inline struct endpoint endpoint_of(const struct flow_key *key, unsigned which)
{
    struct endpoint e = {.domain = key->domain,
                         .port = key->port[which],
                         .ip_protocol = key->ip_protocol,
                         .is_v6 = key->is_v6};
    if (key->is_v6) {
        e.address[0] = key->address.v6[which][0];
        e.address[1] = key->address.v6[which][1];
    } else {
        e.address[0] = key->address.v4[which];
    }
    return e;
}

#endif
