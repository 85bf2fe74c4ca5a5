/* SPDX-License-Identifier: MIT */
/*
 * A classic little-endian pcap of Ethernet frames, mapped and indexed; and the time.
 */
#ifndef CDPI_BENCH_FRAMES_H
#define CDPI_BENCH_FRAMES_H

#include <cdpi/cdpi.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

static inline double user_seconds(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)r.ru_utime.tv_sec + (double)r.ru_utime.tv_usec * 1e-6;
}

static inline struct cdpi_frame *index_file(const char *path, size_t *count)
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

#endif
