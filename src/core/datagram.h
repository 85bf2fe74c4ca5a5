/* SPDX-License-Identifier: MIT */
/* A payload packet of a flow, as it came: what the head keeps of it and validators are shown. */
#ifndef CDPI_CORE_DATAGRAM_H
#define CDPI_CORE_DATAGRAM_H

#include <stdbool.h>
#include <stdint.h>

struct datagram {
    uint8_t side;       /* who sent it: 0 the client, 1 the server */
    bool cut;           /* captured shorter than it was on the wire */
    uint16_t wire_size; /* payload bytes on the wire, 65535 for more */
    uint16_t offset;    /* where its bytes begin in the side's head */
    uint16_t size;      /* how many of its bytes are in the head */
    uint32_t time;      /* microseconds after the flow's first payload */
};

#endif
