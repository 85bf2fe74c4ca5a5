/* SPDX-License-Identifier: MIT */
/* zstd (RFC 8878): any number of frames one after the other, skippable ones too. */
#include "capture/source.h"

#ifdef CDPI_HAVE_ZSTD
#include <stdlib.h>
#include <zstd.h>

/* The window is memory that the file asks for. RFC 8878 3.1.1.1.2 wants 8 MiB supported; --ultra
 * and --long make larger ones, which are refused in words. */
enum { WINDOW_LOG_MOST = 23 };

struct zstd {
    ZSTD_DStream *stream;
    bool between; /* frames */
};

void *zstd_open(void)
{
    struct zstd *zstd = calloc(1, sizeof *zstd);
    if (!zstd)
        return NULL;
    zstd->between = true;
    zstd->stream = ZSTD_createDStream();
    if (!zstd->stream ||
        ZSTD_isError(ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MOST))) {
        ZSTD_freeDStream(zstd->stream);
        free(zstd);
        return NULL;
    }
    return zstd;
}

static void zstd_close(void *state)
{
    struct zstd *zstd = state;
    ZSTD_freeDStream(zstd->stream);
    free(zstd);
}

static bool zstd_input(struct source *source, const struct zstd *zstd)
{
    if (source->raw_at < source->raw_end || source_refill(source))
        return true;
    if (!zstd->between)
        fail(&source->failure, CDPI_CUT, "the zstd stream is cut off");
    return false;
}

static size_t zstd_fill(struct source *source, uint8_t *into, size_t room)
{
    struct zstd *zstd = source->decoder_state;
    for (;;) {
        if (zstd->between && !zstd_input(source, zstd))
            return 0;
        ZSTD_inBuffer in = {source->raw, source->raw_end, source->raw_at};
        ZSTD_outBuffer out = {into, room, 0};
        size_t said = ZSTD_decompressStream(zstd->stream, &out, &in);
        source->raw_at = in.pos;
        if (ZSTD_isError(said)) {
            fail(&source->failure, CDPI_BROKEN, "the zstd stream is broken: %s",
                 ZSTD_getErrorName(said));
            return 0;
        }
        zstd->between = said == 0;
        if (out.pos)
            return out.pos;
        if (!zstd_input(source, zstd))
            return 0;
    }
}

const struct decoder zstd_decoder = {zstd_fill, zstd_close};
#else
void *zstd_open(void)
{
    return NULL;
}
const struct decoder zstd_decoder = {NULL, NULL};
#endif
