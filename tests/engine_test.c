/* SPDX-License-Identifier: MIT */
/* The engine by its public interface: flows, streams, verdicts, events, ends, budget. */
#include <cdpi/cdpi.h>
#include <stdlib.h>
#include <string.h>

#include "support/check.h"
#include "support/packets.h"

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
#define SECOND 1000000ull

/* What was heard of one run. */
struct log {
    struct cdpi *engine;
    unsigned events[6];
    char last_protocol[64];
    struct cdpi_verdict last;
    struct cdpi_flow_info ended;
    size_t head_at_final[2];
    unsigned busy;
};

static void listen(void *context, enum cdpi_event event, struct cdpi_flow *flow,
                   const struct cdpi_verdict *verdict)
{
    struct log *log = context;
    log->events[event]++;
    log->last = *verdict;
    snprintf(log->last_protocol, sizeof log->last_protocol, "%s",
             log->engine ? cdpi_protocol_name(log->engine, verdict->protocol) : "");
    if (event == CDPI_EVENT_ENDED)
        cdpi_flow_info(flow, &log->ended);
    if (event == CDPI_EVENT_FINAL) {
        const uint8_t *bytes;
        log->head_at_final[0] = cdpi_flow_head(flow, CDPI_CLIENT, &bytes);
        log->head_at_final[1] = cdpi_flow_head(flow, CDPI_SERVER, &bytes);
    }
    if (log->engine && cdpi_flush(log->engine) == CDPI_BUSY)
        log->busy++;
}

static struct cdpi *open_engine(struct log *log, struct cdpi_options options)
{
    struct cdpi *engine = NULL;
    struct cdpi_error error = {""};
    memset(log, 0, sizeof *log);
    options.struct_size = sizeof options;
    options.on_event = listen;
    options.on_event_context = log;
    if (cdpi_open(&options, &engine, &error) != CDPI_OK)
        printf("%s\n", error.text);
    log->engine = engine;
    return engine;
}

static const struct ends usual = {{0xc0000201, 0xc0000202}, {40000, 2222}, false};
static const char client_line[] = "SSH-2.0-client\r\n", server_line[] = "SSH-2.0-server\r\n";

static struct cdpi_flow *tcp(struct cdpi *engine, const struct ends *ends, bool from_server,
                             uint32_t sequence, uint8_t flags, const char *text, uint64_t time)
{
    struct frame f;
    struct cdpi_flow *flow = NULL;
    build_tcp(&f, ends, from_server, sequence, flags, text, strlen(text));
    struct cdpi_frame frame = as_frame(&f, time);
    if (cdpi_packet_flow(engine, &frame, &flow, NULL) != CDPI_OK)
        return NULL;
    return flow;
}

static bool is_ssh(struct cdpi *engine, struct cdpi_flow *flow)
{
    return strcmp(cdpi_protocol_name(engine, cdpi_classify(engine, flow).protocol), "SSH") == 0;
}

