/* SPDX-License-Identifier: MIT */
/* TCP as it comes in captures: data in the SYN, probes of closed windows, keep-alives, wrapping
 * numbers, ports used again, gaps, one direction alone; and who is the client. What is a few
 * segments only stands in stream_test.c. */
#include <string.h>

#include "support/check.h"
#include "support/packets.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
#define SECOND 1000000ull

static const char client_line[] = "SSH-2.0-client\r\n", server_line[] = "SSH-2.0-server\r\n";

struct run {
    struct cdpi *engine;
    struct ends ends;
    uint64_t time;
    unsigned begun, ended;
    struct cdpi_flow_info info; /* of the flow that ended last */
    struct cdpi_verdict verdict;
    char protocol[32];
};

static void hear(void *context, enum cdpi_event event, struct cdpi_flow *flow,
                 const struct cdpi_verdict *verdict)
{
    struct run *run = context;
    run->begun += event == CDPI_EVENT_NEW;
    if (event != CDPI_EVENT_ENDED)
        return;
    run->ended++;
    run->verdict = *verdict;
    cdpi_flow_info(flow, &run->info);
    snprintf(run->protocol, sizeof run->protocol, "%s",
             cdpi_protocol_name(run->engine, verdict->protocol));
}

static struct run begin(uint16_t client_port, uint16_t server_port)
{
    return (struct run){.ends = {{0xc0000201, 0xc0000202}, {client_port, server_port}, false},
                        .time = SECOND};
}

static void open_engine(struct run *run)
{
    struct cdpi_options options = {.struct_size = sizeof options,
                                   .hash_key = {1, 2},
                                   .on_event = hear,
                                   .on_event_context = run};
    CHECK(cdpi_open(&options, &run->engine, NULL) == CDPI_OK);
}

static void send_bytes(struct run *run, bool from_server, uint32_t sequence, uint8_t flags,
                       const void *bytes, size_t size)
{
    struct frame f;
    build_tcp(&f, &run->ends, from_server, sequence, flags, bytes, size);
    struct cdpi_frame frame = as_frame(&f, run->time);
    run->time += 1000;
    CHECK(cdpi_feed(run->engine, &frame, 1) == CDPI_OK);
}

static void send(struct run *run, bool from_server, uint32_t sequence, uint8_t flags,
                 const char *text)
{
    send_bytes(run, from_server, sequence, flags, text, strlen(text));
}

static void handshake(struct run *run, uint32_t client, uint32_t server)
{
    send(run, false, client, SYN, "");
    send(run, true, server, SYN | ACK, "");
    send(run, false, client + 1, ACK, "");
}

static void close_engine(struct run *run)
{
    CHECK(cdpi_flush(run->engine) == CDPI_OK);
    CHECK(cdpi_close(run->engine) == CDPI_OK);
}

static bool is_named(const struct run *run, const char *name, enum cdpi_confidence confidence)
{
    bool sound = strcmp(run->protocol, name) == 0 && run->verdict.confidence == confidence;
    if (!sound)
        printf("%s (%d), not %s (%d)\n", run->protocol, run->verdict.confidence, name, confidence);
    return sound;
}

/* RFC 7413: data stands one after the SYN's number; a server that does not take it gets it
 * again. */
static void data_in_the_syn(bool sent_again, unsigned cut)
{
    struct run run = begin(40000, 2222);
    char part[32] = "";
    open_engine(&run);
    memcpy(part, client_line, cut);
    send(&run, false, 100, SYN, part);
    if (sent_again)
        send(&run, false, 100, SYN, part);
    send(&run, true, 500, SYN | ACK, server_line); /* may answer with data at once */
    if (sent_again)
        send(&run, false, 101, ACK | PSH, client_line);
    else
        send(&run, false, 101 + cut, ACK | PSH, client_line + cut);
    close_engine(&run);
    CHECK(is_named(&run, "SSH", CDPI_CERTAIN) && run.begun == 1);
    CHECK(run.info.port[0] == 40000);
}

/* A closed window is probed with the next byte, again and again; then the rest comes, with it. */
static void probes_of_a_closed_window(void)
{
    struct run run = begin(40000, 2222);
    open_engine(&run);
    handshake(&run, 100, 500);
    for (unsigned i = 0; i < 40; i++) {
        send(&run, false, 101, ACK, "S");
        send(&run, true, 501, ACK, "");
    }
    send(&run, false, 101, ACK | PSH, client_line);
    send(&run, true, 501, ACK | PSH, server_line);
    close_engine(&run);
    CHECK(is_named(&run, "SSH", CDPI_CERTAIN));
}

/* RFC 9293 section 3.8.4: a keep-alive may carry one garbage byte, at the number before the next.
 * Where the capture joins with one, only a zero can be told from a stream's byte. */
