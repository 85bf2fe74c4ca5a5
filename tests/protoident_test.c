/* SPDX-License-Identifier: MIT */
/*
 * The module protoident: what it fills, by hand; and the whole module over the stand-in library, by
 * way of an engine.   protoident_test FOLDER|- [FOLDER]    where the module is that was built over
 * the stand-in, and where that over the library is
 */
#include <cdpi/cdpi.h>
#include <string.h>

#include "protoident/fill.h"
#include "support/check.h"
#include "support/packets.h"

#define SECOND 1000000ull

static void filled_by_hand(void)
{
    struct protoident_input in;
    struct cdpi_module_flow flow = {.struct_size = sizeof flow,
                                    .ip_version = 4,
                                    .ip_protocol = 6,
                                    .syn_seen = {true, false},
                                    .port = {40000, 80},
                                    .address = {{192, 0, 2, 1}, {192, 0, 2, 2}},
                                    .head = {(const uint8_t *)"GET / HTTP", (const uint8_t *)"OK+"},
                                    .head_size = {10, 3},
                                    .first_payload = {10, 3},
                                    .first_captured = {10, 2},
                                    .sequence = {1001, 5001},
                                    .payload_bytes = {10, 3}};
    protoident_fill(&flow, &in);
    CHECK(memcmp(&in.payload[0], "GET ", 4) == 0 && memcmp(&in.payload[1], "OK\0\0", 4) == 0);
    CHECK(in.payload_len[0] == 10 && in.payload_len[1] == 3);
    CHECK(in.seen_syn[0] && in.seen_syn[1] && in.seqno[0] == 1001 && in.seqno[1] == 5001);
    CHECK(in.observed[0] == 10 && in.observed[1] == 3 && in.trans_proto == 6);
    CHECK(in.server_port == 80 && in.client_port == 40000);
    CHECK(memcmp(&in.ips[0], "\xc0\x00\x02\x01", 4) == 0);
    CHECK(memcmp(&in.ips[1], "\xc0\x00\x02\x02", 4) == 0);
    flow.ip_protocol = 17; /* what only TCP has stays away */
    protoident_fill(&flow, &in);
    CHECK(in.trans_proto == 17 && !in.seen_syn[0] && in.seqno[0] == 0);
    CHECK(memcmp(&in.payload[0], "GET ", 4) == 0 && in.payload_len[0] == 10);
    flow.ip_protocol = 6;
    flow.ip_version = 6;
    flow.head_size[1] = flow.first_payload[1] = flow.first_captured[1] = 0;
    protoident_fill(&flow, &in);
    CHECK(in.ips[0] == 0 && in.payload[1] == 0 && in.payload_len[1] == 0 && !in.seen_syn[1]);
}

static void what_says_nothing(void)
{
    CHECK(protoident_knows_not("Unknown_TCP") && protoident_knows_not("Unknown_UDP"));
    CHECK(protoident_knows_not("Unsupported") && protoident_knows_not("No_Payload"));
    CHECK(protoident_knows_not("Mystery_9000") && protoident_knows_not(NULL));
    CHECK(!protoident_knows_not("HTTP") && !protoident_knows_not("Invalid_BT"));
}

/* ---- over the stand-in ------------------------------------------------------------------- */

static struct cdpi_verdict ask(struct cdpi *e, const char *client, const char *server,
                               uint16_t port)
{
    struct ends ends = {{0xc0000201, 0xc0000202}, {port, 8000}, false};
    struct cdpi_flow *flow = NULL;
    struct frame f;
    for (unsigned side = 0; side < 2; side++) {
        const char *text = side ? server : client;
        if (!*text)
            continue;
        build_tcp(&f, &ends, side == 1, 1, 16, text, strlen(text));
        struct cdpi_frame frame = as_frame(&f, SECOND);
        CHECK(cdpi_packet_flow(e, &frame, &flow, NULL) == CDPI_OK);
    }
    return cdpi_conclude(e, flow);
}

static void over_the_standin(const char *folder)
{
    struct cdpi_options options = {
        .struct_size = sizeof options, .modules = "protoident", .module_path = folder};
    struct cdpi *e, *second;
    struct cdpi_error error = {""};
    CHECK(cdpi_open(&options, &e, &error) == CDPI_OK);
    CHECK(cdpi_open(&options, &second, &error) == CDPI_OK); /* one library, two instances */
    if (!e || !second) {
        printf("%s\n", error.text);
        return;
    }
    cdpi_close(second);
    struct cdpi_verdict v = ask(e, "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", 40000);
    CHECK(strcmp(cdpi_protocol_name(e, v.protocol), "HTTP") == 0 && v.confidence == CDPI_LIKELY);
    CHECK(strcmp(v.source, "protoident") == 0 && strcmp(v.evidence.rule, "category Web") == 0);
    CHECK(ask(e, "GET / HTTP/1.1\r\n\r\n", "", 40001).state == CDPI_GAVE_UP);
    v = ask(e, "NC", "", 40002);
    CHECK(strcmp(cdpi_protocol_name(e, v.protocol), "protoident:NCSoft_New") == 0);
    CHECK(cdpi_protocol_by_name(e, "protoident:NULL") == CDPI_NO_PROTOCOL);
    cdpi_close(e);
}

/* ---- over the library itself ------------------------------------------------------------- */

static void answers_as(struct cdpi *e, const char *client, const char *server, uint16_t port,
                       const char *expected)
{
    struct cdpi_verdict v = ask(e, client, server, port);
    const char *name = cdpi_protocol_name(e, v.protocol);
    CHECK(strcmp(name, expected) == 0 && v.confidence == CDPI_LIKELY);
    if (strcmp(name, expected) != 0)
        printf("libprotoident says %s, want %s\n", name, expected);
}

static void over_the_library(const char *folder)
{
    struct cdpi_options options = {
        .struct_size = sizeof options, .modules = "protoident", .module_path = folder};
    for (unsigned round = 0; round < 2; round++) { /* its one state is made again */
        struct cdpi *e;
        struct cdpi_error error = {""};
        CHECK(cdpi_open(&options, &e, &error) == CDPI_OK);
        if (!e) {
            printf("%s\n", error.text);
            return;
        }
        answers_as(e, "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", 40000, "HTTP");
        answers_as(e, "SSH-2.0-a\r\n", "SSH-2.0-b\r\n", 40001, "SSH");
        CHECK(ask(e, "\x01\x7fzq", "\x02\x7fzq", 40002).protocol == 0);
        cdpi_close(e);
    }
}

int main(int argc, char **argv)
{
    filled_by_hand();
    what_says_nothing();
    if (argc > 1 && strcmp(argv[1], "-") != 0)
        over_the_standin(argv[1]);
    else
        printf("SKIP protoident over the stand-in: there is no C++ compiler\n");
    if (argc > 2)
        over_the_library(argv[2]);
    else
        printf("SKIP protoident over libprotoident: it is not installed\n");
    return CHECKS_END("protoident");
}
