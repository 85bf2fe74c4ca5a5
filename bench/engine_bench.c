/* SPDX-License-Identifier: MIT */
/*
 * The engine alone: frames of a classic little-endian pcap, mapped and indexed beforehand, in
 * batches of 64.
 *
 *     engine_bench FILE [BATCH]      prints user ns and counters
 */
#define _GNU_SOURCE
#include <stdio.h>

#include "frames.h"

int main(int argc, char **argv)
{
    struct cdpi_options options = {.struct_size = sizeof options, .hash_key = {1, 2}};
    struct cdpi *engine;
    struct cdpi_error error;
    size_t count, batch = argc > 2 ? strtoul(argv[2], NULL, 10) : 64;
    struct cdpi_frame *frames = argc > 1 ? index_file(argv[1], &count) : NULL;
    if (!frames || !batch || cdpi_open(&options, &engine, &error) != CDPI_OK) {
        fprintf(stderr, "usage: engine_bench FILE [BATCH]\n");
        return 2;
    }
    double before = user_seconds();
    for (size_t at = 0; at < count; at += batch) {
        size_t some = count - at < batch ? count - at : batch;
        if (cdpi_feed(engine, frames + at, some) != CDPI_OK)
            return 1;
    }
    double seconds = user_seconds() - before;
    struct cdpi_stats s = cdpi_stats(engine);
    printf("engine: %.1f ns a packet, %llu packets, %llu flows, %llu inspected, memory %llu KiB\n",
           seconds * 1e9 / (double)count, (unsigned long long)s.packets,
           (unsigned long long)s.flows, (unsigned long long)s.inspected,
           (unsigned long long)s.memory_peak / 1024);
    cdpi_close(engine);
    free(frames);
    return 0;
}