static void keep_alives(bool from_syn)
{
    const char garbage[] = {from_syn ? 0x5a : 0};
    struct run run = begin(40000, 2222);
    open_engine(&run);
    if (from_syn)
        handshake(&run, 100, 500);
    for (unsigned i = 0; i < 12; i++) {
        send_bytes(&run, false, 100, ACK, garbage, 1);
        send_bytes(&run, true, 500, ACK, garbage, 1);
        send(&run, true, 500, ACK, "");
    }
    send(&run, true, 501, ACK | PSH, server_line);
    send_bytes(&run, true, 516, ACK, garbage, 1); /* over the last byte of the line */
    send(&run, false, 101, ACK | PSH, client_line);
    close_engine(&run);
    CHECK(is_named(&run, "SSH", CDPI_CERTAIN));
}

/* Numbers wrap within the head, on both sides, with pieces turned around. */
static void numbers_that_wrap(uint32_t first)
{
    struct run run = begin(40000, 2222);
    open_engine(&run);
    handshake(&run, first, first + 3);
    send(&run, false, first + 9, ACK | PSH, client_line + 8);
    send(&run, true, first + 12, ACK | PSH, server_line + 8);
    send(&run, false, first + 1, ACK, "SSH-2.0-");
    send(&run, true, first + 4, ACK, "SSH-2.0-");
    close_engine(&run);
    CHECK(is_named(&run, "SSH", CDPI_CERTAIN) && run.begun == 1);
}

/* ---- ports used again -------------------------------------------------------------------- */

static void a_talk(struct run *run, uint32_t sequence)
{
    handshake(run, sequence, sequence + 7);
    send(run, true, sequence + 8, ACK | PSH, server_line);
    send(run, false, sequence + 1, ACK | PSH, client_line);
}

static void finish(struct run *run, uint32_t sequence)
{
    send(run, false, sequence + 17, FIN | ACK, "");
    send(run, true, sequence + 24, FIN | ACK, "");
    send(run, false, sequence + 18, ACK, "");
}

static void after_the_end(bool by_reset, bool without_end)
{
    struct run run = begin(40000, 2222);
    open_engine(&run);
    a_talk(&run, 1000);
    if (by_reset)
        send(&run, true, 1024, RST, "");
    else if (!without_end)
        finish(&run, 1000);
    a_talk(&run, 90000);
    CHECK(run.begun == 2 && run.ended == 1 && is_named(&run, "SSH", CDPI_CERTAIN));
    CHECK(run.info.packets[0] + run.info.packets[1] == (by_reset ? 6u : without_end ? 5u : 8u));
    close_engine(&run);
    CHECK(run.ended == 2 && is_named(&run, "SSH", CDPI_CERTAIN));
    CHECK(run.info.packets[0] + run.info.packets[1] == 5);
}

/* The server of before opens the next one. */
static void roles_turned_around(void)
{
    struct run run = begin(40000, 40001);
    open_engine(&run);
    a_talk(&run, 1000);
    finish(&run, 1000);
    send(&run, true, 70000, SYN, "");
    send(&run, false, 80000, SYN | ACK, "");
    send(&run, false, 80001, ACK | PSH, server_line);
    send(&run, true, 70001, ACK | PSH, client_line);
    close_engine(&run);
    CHECK(run.begun == 2 && run.info.port[0] == 40001 && is_named(&run, "SSH", CDPI_CERTAIN));
}

/* Data in the SYN of the next one, RFC 7413, where nothing closed the one before. */
static void with_data_at_once(void)
{
    struct run run = begin(40000, 2222);
    open_engine(&run);
    a_talk(&run, 1000);
    send(&run, false, 60000, SYN, client_line);
    send(&run, true, 70000, SYN | ACK, "");
    send(&run, true, 70001, ACK | PSH, server_line);
    close_engine(&run);
    CHECK(run.begun == 2 && is_named(&run, "SSH", CDPI_CERTAIN));
}

/* ---- gaps -------------------------------------------------------------------------------- */

static const char request[] = "GET /index.html HTTP/1.1\r\nHost: example.net\r\n\r\n";
static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/* The first segment after the SYN is lost, and the stream goes on for long. */
static void a_lost_beginning(unsigned segments)
{
    struct run run = begin(40000, 8088);
    open_engine(&run);
    handshake(&run, 100, 500);
    uint32_t next = 101 + 700, answer = 501 + 900;
    for (unsigned i = 0; i < segments; i++) {
        send(&run, false, next, ACK | PSH, request);
        send(&run, true, answer, ACK | PSH, response);
        next += sizeof request - 1;
        answer += sizeof response - 1;
    }
    if (segments > 20)
        CHECK(cdpi_stats(run.engine).gaps_skipped > 0); /* without waiting for the end */
    close_engine(&run);
    CHECK(strcmp(run.protocol, "HTTP") == 0);
}

