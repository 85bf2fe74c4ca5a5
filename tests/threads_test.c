/* SPDX-License-Identifier: MIT */
/* Engines in threads share nothing that changes: run under ThreadSanitizer (make tsan). */
#include <cdpi/cdpi.h>
#include <pthread.h>
#include <string.h>

#include "support/check.h"
#include "support/packets.h"

enum { THREADS = 4, FLOWS = 2000 };

static void *work(void *argument)
{
    struct cdpi_options options = {.struct_size = sizeof options, .modules = "own,port"};
    struct cdpi *engine;
    uint64_t *named = argument;
    if (cdpi_open(&options, &engine, NULL) != CDPI_OK)
        return NULL;
    for (uint32_t i = 0; i < FLOWS; i++) {
        static const char text[] = "SSH-2.0-thread\r\n";
        struct ends ends = {{0xc0000201, 0xc0000202}, {(uint16_t)(10000 + i), 22}, i & 1};
        struct frame f;
        struct cdpi_flow *flow;
        build_tcp(&f, &ends, i & 2, 1, 24, text, sizeof text - 1);
        struct cdpi_frame frame = as_frame(&f, 1000000 + i);
        if (cdpi_packet_flow(engine, &frame, &flow, NULL) == CDPI_OK)
            *named += cdpi_classify(engine, flow).protocol != 0;
    }
    cdpi_close(engine);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    uint64_t named[THREADS] = {0};
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, &named[i]) == 0);
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(named[i] == FLOWS);
    }
    return CHECKS_END("threads");
}
