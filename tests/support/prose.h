/* SPDX-License-Identifier: MIT */
/*
 * What no protocol is, made anew each time: English, JSON, XML, HTML, CSV, and each of them
 * compressed, enciphered or in base64.
 */
#ifndef CDPI_TESTS_PROSE_H
#define CDPI_TESTS_PROSE_H

#include <stdint.h>

typedef uint64_t prose_draw(void);

enum prose_kind { PROSE_ENGLISH, PROSE_JSON, PROSE_XML, PROSE_HTML, PROSE_CSV, PROSE_KINDS };

/* All return how many bytes were written, `room` at the most. */
uint32_t prose_write(enum prose_kind kind, uint8_t *to, uint32_t room, prose_draw *draw);

enum prose_coat { COAT_BASE64, COAT_CIPHER, COAT_DEFLATE, COAT_ZLIB, COAT_GZIP, COAT_ZSTD, COATS };

/* Text of a drawn kind in such a coat; 0 where this build has not what it takes. From a drawn place
 * on, at times, as a stream that was joined late begins. */
uint32_t prose_coated(enum prose_coat coat, uint8_t *to, uint32_t room, prose_draw *draw);

#endif