static void a_flow_from_syn_to_fin(bool is_v6)
{
    struct log log;
    struct cdpi *e = open_engine(&log, (struct cdpi_options){0});
    struct ends ends = usual;
    ends.is_v6 = is_v6;
    struct cdpi_flow *flow = tcp(e, &ends, false, 1000, SYN, "", 1 * SECOND);
    CHECK(flow && cdpi_classify(e, flow).state == CDPI_INSPECTING);
    cdpi_flow_set_user(flow, 42);
    uint64_t id = cdpi_flow_id(flow);
    CHECK(id > 0 && id < 1ull << 53);
    tcp(e, &ends, true, 5000, SYN | ACK, "", 1 * SECOND + 10);
    flow = tcp(e, &ends, true, 5001, ACK, server_line, 1 * SECOND + 20);
    CHECK(is_ssh(e, flow) && cdpi_classify(e, flow).confidence == CDPI_LIKELY);
    CHECK(cdpi_classify(e, flow).state == CDPI_PARTIAL);
    flow = tcp(e, &ends, false, 1001, ACK, client_line, 1 * SECOND + 30);
    struct cdpi_verdict v = cdpi_classify(e, flow);
    CHECK(is_ssh(e, flow) && v.confidence == CDPI_CERTAIN && v.state == CDPI_FINAL);
    CHECK(strcmp(v.source, "own") == 0 && strcmp(v.evidence.rule, "identification string") == 0);
    CHECK(v.evidence.packet == 2);
    CHECK(cdpi_flow_user(flow) == 42 && cdpi_flow_id(flow) == id);
    CHECK(log.head_at_final[0] == strlen(client_line) &&
          log.head_at_final[1] == strlen(server_line));
    tcp(e, &ends, false, 1001 + 16, FIN | ACK, "", 2 * SECOND);
    tcp(e, &ends, true, 5001 + 16, FIN | ACK, "", 2 * SECOND);
    CHECK(log.events[CDPI_EVENT_ENDED] == 0); /* it lingers */
    CHECK(cdpi_flush(e) == CDPI_OK);
    CHECK(log.events[CDPI_EVENT_ENDED] == 1 && log.ended.end_reason == CDPI_ENDED_CLOSED);
    CHECK(log.ended.packets[0] == 3 && log.ended.packets[1] == 3);
    CHECK(log.ended.port[0] == 40000 && log.ended.port[1] == 2222);
    CHECK(log.ended.ip_version == (is_v6 ? 6 : 4));
    CHECK(log.ended.start == SECOND * 1000 && log.ended.end == 2 * SECOND * 1000);
    CHECK(log.events[CDPI_EVENT_NEW] == 1 && log.events[CDPI_EVENT_CLASSIFIED] == 1);
    CHECK(log.events[CDPI_EVENT_FINAL] == 1 && log.events[CDPI_EVENT_GAVE_UP] == 0);
    CHECK(log.busy ==
          log.events[0] + log.events[1] + log.events[2] + log.events[3] + log.events[5]);
    CHECK(cdpi_close(e) == CDPI_OK);
}

/* Bytes of a line in segments, in an order given by offsets. */
static void segments_in_any_order(void)
{
    static const unsigned orders[][4] = {
        {0, 4, 8, 12}, {12, 8, 4, 0}, {4, 0, 12, 8}, {8, 12, 0, 4}};
    for (size_t k = 0; k < 4; k++) {
        struct log log;
        struct cdpi *e = open_engine(&log, (struct cdpi_options){0});
        struct cdpi_flow *flow = NULL;
        tcp(e, &usual, false, 0xfffffff8, SYN, "", SECOND); /* wraps around inside the line */
        for (unsigned i = 0; i < 4; i++) {
            char part[7] = "";
            memcpy(part, client_line + orders[k][i],
                   orders[k][i] + 6 <= 16 ? 6 : 4); /* overlapping */
            flow = tcp(e, &usual, false, 0xfffffff9 + orders[k][i], ACK, part, SECOND + i);
            flow =
                tcp(e, &usual, false, 0xfffffff9 + orders[k][i], ACK, part, SECOND + i); /* again */
        }
        CHECK(flow && is_ssh(e, flow));
        CHECK(cdpi_close(e) == CDPI_OK);
    }
}

/* The server's second segment comes before its first; the client's verdict does not end the
 * wait. */
static void a_beginning_that_comes_late(void)
{
    struct log log;
    struct cdpi *e = open_engine(&log, (struct cdpi_options){0});
    tcp(e, &usual, false, 100, SYN, "", SECOND);
    tcp(e, &usual, true, 500, SYN | ACK, "", SECOND);
    tcp(e, &usual, false, 101, ACK, client_line, SECOND + 1);
    tcp(e, &usual, true, 509, ACK, server_line + 8, SECOND + 2);
    struct cdpi_flow *flow = tcp(e, &usual, true, 501, ACK, "SSH-2.0-", SECOND + 3);
    CHECK(flow && is_ssh(e, flow) && cdpi_classify(e, flow).confidence == CDPI_CERTAIN);
    CHECK(cdpi_close(e) == CDPI_OK);
}

static const char *then_of(struct cdpi *e, const struct cdpi_flow *flow)
{
    cdpi_protocol_id then = cdpi_classify(e, flow).then;
    return then ? cdpi_protocol_name(e, then) : "";
}

