/* SPDX-License-Identifier: MIT */
/*
 * What libprotoident looks at, filled from a flow's head: its struct's contents without its header,
 * so that all but the call itself is tested where the library is not installed.
 */
#ifndef CDPI_MODULES_PROTOIDENT_FILL_H
#define CDPI_MODULES_PROTOIDENT_FILL_H

#include <cdpi/module.h>

#ifdef __cplusplus
extern "C" {
#endif

/* By side: 0 client, 1 server; libprotoident's outgoing and incoming. */
struct protoident_input {
    uint32_t payload[2];     /* first four payload bytes as they stand in the packet, 0 behind */
    uint32_t payload_len[2]; /* of the first payload packet, on the wire */
    bool seen_syn[2];        /* TCP: the side's SYN, or else its first payload, was seen */
    uint32_t seqno[2];       /* TCP: of the first payload byte; host byte order */
    uint32_t observed[2];    /* payload bytes seen */
    uint16_t server_port, client_port; /* host byte order */
    uint8_t trans_proto;
    uint32_t ips[2]; /* as they stand in the packet; 0 for IPv6 */
};

void protoident_fill(const struct cdpi_module_flow *flow, struct protoident_input *input);

/* Whether a name of libprotoident's says that it does not know. */
bool protoident_knows_not(const char *name);

#ifdef __cplusplus
}
#endif

#endif
