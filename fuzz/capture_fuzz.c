/* SPDX-License-Identifier: MIT */
/* The capture reader over any bytes. The first byte says how large the pieces are in which they
 * arrive. */
#include <stdlib.h>

#include "capture/inside.h"

static volatile uint8_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cdpi_capture *capture;
    struct cdpi_frame frames[8];
    struct cdpi_error error;
    size_t count;
    if (size == 0)
        return 0;
    size_t chunk = data[0] % 4 ? (size_t)data[0] * 3 : 0;
    if (capture_open_memory(data + 1, size - 1, chunk, NULL, &capture, &error) != CDPI_OK)
        return 0;
    while (cdpi_capture_next(capture, frames, 8, &count, &error) == CDPI_OK) {
        if (count == 0 || count > 8)
            abort();
        for (size_t i = 0; i < count; i++) {
            if (frames[i].captured > frames[i].length || frames[i].captured > 256 * 1024)
                abort();
            for (uint32_t k = 0; k < frames[i].captured; k++)
                sink ^= frames[i].data[k];
        }
    }
    double progress = cdpi_capture_progress(capture);
    if (progress < 0 || progress > 1)
        abort();
    cdpi_capture_close(capture);
    return 0;
}
