/* SPDX-License-Identifier: MIT */
/* What tests and fuzzers see beside capture.h. */
#ifndef CDPI_CAPTURE_INSIDE_H
#define CDPI_CAPTURE_INSIDE_H

#include <cdpi/capture.h>

/* A capture from memory, read in pieces of `chunk` bytes at the most (0: any). The memory is
 * borrowed until close. */
CDPI_MUST_USE enum cdpi_status capture_open_memory(const void *data, size_t size, size_t chunk,
                                                   const char *filter,
                                                   struct cdpi_capture **capture,
                                                   struct cdpi_error *error);

#endif
