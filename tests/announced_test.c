/* SPDX-License-Identifier: MIT */
/* Flows that others announce: named `likely`, by that, within a time, and no other flow is. */
#include <string.h>

#include "support/check.h"
#include "support/packets.h"

enum { SYN = 2, PSH = 8, ACK = 16, GRE = 47 };
#define SECOND 1000000ull

struct run {
    struct cdpi *engine;
    uint64_t time;
    uint32_t next[2]; /* sequence numbers of the control flow */
    uint32_t data_flows;
};

static const uint32_t client = 0xc0000201, server = 0xc0000202;

static struct run open_engine(void)
{
    struct cdpi_options options = {.struct_size = sizeof options, .hash_key = {1, 2}};
    struct run run = {.time = SECOND, .next = {1, 1}};
    CHECK(cdpi_open(&options, &run.engine, NULL) == CDPI_OK);
    return run;
}

static struct cdpi_flow *feed(struct run *run, const struct frame *f)
{
    struct cdpi_frame frame = as_frame(f, run->time);
    struct cdpi_flow *flow = NULL;
    run->time += 1000;
    CHECK(cdpi_packet_flow(run->engine, &frame, &flow, NULL) == CDPI_OK);
    return flow;
}

/* A message of a control flow on TCP, after its SYN. */
static struct cdpi_flow *say(struct run *run, uint16_t port, bool from_server, const void *bytes,
                             size_t size)
{
    struct ends ends = {{client, server}, {40000, port}, false};
    struct frame f;
    if (run->next[0] == 1 && run->next[1] == 1) {
        build_tcp(&f, &ends, false, 0, SYN, "", 0);
        feed(run, &f);
    }
    build_tcp(&f, &ends, from_server, run->next[from_server], PSH | ACK, bytes, size);
    run->next[from_server] += (uint32_t)size;
    return feed(run, &f);
}

#define SAY(run, port, from_server, text) say(run, port, from_server, text, sizeof(text) - 1)

static struct cdpi_flow *datagram(struct run *run, uint32_t from, uint16_t from_port, uint32_t to,
                                  uint16_t to_port, const void *bytes, size_t size)
{
    struct ends ends = {{from, to}, {from_port, to_port}, false};
    struct frame f;
    build_udp(&f, &ends, false, bytes, size);
    return feed(run, &f);
}

static bool is_named(const struct run *run, const struct cdpi_flow *flow, const char *name)
{
    return flow &&
           strcmp(cdpi_protocol_name(run->engine, cdpi_classify(run->engine, flow).protocol),
                  name) == 0;
}

static bool is_announced(const struct run *run, const struct cdpi_flow *flow, const char *name)
{
    if (!flow)
        return false;
    struct cdpi_verdict v = cdpi_classify(run->engine, flow);
    bool sound = is_named(run, flow, name) && v.confidence == CDPI_LIKELY &&
                 strncmp(v.evidence.rule, "announced by flow ", 18) == 0;
    if (!sound)
        printf("%s %d \"%s\", not %s\n", cdpi_protocol_name(run->engine, v.protocol), v.confidence,
               v.evidence.rule, name);
    return sound;
}

static void close_engine(struct run *run)
{
    CHECK(cdpi_close(run->engine) == CDPI_OK);
}

static const char media[] = "\x80\x60\x12\x34\x00\x00\x00\xa0\x11\x22\x33\x44payload";

/* ---- SIP and RTSP ------------------------------------------------------------------------ */

static void sip(const char *body, uint32_t at, uint16_t port, uint16_t control_port)
{
    struct run run = open_engine();
    char text[1024];
    int size = snprintf(text, sizeof text,
                        "INVITE sip:b@example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n"
                        "From: <sip:a@example.net>;tag=1\r\nTo: <sip:b@example.net>\r\n"
                        "Call-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n\r\n"
                        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n%s",
                        body);
    struct cdpi_flow *flow = datagram(&run, client, 5060, server, 5060, text, (size_t)size);
    CHECK(is_named(&run, flow, "SIP"));
    datagram(&run, server, 5060, client, 5060, "SIP/2.0 100 Trying\r\nCSeq: 1 INVITE\r\n\r\n", 38);
    CHECK(is_announced(&run, datagram(&run, server, 30000, at, port, media, sizeof media - 1),
                       "RTP"));
    CHECK(is_announced(
        &run, datagram(&run, at, control_port, server, 30001, "\x80\xc9\0\1\1\2\3\4", 8), "RTCP"));
    CHECK(!is_named(&run, datagram(&run, server, 30000, at, (uint16_t)(port + 8), "\x80\x60", 2),
                    "RTP"));
    close_engine(&run);
}

