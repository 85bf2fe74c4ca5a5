/* SPDX-License-Identifier: MIT */
/* The batch path: 64 frames a call, and events that tell what became of the flows. */
#include <cdpi/capture.h>
#include <stdio.h>

struct program {
    struct cdpi *engine;
};

static void on_event(void *context, enum cdpi_event event, struct cdpi_flow *flow,
                     const struct cdpi_verdict *verdict)
{
    const struct program *program = context;
    struct cdpi_flow_info info;
    if (event == CDPI_EVENT_NEW)
        return;
    cdpi_flow_info(flow, &info);
    printf("flow %llu %s: %s (%s), %llu packets\n", (unsigned long long)info.id,
           cdpi_event_name(event),
           verdict->protocol ? cdpi_protocol_name(program->engine, verdict->protocol) : "unknown",
           verdict->evidence.rule, (unsigned long long)(info.packets[0] + info.packets[1]));
}

int main(int argc, char **argv)
{
    struct program program = {NULL};
    struct cdpi_options options = {
        .struct_size = sizeof options, .on_event = on_event, .on_event_context = &program};
    struct cdpi_capture *capture;
    struct cdpi_error error;
    struct cdpi_frame frames[64];
    size_t count;

    if (argc != 2) {
        fputs("usage: batch CAPTURE\n", stderr);
        return 2;
    }
    if (cdpi_open(&options, &program.engine, &error) != CDPI_OK ||
        cdpi_capture_open(argv[1], NULL, &capture, &error) != CDPI_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    enum cdpi_status status;
    while ((status = cdpi_capture_next(capture, frames, 64, &count, &error)) == CDPI_OK) {
        if (cdpi_feed(program.engine, frames, count) != CDPI_OK)
            break;
    }
    if (status != CDPI_END)
        fprintf(stderr, "%s\n", error.text);
    cdpi_capture_close(capture);
    cdpi_close(program.engine); /* the last flows end here, and their events fire */
    return status == CDPI_END ? 0 : 1;
}