/* More is lost than a head holds. */
static void a_long_lost_beginning(void)
{
    struct run run = begin(40000, 8088);
    open_engine(&run);
    handshake(&run, 100, 500);
    uint32_t next = 100000, answer = 200000;
    for (unsigned i = 0; i < 24; i++) {
        send(&run, false, next, ACK | PSH, request);
        send(&run, true, answer, ACK | PSH, response);
        next += sizeof request - 1;
        answer += sizeof response - 1;
    }
    close_engine(&run);
    CHECK(strcmp(run.protocol, "HTTP") == 0);
}

/* Too little came before the gap to say anything. */
static void a_gap_in_the_middle(unsigned after)
{
    struct run run = begin(40000, 8088);
    open_engine(&run);
    handshake(&run, 100, 500);
    send(&run, false, 101, ACK, "GE");
    send(&run, true, 501, ACK, "HTT");
    uint32_t next = 101 + 300, answer = 501 + 300;
    for (unsigned i = 0; i < after; i++) {
        send(&run, false, next, ACK | PSH, request);
        send(&run, true, answer, ACK | PSH, response);
        next += sizeof request - 1;
        answer += sizeof response - 1;
    }
    close_engine(&run);
    CHECK(strcmp(run.protocol, "HTTP") == 0);
}

/* ---- one direction ----------------------------------------------------------------------- */

static void one_direction(bool from_server, bool with_syn)
{
    struct run run = begin(40000, 2222);
    open_engine(&run);
    if (with_syn)
        send(&run, from_server, 500, from_server ? SYN | ACK : SYN, "");
    send(&run, from_server, 501, ACK, "SSH-");
    send(&run, from_server, 505, ACK | PSH, from_server ? server_line + 4 : client_line + 4);
    close_engine(&run);
    CHECK(is_named(&run, "SSH", CDPI_LIKELY) && run.begun == 1);
    if (with_syn)
        CHECK(run.info.port[0] == 40000);
    CHECK(run.info.packets[0] == 0 || run.info.packets[1] == 0);
}

/* ---- who is the client ------------------------------------------------------------------- */

static uint16_t client_of(uint16_t port, uint16_t other_port, bool from_server, uint8_t flags)
{
    struct run run = begin(port, other_port);
    open_engine(&run);
    send(&run, from_server, 1, flags, "x");
    close_engine(&run);
    return run.info.port[0];
}

static void who_is_the_client(void)
{
    CHECK(client_of(22, 40000, false, SYN) == 22);          /* the SYN before the ports */
    CHECK(client_of(22, 40000, false, SYN | ACK) == 40000); /* its answer says the same */
    CHECK(client_of(40000, 22, true, SYN | ACK) == 40000);
    CHECK(client_of(40000, 443, true, ACK) == 40000); /* the well-known port serves */
    CHECK(client_of(40000, 443, false, ACK) == 40000);
    CHECK(client_of(40000, 3306, true, ACK) == 40000);  /* known to the catalog */
    CHECK(client_of(40000, 50001, true, ACK) == 50001); /* who spoke first */
    CHECK(client_of(80, 443, true, ACK) == 443);        /* two known ports say nothing */
    CHECK(client_of(40000, 40000, false, ACK) == 40000);
}

/* Counters by side. */
static void bytes_go_with_their_side(void)
{
    struct run run = begin(40000, 2222);
    open_engine(&run);
    handshake(&run, 100, 500);
    send(&run, true, 501, ACK | PSH, server_line);
    send(&run, false, 101, ACK | PSH, client_line);
    send(&run, false, 117, ACK | PSH, "0123456789");
    close_engine(&run);
    CHECK(run.info.packets[CDPI_CLIENT] == 4 && run.info.packets[CDPI_SERVER] == 2);
    CHECK(run.info.bytes[CDPI_CLIENT] == 4 * 54 + 16 + 10);
    CHECK(run.info.bytes[CDPI_SERVER] == 2 * 54 + 16);
}

int main(void)
{
    data_in_the_syn(false, 5);
    data_in_the_syn(false, 16);
    data_in_the_syn(true, 5);
    data_in_the_syn(true, 16);
    probes_of_a_closed_window();
    keep_alives(true);
    keep_alives(false);
    for (uint32_t first = 0xfffffff0; first != 8; first++)
        numbers_that_wrap(first);
    after_the_end(false, false);
    after_the_end(true, false);
    after_the_end(false, true);
    roles_turned_around();
    with_data_at_once();
    a_lost_beginning(3);
    a_lost_beginning(40);
    a_long_lost_beginning();
    a_gap_in_the_middle(3);
    a_gap_in_the_middle(40);
    one_direction(false, true);
    one_direction(true, true);
    one_direction(false, false);
    one_direction(true, false);
    who_is_the_client();
    bytes_go_with_their_side();
    return CHECKS_END("gaps");
}