static void rtsp(void)
{
    struct run run = open_engine();
    SAY(&run, 8554, false,
        "SETUP rtsp://192.0.2.2/a/streamid=0 RTSP/1.0\r\nCSeq: 3\r\n"
        "Transport: RTP/AVP;unicast;client_port=5000-5001\r\n\r\n");
    SAY(&run, 8554, true,
        "RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: 7\r\n"
        "Transport: RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001\r\n\r\n");
    CHECK(is_announced(&run, datagram(&run, server, 7000, client, 5000, media, sizeof media - 1),
                       "RTP"));
    CHECK(is_announced(&run, datagram(&run, client, 5055, server, 6001, "\x80\xc9\0\1\1\2\3\4", 8),
                       "RTCP"));
    SAY(&run, 8554, true,
        "RTSP/1.0 200 OK\r\nCSeq: 4\r\nSession: 7\r\n"
        "Transport: RTP/AVP;multicast;destination=239.1.2.3;port=7002-7003;ttl=1\r\n\r\n");
    CHECK(is_announced(
        &run, datagram(&run, server, 7100, 0xef010203, 7002, media, sizeof media - 1), "RTP"));
    close_engine(&run);
}

/* ---- TFTP -------------------------------------------------------------------------------- */

static void tftp(void)
{
    struct run run = open_engine();
    datagram(&run, client, 40000, server, 69, "\0\1file\0octet", 13);
    CHECK(is_announced(&run, datagram(&run, server, 50123, client, 40000, "\0\3\0\1data", 8),
                       "TFTP"));
    CHECK(
        !is_named(&run, datagram(&run, server, 50124, client, 40001, "\0\3\0\1data", 8), "TFTP") ||
        !is_announced(&run, datagram(&run, server, 50124, client, 40001, "\0\3\0\1data", 8),
                      "TFTP"));
    close_engine(&run);
}

/* ---- DCERPC's endpoint mapper ------------------------------------------------------------ */

#define MAPPER_BIND                                                                                \
    "\5\0\x0b\3\x10\0\0\0\x48\0\0\0\1\0\0\0\xd0\x16\xd0\x16\0\0\0\0\1\0\0\0\0\0\1\0"               \
    "\x08\x83\xaf\xe1\x1f\x5d\xc9\x11\x91\xa4\x08\0\x2b\x14\xa0\xfa\3\0\0\0"                       \
    "\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\0\x2b\x10\x48\x60\2\0\0\0"
#define MAPPER_BIND_ACK                                                                            \
    "\5\0\x0c\3\x10\0\0\0\x3c\0\0\0\1\0\0\0\xd0\x16\xd0\x16\x34\x12\0\0\4\0"                       \
    "135\0\0\0\1\0\0\0\0\0\0\0\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\0\x2b\x10\x48\x60\2\0"  \
    "\0\0"
/* A response of 24 + 44 + 75 bytes: an empty handle, one tower of five floors, port 49664. */
#define TOWER(port)                                                                                \
    "\5\0\2\3\x10\0\0\0\x8f\0\0\0\2\0\0\0\x77\0\0\0\0\0\0\0"                                       \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4\0\0\0\0\0\0\0\1\0\0\0\3\0\0\0"             \
    "\x4b\0\0\0\x4b\0\0\0\5\0"                                                                     \
    "\x13\0\x0d\x78\x57\x34\x12\x34\x12\xcd\xab\xef\0\1\x23\x45\x67\x89\xac\1\0\2\0\0\0"           \
    "\x13\0\x0d\4\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\0\x2b\x10\x48\x60\2\0\2\0\0\0"           \
    "\1\0\x0b\2\0\0\0\1\0\7\2\0" port "\1\0\x09\4\0\xc0\0\2\2\0"

