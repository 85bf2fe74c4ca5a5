/* SPDX-License-Identifier: MIT */
/*
 * What TCP does on real links, as short stories: a few segments, then how many flows there were,
 * who the client was, and what the last one speaks. Each is told over IPv4 and IPv6, by packets
 * alone and in one batch. (Data in the SYN, closed windows, keep-alives, numbers that wrap, ports
 * used again and one direction alone are told in gap_test.c.)
 */
#include <cdpi/cdpi.h>
#include <string.h>

#include "support/check.h"
#include "support/packets.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32, SEGMENTS_MOST = 40 };
enum { FROM_CLIENT = 0, FROM_SERVER = 1 };
enum { CLIENT_PORT = 40000, SERVER_PORT = 2222 };
#define MILLISECOND 1000ull
#define CLIENT_LINE "SSH-2.0-client\r\n"
#define SERVER_LINE "SSH-2.0-server\r\n"

struct segment {
    uint8_t sender;
    uint8_t flags;
    uint32_t sequence;
    const char *text;
    uint32_t after; /* milliseconds since the one before */
};

struct story {
    const char *name;
    struct segment segments[SEGMENTS_MOST]; /* up to the first without flags */
    const char *protocol;                   /* of the last flow that began; NULL: none */
    enum cdpi_confidence confidence;
    unsigned flows;
    uint16_t client_port; /* of the last */
};

static const struct story stories[] = {
    {"urgent data stands in the stream (RFC 6093)",
     {{FROM_CLIENT, SYN, 1000, "", 0},
      {FROM_SERVER, SYN | ACK, 5000, "", 1},
      {FROM_CLIENT, ACK | URG, 1001, "SSH-", 1},
      {FROM_CLIENT, ACK | PSH, 1005, "2.0-client\r\n", 1},
      {FROM_SERVER, ACK, 5001, SERVER_LINE, 1}},
     "SSH",
     CDPI_CERTAIN,
     1,
     CLIENT_PORT},
    {"both open at once (RFC 9293 section 3.5)",
     {{FROM_CLIENT, SYN, 1000, "", 0},
      {FROM_SERVER, SYN, 5000, "", 1},
      {FROM_CLIENT, SYN | ACK, 1000, "", 1},
      {FROM_SERVER, SYN | ACK, 5000, "", 1},
      {FROM_CLIENT, ACK, 1001, CLIENT_LINE, 1},
      {FROM_SERVER, ACK, 5001, SERVER_LINE, 1}},
     "SSH",
     CDPI_CERTAIN,
     1,
     CLIENT_PORT},
    {"the SYN comes twice",
     {{FROM_CLIENT, SYN, 1000, "", 0},
      {FROM_CLIENT, SYN, 1000, "", 1000},
      {FROM_SERVER, SYN | ACK, 5000, "", 1},
      {FROM_CLIENT, ACK, 1001, CLIENT_LINE, 1},
      {FROM_SERVER, ACK, 5001, SERVER_LINE, 1}},
     "SSH",
     CDPI_CERTAIN,
     1,
     CLIENT_PORT},
    {"ports used again after a reset",
     {{FROM_CLIENT, SYN, 1000, "", 0},
      {FROM_SERVER, RST | ACK, 0, "", 1},
      {FROM_CLIENT, SYN, 2000, "", 1},
      {FROM_SERVER, SYN | ACK, 7000, "", 1},
      {FROM_SERVER, ACK, 7001, SERVER_LINE, 1},
      {FROM_CLIENT, ACK, 2001, CLIENT_LINE, 1}},
     "SSH",
     CDPI_CERTAIN,
     2,
     CLIENT_PORT},
    {"late packets of a closed flow begin none",
     {{FROM_CLIENT, SYN, 1000, "", 0},
      {FROM_SERVER, SYN | ACK, 5000, "", 1},
      {FROM_SERVER, ACK, 5001, SERVER_LINE, 1},
      {FROM_CLIENT, ACK, 1001, CLIENT_LINE, 1},
      {FROM_CLIENT, RST, 1017, "", 1},
      {FROM_SERVER, ACK, 5017, "more", 1},
      {FROM_SERVER, FIN | ACK, 5021, "", 1}},
     "SSH",
     CDPI_CERTAIN,
     1,
     CLIENT_PORT},
    {"a SYN/ACK first has its server first",
     {{FROM_SERVER, SYN | ACK, 5000, "", 0}, {FROM_CLIENT, ACK, 1001, "", 1}},
     NULL,
     CDPI_NO_CONFIDENCE,
     1,
     CLIENT_PORT},
    {"segments that overlap with other bytes: the first stay",
     {{FROM_CLIENT, SYN, 1000, "", 0},
      {FROM_SERVER, SYN | ACK, 5000, "", 1},
      {FROM_CLIENT, ACK, 1005, "2.0-client\r\n", 1},
      {FROM_CLIENT, ACK, 1001, "SSH-xxxxxxx", 1},
      {FROM_SERVER, ACK, 5001, SERVER_LINE, 1}},
     "SSH",
     CDPI_CERTAIN,
     1,
     CLIENT_PORT},
    {"one byte a segment, backwards",
     {{FROM_CLIENT, SYN, 1000, "", 0},
      {FROM_SERVER, SYN | ACK, 5000, "", 1},
      {FROM_SERVER, ACK, 5001, SERVER_LINE, 1},
      {FROM_CLIENT, ACK, 1009, "c\r\n", 1},
      {FROM_CLIENT, ACK, 1008, "-", 1},
      {FROM_CLIENT, ACK, 1007, "0", 1},
      {FROM_CLIENT, ACK, 1006, ".", 1},
      {FROM_CLIENT, ACK, 1005, "2", 1},
      {FROM_CLIENT, ACK, 1004, "-", 1},
      {FROM_CLIENT, ACK, 1003, "H", 1},
      {FROM_CLIENT, ACK, 1002, "S", 1},
      {FROM_CLIENT, ACK, 1001, "S", 1}},
     "SSH",
     CDPI_CERTAIN,
     1,
     CLIENT_PORT},
    {"a sequence number far from all others is not waited for",
     {{FROM_CLIENT, SYN, 1000, "", 0},
      {FROM_SERVER, SYN | ACK, 5000, "", 1},
      {FROM_CLIENT, ACK, 0x70000000, "attack", 1},
      {FROM_CLIENT, ACK, 1001, CLIENT_LINE, 1},
      {FROM_SERVER, ACK, 5001, SERVER_LINE, 1}},
     "SSH",
     CDPI_CERTAIN,
     1,
     CLIENT_PORT},
};

