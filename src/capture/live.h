/* SPDX-License-Identifier: MIT */
/* What libpcap does for us: BPF filters and live capture. Without it, both say so. */
#ifndef CDPI_CAPTURE_LIVE_H
#define CDPI_CAPTURE_LIVE_H

#include <cdpi/cdpi.h>

struct live;
struct filter;

/* The expression is compiled once a link type, when a frame of it comes. The first error is for
 * Ethernet. */
enum cdpi_status filter_open(const char *expression, struct filter **filter,
                             struct cdpi_error *error);
void filter_close(struct filter *filter);
bool filter_passes(struct filter *filter, const struct cdpi_frame *frame);

enum cdpi_status live_open(const char *interface, const char *expression, struct live **live,
                           struct cdpi_error *error);
void live_close(struct live *live);
/* Frames until `room` are there or the capture is silent for a moment. */
enum cdpi_status live_next(struct live *live, struct cdpi_frame *frames, size_t room, size_t *count,
                           struct cdpi_error *error);

#endif