static void endpoint_mapper(void)
{
    static const struct ends there = {{0xc0000201, 0xc0000202}, {41000, 49664}, false};
    struct run run = open_engine();
    struct frame f;
    struct cdpi_flow *flow = SAY(&run, 135, false, MAPPER_BIND);
    SAY(&run, 135, true, MAPPER_BIND_ACK);
    CHECK(is_named(&run, flow, "DCERPC"));
    SAY(&run, 135, true, TOWER("\xc2\x00"));
    /* Joined in the midst of a call: nothing else tells what it is. */
    build_tcp(&f, &there, false, 5000, PSH | ACK, "\x90\x91\x92 the rest of a call", 22);
    flow = feed(&run, &f);
    CHECK(cdpi_conclude(run.engine, flow).protocol && is_announced(&run, flow, "DCERPC"));
    struct ends other = there;
    other.port[1] = 49665;
    build_tcp(&f, &other, false, 5000, PSH | ACK, "\x90\x91\x92 the rest of a call", 22);
    flow = feed(&run, &f);
    CHECK(cdpi_conclude(run.engine, flow).protocol == 0);
    /* From its beginning it would have shown a bind. */
    other.port[0] = 41001;
    other.port[1] = 49664;
    build_tcp(&f, &other, false, 100, SYN, "", 0);
    feed(&run, &f);
    build_tcp(&f, &other, false, 101, PSH | ACK, "\x90\x91\x92 something else", 18);
    flow = feed(&run, &f);
    CHECK(cdpi_conclude(run.engine, flow).protocol == 0);
    close_engine(&run);
}

/* ---- PPTP -------------------------------------------------------------------------------- */

#define CALL_REPLY "\0\x20\0\1\x1a\x2b\x3c\x4d\0\x08\0\0\0\5\0\7\1\0\0\0\0\1\0\0\0\x40\0\0\0\0\0\0"

static void pptp(void)
{
    static const struct ends between = {{0xc0000201, 0xc0000202}, {0, 0}, false};
    struct run run = open_engine();
    struct frame f;
    SAY(&run, 1723, false, "\0\x0c\0\1\x1a\x2b\x3c\x4d\0\5\0\0");
    struct cdpi_flow *flow = SAY(&run, 1723, true, CALL_REPLY);
    CHECK(is_named(&run, flow, "PPTP"));
    build_ip(&f, &between, false, GRE, "\x30\x01\x88\x0b\0\4\0\5\0\0\0\0\xff\3\xc0\x21", 16);
    flow = feed(&run, &f);
    struct cdpi_verdict v = cdpi_classify(run.engine, flow);
    CHECK(is_named(&run, flow, "GRE") && strncmp(v.evidence.rule, "announced by flow ", 18) == 0);
    close_engine(&run);
}

/* ---- H.323 ------------------------------------------------------------------------------- */

/* Q.931's CONNECT with H.225's: H.245 at 192.0.2.2, port 50500. */
#define CONNECT                                                                                    \
    "\3\0\0\x1e\x08\2\x80\1\7\x7e\0\x12\5\x22\xc0\6\0\x08\x91\x4a\0\4\0\xc0\0\2\2\xc5\x44\0"

static void h323(void)
{
    static const struct ends there = {{0xc0000201, 0xc0000202}, {42000, 50500}, false};
    struct run run = open_engine();
    struct frame f;
    struct cdpi_flow *flow = SAY(&run, 1720, true, CONNECT);
    CHECK(is_named(&run, flow, "H.323"));
    SAY(&run, 1720, false, "\3\0\0\x11\x08\2\0\1\x7d\x7e\0\5\5\x22\xc0\6\0");
    build_tcp(&f, &there, false, 700, PSH | ACK, "\3\0\0\x09\x44\x55\x66\x77\x88", 9);
    flow = feed(&run, &f);
    cdpi_conclude(run.engine, flow);
    CHECK(is_announced(&run, flow, "H.323"));
    close_engine(&run);
}