/* A tunnel through a proxy: the verdict stays HTTP, what is inside is told beside it. */
static void a_tunnel_by_connect(void)
{
    struct log log;
    static const char ask[] = "CONNECT example.net:22 HTTP/1.1\r\nHost: example.net:22\r\n\r\n";
    struct cdpi *e = open_engine(&log, (struct cdpi_options){0});
    tcp(e, &usual, false, 0, SYN, "", SECOND);
    tcp(e, &usual, false, 1, ACK, ask, SECOND + 1);
    struct cdpi_flow *flow =
        tcp(e, &usual, true, 1, ACK, "HTTP/1.1 200 Connection established\r\n\r\n", SECOND + 2);
    CHECK(flow && *then_of(e, flow) == '\0');
    flow = tcp(e, &usual, true, 40, ACK, server_line, SECOND + 3);
    CHECK(flow && strcmp(then_of(e, flow), "SSH") == 0);
    CHECK(strcmp(cdpi_protocol_name(e, cdpi_classify(e, flow).protocol), "HTTP") == 0);
    CHECK(log.events[CDPI_EVENT_CHANGED] == 1);
    flow = tcp(e, &usual, false, 90, ACK, "GET / HTTP/1.1\r\n\r\n", SECOND + 4);
    CHECK(flow && strcmp(then_of(e, flow), "SSH") == 0); /* once */
    CHECK(cdpi_close(e) == CDPI_OK);
}

/* The capture joined within a message; the next segment begins one. */
static void a_message_that_begins_later(bool from_server)
{
    static const char tail[] = "\x99\x01\xc8\x02\xfe\x03\x99\x04\xc8\x05\xfe\x06\x99\x07\xc8\x0e"
                               "\x99\x01\xc8\x02\xfe\x03\x99\x04\xc8\x05\xfe\x06\x99\x07\xc8\x0e";
    struct log log;
    struct cdpi *e = open_engine(&log, (struct cdpi_options){0});
    struct cdpi_flow *flow = tcp(e, &usual, from_server, 100, ACK, tail, SECOND);
    CHECK(flow && cdpi_classify(e, flow).protocol == CDPI_NO_PROTOCOL);
    flow = tcp(e, &usual, from_server, 100 + sizeof tail - 1, ACK, server_line, SECOND + 1);
    CHECK(flow && is_ssh(e, flow) && cdpi_classify(e, flow).confidence == CDPI_LIKELY);
    CHECK(cdpi_close(e) == CDPI_OK);
}

/* A refused tunnel is plain HTTP. */
static void a_tunnel_refused(void)
{
    struct log log;
    struct cdpi *e = open_engine(&log, (struct cdpi_options){0});
    tcp(e, &usual, false, 0, SYN, "", SECOND);
    tcp(e, &usual, false, 1, ACK, "CONNECT example.net:22 HTTP/1.1\r\n\r\n", SECOND + 1);
    tcp(e, &usual, true, 1, ACK, "HTTP/1.1 403 Forbidden\r\n\r\n", SECOND + 2);
    struct cdpi_flow *flow = tcp(e, &usual, true, 30, ACK, server_line, SECOND + 3);
    CHECK(flow && *then_of(e, flow) == '\0');
    CHECK(cdpi_close(e) == CDPI_OK);
}

/* FTP tells where its data will be; another port is not believed to be that. */
static void data_that_is_announced(void)
{
    static const struct ends control = {{0xc0000201, 0xc0000202}, {40000, 21}, false};
    static const struct ends data = {{0xc0000201, 0xc0000202}, {40001, 50001}, false};
    static const struct ends other = {{0xc0000201, 0xc0000202}, {40002, 50002}, false};
    struct log log;
    struct cdpi *e = open_engine(&log, (struct cdpi_options){0});
    tcp(e, &control, false, 0, SYN, "", SECOND);
    tcp(e, &control, true, 1, ACK, "220 FTP server ready\r\n", SECOND + 1);
    tcp(e, &control, false, 1, ACK, "USER anonymous\r\n", SECOND + 2);
    tcp(e, &control, true, 23, ACK, "331 Password please\r\n", SECOND + 3);
    tcp(e, &control, false, 17, ACK, "PASV\r\n", SECOND + 4);
    tcp(e, &control, true, 44, ACK, "227 Entering Passive Mode (192,0,2,2,195,81).\r\n",
        SECOND + 5);
    struct cdpi_flow *flow = tcp(e, &data, false, 0, SYN, "", SECOND + 6);
    struct cdpi_verdict v = flow ? cdpi_classify(e, flow) : (struct cdpi_verdict){0};
    CHECK(v.protocol && strcmp(cdpi_protocol_name(e, v.protocol), "FTP-DATA") == 0);
    CHECK(v.confidence == CDPI_LIKELY && strncmp(v.evidence.rule, "announced by flow ", 18) == 0);
    flow = tcp(e, &other, false, 0, SYN, "", SECOND + 7);
    CHECK(flow && cdpi_classify(e, flow).protocol == 0);
    flow = tcp(e, &data, false, 900, SYN, "", 500 * SECOND); /* later than it was good for */
    CHECK(flow && cdpi_classify(e, flow).protocol == 0);
    CHECK(cdpi_close(e) == CDPI_OK);
}

