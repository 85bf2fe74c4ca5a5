/* SPDX-License-Identifier: MIT */
/*
 * The streams of our own recordings against every room's validator: nobody but the verdict, its
 * parents and children may say YES to them.
 *
 *     confusion_test FILE...
 */
#include <cdpi/capture.h>
#include <cdpi/cdpi.h>

#include <string.h>

#include "classify/catalog.h"
#include "support/check.h"

enum { FRAMES = 64 };

static unsigned streams;

static bool descends(const struct cdpi_protocol *child, const char *ancestor)
{
    for (int depth = 0; child && child->refines && depth < 8; depth++) {
        if (strcmp(child->refines, ancestor) == 0)
            return true;
        room_index parent = catalog_find_room(child->refines);
        child = parent == NO_ROOM ? NULL : catalog_rooms[parent].protocol;
    }
    return false;
}

static bool is_kin(const struct cdpi_protocol *a, const struct cdpi_protocol *b)
{
    return a == b || descends(a, b->name) || descends(b, a->name);
}

static enum answer ask(const struct cdpi_protocol *room, const struct cdpi_flow_info *info,
                       const uint8_t *const bytes[2], const size_t size[2])
{
    struct inspection in = {.client = cursor_over(bytes[0], size[0]),
                            .server = cursor_over(bytes[1], size[1]),
                            .client_port = info->port[0],
                            .server_port = info->port[1],
                            .transport = OVER_TCP,
                            .is_final = true};
    in.server.side = SERVER;
    return room->validate(&in);
}

/* A flow with its head still there: both streams, as far as they were looked at. */
static void test_flow(void *context, enum cdpi_event event, struct cdpi_flow *flow,
                      const struct cdpi_verdict *verdict)
{
    const uint8_t *bytes[2] = {(const uint8_t *)"", (const uint8_t *)""};
    size_t size[2];
    struct cdpi_flow_info info;
    (void)context;
    (void)event;
    cdpi_flow_info(flow, &info);
    const struct cdpi_protocol *own = catalog_protocol(verdict->protocol);
    for (int side = 0; side < 2; side++)
        size[side] = cdpi_flow_head(flow, (enum cdpi_side)side, &bytes[side]);
    if (info.ip_protocol != 6 || size[0] == 0 || size[1] == 0 || !own)
        return;
    streams++;
    for (size_t i = 0; i < catalog_room_count; i++) {
        const struct cdpi_protocol *room = catalog_rooms[i].protocol;
        if (!room->validate || !(room->transports & OVER_TCP) || is_kin(room, own))
            continue;
        bool second = ask(room, &info, bytes, size) == YES;
        if (second)
            printf("a flow of %s, port %u: %s says YES too\n", own->name, info.port[1], room->name);
        CHECK(!second);
    }
}

static void read_capture(struct cdpi *engine, const char *path)
{
    struct cdpi_capture *capture;
    struct cdpi_frame frames[FRAMES];
    struct cdpi_error error;
    size_t count;
    CHECK(cdpi_capture_open(path, NULL, &capture, &error) == CDPI_OK);
    while (cdpi_capture_next(capture, frames, FRAMES, &count, &error) == CDPI_OK)
        CHECK(cdpi_feed(engine, frames, count) == CDPI_OK);
    cdpi_capture_close(capture);
    CHECK(cdpi_flush(engine) == CDPI_OK);
}

int main(int argc, char **argv)
{
    struct cdpi_options options = {
        .struct_size = sizeof options, .on_event = test_flow, .events = 1u << CDPI_EVENT_FINAL};
    struct cdpi *engine;
    CHECK(cdpi_open(&options, &engine, NULL) == CDPI_OK);
    for (int i = 1; i < argc; i++)
        read_capture(engine, argv[i]);
    CHECK(cdpi_close(engine) == CDPI_OK);
    CHECK(argc < 2 || streams > 0);
    printf("%u streams\n", streams);
    return CHECKS_END("confusion");
}
