/* SPDX-License-Identifier: MIT */
/*
 * The engine alone: frames of a classic little-endian pcap, mapped and indexed beforehand, in
 * batches of 64.
 *
 *     engine_bench FILE [BATCH]      prints user ns and counters
 */
#define _GNU_SOURCE
#include <cdpi/cdpi.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

static double user_seconds(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)r.ru_utime.tv_sec + (double)r.ru_utime.tv_usec * 1e-6;
}

static struct cdpi_frame *index_file(const char *path, size_t *count)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) != 0)
        return NULL;
    const uint8_t *bytes =
        mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    struct cdpi_frame *frames = malloc(sizeof *frames * ((size_t)st.st_size / 32 + 1));
    size_t n = 0, at = 24;
    while (frames && bytes != MAP_FAILED && at + 16 <= (size_t)st.st_size) {
        uint32_t h[4];
        memcpy(h, bytes + at, 16);
        if (at + 16 + h[2] > (size_t)st.st_size)
            break;
        frames[n++] = (struct cdpi_frame){.data = bytes + at + 16,
                                          .captured = h[2],
                                          .length = h[3],
                                          .time = h[0] * 1000000000ull + h[1] * 1000ull,
                                          .link_type = 1};
        at += 16 + h[2];
    }
    *count = n;
    return frames;
}

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