/* Zeros that pad a bare acknowledgement are not the stream's first bytes. */
static void padding_is_no_payload(void)
{
    struct frame f;
    struct log log;
    struct cdpi_flow *flow = NULL;
    struct cdpi *e = open_engine(&log, (struct cdpi_options){0});
    tcp(e, &usual, false, 100, SYN, "", SECOND);
    build_tcp(&f, &usual, false, 101, ACK, "\0\0\0\0\0", 6);
    struct cdpi_frame frame = as_frame(&f, SECOND + 1);
    CHECK(cdpi_packet_flow(e, &frame, &flow, NULL) == CDPI_OK);
    flow = tcp(e, &usual, false, 101, ACK, client_line, SECOND + 2);
    CHECK(flow && is_ssh(e, flow));
    CHECK(cdpi_close(e) == CDPI_OK);
}

static void ports_used_again(void)
{
    struct log log;
    struct cdpi *e = open_engine(&log, (struct cdpi_options){0});
    tcp(e, &usual, false, 1000, SYN, "", SECOND);
    tcp(e, &usual, false, 1000, SYN, "", SECOND + 1); /* retransmitted */
    CHECK(log.events[CDPI_EVENT_NEW] == 1);
    tcp(e, &usual, false, 9000, SYN, "", SECOND + 2);
    CHECK(log.events[CDPI_EVENT_NEW] == 2 && log.ended.end_reason == CDPI_ENDED_REUSED);
    tcp(e, &usual, true, 1, RST, "", 3 * SECOND);
    tcp(e, &usual, true, 1, RST, "", 4 * SECOND); /* absorbed */
    CHECK(log.events[CDPI_EVENT_NEW] == 2);
    tcp(e, &usual, true, 1, ACK, "", 30 * SECOND); /* later than it lingers */
    CHECK(log.events[CDPI_EVENT_NEW] == 3 && log.ended.end_reason == CDPI_ENDED_CLOSED);
    tcp(e, &usual, true, 1, ACK, "", 400 * SECOND);
    CHECK(log.events[CDPI_EVENT_NEW] == 4 && log.ended.end_reason == CDPI_ENDED_IDLE);
    CHECK(cdpi_close(e) == CDPI_OK);
    e = open_engine(&log, (struct cdpi_options){.active_timeout = 10, .idle_timeout = -1});
    tcp(e, &usual, false, 1, ACK, "", SECOND);
    tcp(e, &usual, false, 1, ACK, "", 8 * SECOND);
    tcp(e, &usual, false, 1, ACK, "", 12 * SECOND);
    CHECK(log.ended.end_reason == CDPI_ENDED_ACTIVE && log.events[CDPI_EVENT_NEW] == 2);
    CHECK(cdpi_close(e) == CDPI_OK);
}

static void the_client_is_found(void)
{
    struct log log;
    struct cdpi *e = open_engine(&log, (struct cdpi_options){0});
    struct cdpi_flow_info info;
    cdpi_flow_info(tcp(e, &usual, true, 1, SYN | ACK, "", SECOND), &info);
    CHECK(info.port[0] == 40000); /* the SYN/ACK's receiver */
    struct ends low = {{0xc0000201, 0xc0000202}, {40001, 22}, false};
    cdpi_flow_info(tcp(e, &low, true, 1, ACK, "x", SECOND), &info);
    CHECK(info.port[1] == 22); /* the well-known port's side serves */
    struct ends none = {{0xc0000201, 0xc0000202}, {40001, 50001}, false};
    cdpi_flow_info(tcp(e, &none, true, 1, ACK, "x", SECOND), &info);
    CHECK(info.port[0] == 50001); /* who spoke first */
    CHECK(cdpi_close(e) == CDPI_OK);
}

