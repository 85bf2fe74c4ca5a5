/* SPDX-License-Identifier: MIT */
/* Interfaces, by libpcap. */
#ifndef CDPI_CAPTURE_LIVE_H
#define CDPI_CAPTURE_LIVE_H

#include "capture/failure.h"

struct live;

/* NULL: failure says why. `filter` may be NULL. */
struct live *live_open(const char *interface, const char *filter, struct failure *failure);
void live_close(struct live *live);

/* What has arrived, or arrives within 100 ms; perhaps nothing. */
size_t live_next(struct live *live, struct cdpi_frame *frames, size_t room,
                 struct failure *failure);

#endif
