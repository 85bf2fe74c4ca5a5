/* SPDX-License-Identifier: MIT */
/* gzip (RFC 1952): any number of members one after the other, zero bytes after the last. */
#include "capture/source.h"

#ifdef CDPI_HAVE_ZLIB
#include <stdlib.h>
#include <zlib.h>

struct gzip {
    z_stream stream;
    bool between; /* members: at the beginning of one, none of its bytes seen */
    bool first;
};

enum { GZIP_WINDOW_BITS = 15 + 16 }; /* the largest window, gzip's header and checksum */

void *gzip_open(void)
{
    struct gzip *gzip = calloc(1, sizeof *gzip);
    if (gzip && inflateInit2(&gzip->stream, GZIP_WINDOW_BITS) != Z_OK) {
        free(gzip);
        return NULL;
    }
    if (gzip)
        gzip->between = gzip->first = true;
    return gzip;
}

static void gzip_close(void *state)
{
    struct gzip *gzip = state;
    inflateEnd(&gzip->stream);
    free(gzip);
}

/* What inflate said. True: go on. */
static bool gzip_judge(struct source *source, struct gzip *gzip, int said)
{
    switch (said) {
    case Z_OK:
    case Z_BUF_ERROR: /* no progress without more input */
        return true;
    case Z_STREAM_END:
        gzip->between = true;
        gzip->first = false;
        return inflateReset(&gzip->stream) == Z_OK;
    case Z_MEM_ERROR:
        return fail(&source->failure, CDPI_NO_MEMORY, "no memory to decompress it");
    default:
        return fail(&source->failure, CDPI_BROKEN, "the gzip stream is broken: %s",
                    gzip->stream.msg ? gzip->stream.msg : "no reason given");
    }
}

/* Passes over padding between members. True: there is input for a member. */
static bool gzip_input(struct source *source, struct gzip *gzip)
{
    for (;;) {
        while (gzip->between && !gzip->first && source->raw_at < source->raw_end &&
               source->raw[source->raw_at] == 0)
            source->raw_at++;
        if (source->raw_at < source->raw_end)
            return true;
        if (!source_refill(source)) {
            if (!gzip->between)
                fail(&source->failure, CDPI_CUT, "the gzip stream is cut off");
            return false;
        }
    }
}

static size_t gzip_fill(struct source *source, uint8_t *into, size_t room)
{
    struct gzip *gzip = source->decoder_state;
    z_stream *stream = &gzip->stream;
    for (;;) {
        if (gzip->between && !gzip_input(source, gzip))
            return 0;
        gzip->between = false;
        stream->next_in = source->raw + source->raw_at;
        stream->avail_in = (uInt)(source->raw_end - source->raw_at);
        stream->next_out = into;
        stream->avail_out = (uInt)room;
        int said = inflate(stream, Z_NO_FLUSH);
        source->raw_at = source->raw_end - stream->avail_in;
        size_t made = room - stream->avail_out;
        bool good = gzip_judge(source, gzip, said);
        if (made || !good)
            return made;
        if (source->raw_at == source->raw_end && !gzip_input(source, gzip))
            return 0;
    }
}

const struct decoder gzip_decoder = {gzip_fill, gzip_close};
#else
void *gzip_open(void)
{
    return NULL;
}
const struct decoder gzip_decoder = {NULL, NULL};
#endif