static void one_side_is_not_believed(void)
{
    struct log log;
    struct cdpi *e = open_engine(&log, (struct cdpi_options){0});
    tcp(e, &usual, false, 1000, SYN, "", SECOND);
    tcp(e, &usual, true, 5000, SYN | ACK, "", SECOND);
    struct cdpi_flow *flow = tcp(e, &usual, false, 1001, ACK, client_line, SECOND);
    CHECK(is_ssh(e, flow));
    flow = tcp(e, &usual, true, 5001, ACK, "\x01\x02 no line of text\r\n", SECOND);
    CHECK(!is_ssh(e, flow) && log.events[CDPI_EVENT_CHANGED] == 1);
    CHECK(cdpi_close(e) == CDPI_OK);
    e = open_engine(&log, (struct cdpi_options){0});
    tcp(e, &usual, false, 1000, SYN, "", SECOND);
    tcp(e, &usual, true, 5000, SYN | ACK, "", SECOND);
    tcp(e, &usual, false, 1001, ACK, "\x81junk of no protocol", SECOND);
    flow = tcp(e, &usual, true, 5001, ACK, server_line, SECOND);
    struct cdpi_verdict v = cdpi_classify(e, flow);
    CHECK(is_ssh(e, flow) && v.confidence == CDPI_LIKELY && v.side[CDPI_CLIENT] == 0 &&
          v.side[CDPI_SERVER] == v.protocol);
    CHECK(cdpi_close(e) == CDPI_OK);
}

static void the_budget_holds(void)
{
    struct log log;
    struct cdpi *e = open_engine(&log, (struct cdpi_options){.memory_budget = 8 << 20});
    CHECK(e != NULL);
    if (!e)
        return;
    for (uint32_t i = 0; i < 200000; i++) {
        struct ends ends = {{0x0a000000 + i, 0xc0000202}, {(uint16_t)(1024 + i % 60000), 9}, false};
        struct frame f;
        build_udp(&f, &ends, false, "\x01\x02nothing known", 15);
        struct cdpi_frame frame = as_frame(&f, SECOND + i);
        CHECK(cdpi_feed(e, &frame, 1) == CDPI_OK);
    }
    struct cdpi_stats s = cdpi_stats(e);
    CHECK(s.flows == 200000 && s.flows_evicted > 0 && s.heads_forced > 0);
    CHECK(s.memory_peak <= s.memory_budget && s.flows_active + s.flows_evicted == s.flows);
    CHECK(cdpi_flush(e) == CDPI_OK);
    s = cdpi_stats(e);
    CHECK(s.flows_active == 0 && log.events[CDPI_EVENT_ENDED] == 200000);
    CHECK(s.verdicts_none == 200000);
    CHECK(cdpi_close(e) == CDPI_OK);
    struct cdpi_options small = {.struct_size = sizeof small, .memory_budget = 1000};
    struct cdpi_error error;
    CHECK(cdpi_open(&small, &e, &error) == CDPI_BAD_ARGUMENT && e == NULL);
    CHECK(strstr(error.text, "memory_budget") != NULL);
}

struct counted {
    size_t now, calls;
};

static void *counted_alloc(void *context, size_t size, size_t align)
{
    struct counted *c = context;
    c->now += size;
    c->calls++;
    return aligned_alloc(align, (size + align - 1) & ~(align - 1));
}

static void counted_release(void *context, void *memory, size_t size)
{
    ((struct counted *)context)->now -= size;
    free(memory);
}

static void a_callers_allocator(void)
{
    struct log log;
    struct counted counted = {0, 0};
    struct cdpi_allocator allocator = {counted_alloc, counted_release, &counted};
    struct cdpi *e = open_engine(&log, (struct cdpi_options){.allocator = &allocator});
    CHECK(counted.now == cdpi_stats(e).memory_now);
    tcp(e, &usual, false, 1000, ACK, client_line, SECOND);
    size_t calls = counted.calls;
    for (uint32_t i = 0; i < 1000; i++)
        tcp(e, &usual, false, 1000, ACK, "SSH-", SECOND + i);
    CHECK(counted.calls == calls);
    CHECK(cdpi_close(e) == CDPI_OK);
    CHECK(counted.now == 0);
}