/* What was heard of a run. */
struct heard {
    unsigned flows;
    struct cdpi_flow_info last;
    struct cdpi_verdict verdict;
};

static void listen(void *context, enum cdpi_event event, struct cdpi_flow *flow,
                   const struct cdpi_verdict *verdict)
{
    struct heard *heard = context;
    if (event != CDPI_EVENT_ENDED)
        return;
    struct cdpi_flow_info info;
    cdpi_flow_info(flow, &info);
    heard->flows++;
    if (heard->flows > 1 && info.start < heard->last.start)
        return;
    heard->last = info;
    heard->verdict = *verdict;
}

static struct cdpi *open_engine(struct heard *heard)
{
    struct cdpi_options options = {
        .struct_size = sizeof options, .on_event = listen, .on_event_context = heard};
    struct cdpi *engine = NULL;
    *heard = (struct heard){0};
    CHECK(cdpi_open(&options, &engine, NULL) == CDPI_OK);
    return engine;
}

static size_t build(const struct story *s, bool is_v6, struct frame *frames,
                    struct cdpi_frame *given)
{
    const struct ends ends = {{0xc0000201, 0xc0000202}, {CLIENT_PORT, SERVER_PORT}, is_v6};
    uint64_t time = 1000000;
    size_t n = 0;
    for (; n < SEGMENTS_MOST && s->segments[n].flags; n++) {
        const struct segment *part = &s->segments[n];
        time += part->after * MILLISECOND;
        build_tcp(&frames[n], &ends, part->sender == FROM_SERVER, part->sequence, part->flags,
                  part->text, strlen(part->text));
        given[n] = as_frame(&frames[n], time);
    }
    return n;
}

static void tell(const struct story *s, bool is_v6, bool in_one)
{
    static struct frame frames[SEGMENTS_MOST];
    struct cdpi_frame given[SEGMENTS_MOST];
    struct heard heard;
    size_t n = build(s, is_v6, frames, given);
    struct cdpi *e = open_engine(&heard);
    if (in_one)
        CHECK(cdpi_feed(e, given, n) == CDPI_OK);
    for (size_t i = 0; !in_one && i < n; i++) {
        struct cdpi_flow *flow = NULL;
        CHECK(cdpi_packet_flow(e, &given[i], &flow, NULL) == CDPI_OK && flow);
    }
    CHECK(cdpi_flush(e) == CDPI_OK);
    const char *name = heard.verdict.protocol ? cdpi_protocol_name(e, heard.verdict.protocol) : "";
    bool holds = heard.flows == s->flows && heard.last.port[CDPI_CLIENT] == s->client_port &&
                 strcmp(name, s->protocol ? s->protocol : "") == 0 &&
                 heard.verdict.confidence == s->confidence;
    if (!holds)
        printf("%s, IPv%d, %s: %u flows, client %u, %s, confidence %d\n", s->name, is_v6 ? 6 : 4,
               in_one ? "in one batch" : "one by one", heard.flows, heard.last.port[CDPI_CLIENT],
               name, (int)heard.verdict.confidence);
    CHECK(holds);
    CHECK(cdpi_close(e) == CDPI_OK);
}

int main(void)
{
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        for (unsigned way = 0; way < 4; way++)
            tell(&stories[i], way & 1, way & 2);
    }
    return CHECKS_END("streams");
}
