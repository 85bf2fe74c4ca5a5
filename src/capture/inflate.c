/* SPDX-License-Identifier: MIT */
#include "capture/inflate.h"

#include <stdlib.h>
#include <string.h>

#ifdef CDPI_HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef CDPI_HAVE_ZSTD
#include <zstd.h>
#endif

struct inflater {
    bool is_zstd, is_between;
#ifdef CDPI_HAVE_ZLIB
    z_stream gzip;
#endif
#ifdef CDPI_HAVE_ZSTD
    ZSTD_DStream *zstd;
#endif
};

static bool is_gzip(const uint8_t *bytes, size_t size)
{
    return size >= 3 && memcmp(bytes, "\x1f\x8b\x08", 3) == 0; /* RFC 1952 */
}

static bool is_zstd(const uint8_t *bytes, size_t size)
{
    return size >= 4 && memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0; /* RFC 8878 */
}

bool inflater_recognises(const uint8_t *bytes, size_t size, const char **name)
{
    *name = is_gzip(bytes, size) ? "gzip" : is_zstd(bytes, size) ? "zstd" : NULL;
    return *name != NULL;
}

struct inflater *inflater_open(const uint8_t *bytes, size_t size)
{
    struct inflater *i = calloc(1, sizeof *i);
    if (!i)
        return NULL;
    i->is_zstd = is_zstd(bytes, size);
    bool good = false;
#ifdef CDPI_HAVE_ZLIB
    if (!i->is_zstd)
        good = inflateInit2(&i->gzip, 15 + 16) == Z_OK; /* 16: gzip's header */
#endif
#ifdef CDPI_HAVE_ZSTD
    if (i->is_zstd)
        good = (i->zstd = ZSTD_createDStream()) != NULL;
#endif
    if (good)
        return i;
    free(i);
    return NULL;
}

void inflater_close(struct inflater *i)
{
    if (!i)
        return;
#ifdef CDPI_HAVE_ZLIB
    if (!i->is_zstd)
        inflateEnd(&i->gzip);
#endif
#ifdef CDPI_HAVE_ZSTD
    if (i->is_zstd)
        ZSTD_freeDStream(i->zstd);
#endif
    free(i);
}

#ifdef CDPI_HAVE_ZLIB
static bool run_gzip(struct inflater *i, const uint8_t *in, size_t in_size, size_t *used,
                     uint8_t *out, size_t out_room, size_t *made)
{
    if (i->is_between && in_size) {
        i->is_between = false;
        if (inflateReset(&i->gzip) != Z_OK)
            return false;
    }
    i->gzip.next_in = (Bytef *)(uintptr_t)in;
    i->gzip.avail_in = (uInt)in_size;
    i->gzip.next_out = out;
    i->gzip.avail_out = (uInt)out_room;
    int status = inflate(&i->gzip, Z_NO_FLUSH);
    *used = in_size - i->gzip.avail_in;
    *made = out_room - i->gzip.avail_out;
    i->is_between = status == Z_STREAM_END;
    return status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR;
}
#endif

#ifdef CDPI_HAVE_ZSTD
static bool run_zstd(struct inflater *i, const uint8_t *in, size_t in_size, size_t *used,
                     uint8_t *out, size_t out_room, size_t *made)
{
    ZSTD_inBuffer from = {in, in_size, 0};
    ZSTD_outBuffer to = {out, out_room, 0};
    size_t status = ZSTD_decompressStream(i->zstd, &to, &from);
    *used = from.pos;
    *made = to.pos;
    i->is_between = status == 0;
    return !ZSTD_isError(status);
}
#endif

bool inflater_run(struct inflater *i, const uint8_t *in, size_t in_size, size_t *used, uint8_t *out,
                  size_t out_room, size_t *made)
{
    *used = *made = 0;
#ifdef CDPI_HAVE_ZSTD
    if (i->is_zstd)
        return run_zstd(i, in, in_size, used, out, out_room, made);
#endif
#ifdef CDPI_HAVE_ZLIB
    if (!i->is_zstd)
        return run_gzip(i, in, in_size, used, out, out_room, made);
#endif
    return false;
}

bool inflater_is_between(const struct inflater *i)
{
    return i->is_between;
}