static void bytes_without_packets(void)
{
    struct log log;
    struct cdpi *e = open_engine(&log, (struct cdpi_options){.modules = "own,port"});
    struct cdpi_verdict v;
    CHECK(cdpi_inspect(e, 6, 40000, 22, NULL, 0, server_line, strlen(server_line), &v) == CDPI_OK);
    CHECK(strcmp(cdpi_protocol_name(e, v.protocol), "SSH") == 0 && v.confidence == CDPI_LIKELY);
    CHECK(strcmp(cdpi_protocol_name(e, v.guess), "SSH") == 0);
    CHECK(cdpi_inspect(e, 6, 40000, 2222, client_line, strlen(client_line), server_line,
                       strlen(server_line), &v) == CDPI_OK);
    CHECK(v.confidence == CDPI_CERTAIN && v.state == CDPI_FINAL && v.guess == 0);
    CHECK(cdpi_inspect(e, 1, 8, 0, NULL, 0, NULL, 0, &v) == CDPI_OK);
    CHECK(strcmp(cdpi_protocol_name(e, v.protocol), "ICMP") == 0);
    CHECK(cdpi_close(e) == CDPI_OK);
}

static void modules_that_are_not_there(void)
{
    struct cdpi *e;
    struct cdpi_error error;
    struct cdpi_options o = {.struct_size = sizeof o, .modules = "own,nosuch"};
    CHECK(cdpi_open(&o, &e, &error) == CDPI_NO_MODULE && strstr(error.text, "nosuch"));
    o.modules = "own,own";
    CHECK(cdpi_open(&o, &e, &error) == CDPI_BAD_ARGUMENT);
    o.modules = "own,,port";
    CHECK(cdpi_open(&o, &e, &error) == CDPI_BAD_ARGUMENT);
}

static void tables_grow_and_shrink_right(void)
{
    struct log log;
    struct cdpi *e = open_engine(&log, (struct cdpi_options){.idle_timeout = 10});
    for (unsigned round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 50000; i++) {
            struct ends ends = {{0x0a000000 + i, 0xc0000202}, {5000, 80}, i & 1};
            struct cdpi_flow *flow = tcp(e, &ends, false, 7, round ? ACK : SYN, "", SECOND + round);
            if (round == 0)
                cdpi_flow_set_user(flow, i + 1);
            else if (cdpi_flow_user(flow) != i + 1)
                CHECK(cdpi_flow_user(flow) == i + 1);
        }
    }
    CHECK(log.events[CDPI_EVENT_NEW] == 50000 && cdpi_stats(e).flows_active == 50000);
    for (unsigned k = 0; k < 400; k++) /* time goes on: sweeps empty the table */
        tcp(e, &usual, false, 7, ACK, "", (20 + k) * SECOND);
    CHECK(cdpi_stats(e).flows_active == 1);
    CHECK(log.events[CDPI_EVENT_ENDED] == 50000);
    CHECK(cdpi_close(e) == CDPI_OK);
}

/* A heartbeat (RFC 9260 section 3.3.5) carries nothing that could be named: SCTP it is. */
static void sctp_that_carries_nothing(void)
{
    static const uint8_t packet[] = {0x45, 0, 0,   40, 0, 0, 0, 0, 64,   132,  0, 0, 192, 0,
                                     2,    1, 192, 0,  2, 2, 9, 1, 0x0b, 0x59, 1, 2, 3,   4,
                                     0,    0, 0,   0,  4, 0, 0, 8, 0,    1,    0, 4};
    struct log log;
    struct cdpi *e = open_engine(&log, (struct cdpi_options){0});
    struct cdpi_flow *flow = NULL;
    struct cdpi_frame frame = {.data = packet,
                               .captured = sizeof packet,
                               .length = sizeof packet,
                               .time = SECOND,
                               .link_type = 101};
    CHECK(cdpi_packet_flow(e, &frame, &flow, NULL) == CDPI_OK);
    struct cdpi_verdict v = cdpi_classify(e, flow);
    CHECK(strcmp(cdpi_protocol_name(e, v.protocol), "SCTP") == 0);
    CHECK(v.confidence == CDPI_CERTAIN && v.state == CDPI_PARTIAL);
    CHECK(cdpi_close(e) == CDPI_OK);
}

int main(void)
{
    sctp_that_carries_nothing();
    a_message_that_begins_later(false);
    a_message_that_begins_later(true);
    a_flow_from_syn_to_fin(false);
    a_flow_from_syn_to_fin(true);
    segments_in_any_order();
    a_beginning_that_comes_late();
    a_tunnel_by_connect();
    a_tunnel_refused();
    data_that_is_announced();
    padding_is_no_payload();
    ports_used_again();
    the_client_is_found();
    one_side_is_not_believed();
    the_budget_holds();
    a_callers_allocator();
    bytes_without_packets();
    modules_that_are_not_there();
    tables_grow_and_shrink_right();
    return CHECKS_END("engine");
}
