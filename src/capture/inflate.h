/* SPDX-License-Identifier: MIT */
/* gzip and zstd streams, by zlib and libzstd where they are there. */
#ifndef CDPI_CAPTURE_INFLATE_H
#define CDPI_CAPTURE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inflater;

/* Whether these first bytes are a compression's. *name: which, for messages; */
bool inflater_recognises(const uint8_t *bytes, size_t size, const char **name);
/* NULL where it is not supported in this build, or memory is short. */
struct inflater *inflater_open(const uint8_t *bytes, size_t size);
void inflater_close(struct inflater *inflater);
/* Bytes of `in` become bytes of `out`. Returns false on corrupt data. *used and *made say how much.
 */
bool inflater_run(struct inflater *inflater, const uint8_t *in, size_t in_size, size_t *used,
                  uint8_t *out, size_t out_room, size_t *made);
/* Between two members or frames: here a file may end. */
bool inflater_is_between(const struct inflater *inflater);

#endif
