/* SPDX-License-Identifier: MIT */
/* BPF expressions, by libpcap, over frames of any link type. */
#ifndef CDPI_CAPTURE_FILTER_H
#define CDPI_CAPTURE_FILTER_H

#include "capture/failure.h"

#define FILTER_ANY_LINK UINT32_MAX /* not known at open: each frame says its own */

struct filter;

/* NULL: failure says why. */
struct filter *filter_open(const char *expression, uint32_t link_type, struct failure *failure);
void filter_close(struct filter *filter);

/* Keeps the frames that pass, in their order; returns how many. Stops where the expression cannot
 * be compiled for a frame's link type: failure. */
size_t filter_frames(struct filter *filter, struct cdpi_frame *frames, size_t count,
                     struct failure *failure);

#endif
