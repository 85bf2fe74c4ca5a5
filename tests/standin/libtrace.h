/* SPDX-License-Identifier: MIT */
/* A stand-in for libtrace's header: libprotoident's includes it, our module needs nothing of it. */
#ifndef CDPI_STANDIN_LIBTRACE_H
#define CDPI_STANDIN_LIBTRACE_H

typedef struct libtrace_packet_t libtrace_packet_t;

#endif
