/* SPDX-License-Identifier: MIT */
/* The minimal example: a capture file in, a line a flow out. */
#include <cdpi/capture.h>
#include <stdio.h>

static bool print_flow(void *context, struct cdpi_flow *flow)
{
    struct cdpi *engine = context;
    struct cdpi_verdict verdict = cdpi_conclude(engine, flow);
    if (verdict.protocol)
        printf("%s detected protocol %s\n", verdict.source,
               cdpi_protocol_name(engine, verdict.protocol));
    else
        puts("No detection was made");
    return true;
}

int main(int argc, char **argv)
{
    struct cdpi *engine;
    struct cdpi_capture *capture;
    struct cdpi_error error;
    struct cdpi_options options = {.struct_size = sizeof options};
    struct cdpi_frame frame;
    struct cdpi_flow *flow;
    size_t count;

    if (argc != 2) {
        fputs("usage: minimal CAPTURE\n", stderr);
        return 2;
    }
    if (cdpi_open(&options, &engine, &error) != CDPI_OK ||
        cdpi_capture_open(argv[1], NULL, &capture, &error) != CDPI_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    while (cdpi_capture_next(capture, &frame, 1, &count, &error) == CDPI_OK) {
        if (count && cdpi_packet_flow(engine, &frame, &flow, NULL) != CDPI_OK)
            continue; /* a frame that belongs to no flow */
    }
    if (cdpi_each_flow(engine, print_flow, engine) != CDPI_OK)
        return 1;
    cdpi_capture_close(capture);
    cdpi_close(engine);
    return 0;
}