/* ---- time and room ----------------------------------------------------------------------- */

/* ---- FTP --------------------------------------------------------------------------------- */

static void count_data(void *context, enum cdpi_event event, struct cdpi_flow *flow,
                       const struct cdpi_verdict *verdict)
{
    struct run *run = context;
    (void)event;
    (void)flow;
    run->data_flows += strcmp(cdpi_protocol_name(run->engine, verdict->protocol), "FTP-DATA") == 0;
}

/* Only the server was captured: its verdict stays likely up to the end. What it announced is named
 * all the same, wherever in the table the two stand. */
static void ftp_without_its_client(uint64_t key)
{
    static const char greeting[] = "220 FTP server ready\r\n331 Password required\r\n";
    static const char passive[] = "227 Entering Passive Mode (192,0,2,2,200,10)\r\n";
    struct run run = {.time = SECOND};
    struct cdpi_options options = {.struct_size = sizeof options,
                                   .hash_key = {key, 2},
                                   .on_event = count_data,
                                   .on_event_context = &run,
                                   .events = 1u << CDPI_EVENT_ENDED};
    struct ends control = {{client, server}, {40000, 2121}, false};
    struct ends data = {{client, server}, {40001, 51210}, false};
    struct frame f;
    CHECK(cdpi_open(&options, &run.engine, NULL) == CDPI_OK);
    build_tcp(&f, &control, true, 1, PSH | ACK, greeting, sizeof greeting - 1);
    feed(&run, &f);
    build_tcp(&f, &control, true, sizeof greeting, PSH | ACK, passive, sizeof passive - 1);
    feed(&run, &f);
    build_tcp(&f, &data, true, 1, PSH | ACK, "\xe3\x91 what nobody knows", 20);
    feed(&run, &f);
    CHECK(cdpi_flush(run.engine) == CDPI_OK);
    CHECK(run.data_flows == 1);
    close_engine(&run);
}

static void too_late(void)
{
    struct run run = open_engine();
    datagram(&run, client, 40000, server, 69, "\0\1file\0octet", 13);
    run.time += 130 * SECOND;
    struct cdpi_flow *flow = datagram(&run, server, 50123, client, 40000, "\0\3\0\1data", 8);
    CHECK(!flow || strncmp(cdpi_classify(run.engine, flow).evidence.rule, "announced", 9) != 0);
    close_engine(&run);
}

/* Far more announcements than there are places: memory stays, the newest still holds. */
static void flood(void)
{
    struct run run = open_engine();
    for (uint32_t i = 0; i < 50000; i++)
        datagram(&run, 0x0a000000 + i, (uint16_t)(20000 + i % 40000), server, 69, "\0\1file\0octet",
                 13);
    uint64_t before = cdpi_stats(run.engine).memory_now;
    datagram(&run, client, 40000, server, 69, "\0\1file\0octet", 13);
    CHECK(is_announced(&run, datagram(&run, server, 50123, client, 40000, "\0\3\0\1data", 8),
                       "TFTP"));
    CHECK(cdpi_stats(run.engine).memory_now <= before + (1u << 20));
    close_engine(&run);
}

int main(void)
{
    sip("c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n", client, 40000, 40001);
    sip("t=0 0\r\nm=audio 40000 RTP/AVP 0\r\nc=IN IP4 192.0.2.9\r\n", 0xc0000209, 40000, 40001);
    sip("c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\na=rtcp:53020\r\n"
        "m=video 40002 RTP/AVP 31\r\nc=IN IP4 192.0.2.9\r\n",
        client, 40000, 53020);
    sip("c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\nm=video 40002 RTP/AVP 31\r\n"
        "c=IN IP4 192.0.2.9\r\n",
        0xc0000209, 40002, 40003);
    rtsp();
    tftp();
    endpoint_mapper();
    pptp();
    h323();
    for (uint64_t key = 1; key <= 16; key++)
        ftp_without_its_client(key);
    too_late();
    flood();
    return CHECKS_END("announced");
}
