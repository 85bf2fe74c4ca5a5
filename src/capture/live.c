/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* pcap.h wants u_char */
#include "capture/live.h"

#ifdef CDPI_HAVE_PCAP
#include <pcap/pcap.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
    SNAP_LENGTH = 65535,
    WAIT_MS = 100,
    BATCH_MOST = 64,
    BATCH_BYTES = BATCH_MOST * (SNAP_LENGTH + 1),
    LINKTYPE_RAW_IP = 101
};

/* libpcap's bytes are gone when its callback returns, so a batch is copied. */
struct live {
    pcap_t *pcap;
    uint32_t link_type;
    uint8_t *bytes;
    size_t used;
    struct cdpi_frame *frames; /* during live_next */
    size_t count;
};

/* libpcap's status and its words; some have only one of the two. */
static void tell(struct live *live, const char *what, int status, struct failure *failure)
{
    const char *words = pcap_geterr(live->pcap);
    if (!*words)
        words = pcap_statustostr(status);
    fail(failure, CDPI_CANNOT_READ, "%s: %s", what, words);
}

static bool set_filter(struct live *live, const char *expression, struct failure *failure)
{
    struct bpf_program program;
    if (!expression)
        return true;
    if (pcap_compile(live->pcap, &program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return fail(failure, CDPI_BAD_ARGUMENT, "filter \"%.60s\": %s", expression,
                    pcap_geterr(live->pcap));
    int status = pcap_setfilter(live->pcap, &program);
    pcap_freecode(&program);
    if (status != 0)
        tell(live, "the filter cannot be set", status, failure);
    return status == 0;
}

static bool activate(struct live *live, const char *filter, struct failure *failure)
{
    pcap_set_snaplen(live->pcap, SNAP_LENGTH);
    pcap_set_promisc(live->pcap, 1);
    pcap_set_timeout(live->pcap, WAIT_MS);
    bool nanoseconds = pcap_set_tstamp_precision(live->pcap, PCAP_TSTAMP_PRECISION_NANO) == 0;
    int status = pcap_activate(live->pcap);
    if (status < 0) {
        tell(live, "the interface cannot be opened", status, failure);
        return false;
    }
    char words[PCAP_ERRBUF_SIZE];
    if (pcap_setnonblock(live->pcap, 1, words) != 0)
        return fail(failure, CDPI_CANNOT_READ, "the interface cannot be opened: %s", words);
    if (!nanoseconds)
        return fail(failure, CDPI_CANNOT_READ, "libpcap gives no nanoseconds here");
    int link = pcap_datalink(live->pcap);
    live->link_type = link == DLT_RAW ? LINKTYPE_RAW_IP : (uint32_t)link;
    return set_filter(live, filter, failure);
}

struct live *live_open(const char *interface, const char *filter, struct failure *failure)
{
    char words[PCAP_ERRBUF_SIZE] = "";
    struct live *live = calloc(1, sizeof *live);
    if (!live || !(live->bytes = malloc(BATCH_BYTES))) {
        fail(failure, CDPI_NO_MEMORY, "no memory for live capture");
        goto out;
    }
    live->pcap = pcap_create(interface, words);
    if (!live->pcap) {
        fail(failure, CDPI_CANNOT_READ, "the interface cannot be opened: %s", words);
        goto out;
    }
    if (activate(live, filter, failure))
        return live;
out:
    live_close(live);
    return NULL;
}

void live_close(struct live *live)
{
    if (!live)
        return;
    if (live->pcap)
        pcap_close(live->pcap);
    free(live->bytes);
    free(live);
}

static void take(u_char *context, const struct pcap_pkthdr *header, const u_char *data)
{
    struct live *live = (struct live *)(void *)context;
    uint32_t captured = header->caplen;
    if (captured > BATCH_BYTES - live->used)
        captured = (uint32_t)(BATCH_BYTES - live->used);
    uint8_t *copy = live->bytes + live->used;
    memcpy(copy, data, captured);
    live->used += captured;
    live->frames[live->count++] = (struct cdpi_frame){
        .data = copy,
        .captured = captured,
        .length = header->len > captured ? header->len : captured,
        .time = (uint64_t)header->ts.tv_sec * 1000000000u + (uint64_t)header->ts.tv_usec,
        .link_type = live->link_type};
}

/* Waits by itself, because libpcap's own timeout may wait for the first packet for ever. */
static void wait_for_packets(struct live *live)
{
    struct pollfd ready = {.fd = pcap_get_selectable_fd(live->pcap), .events = POLLIN};
    (void)poll(&ready, ready.fd >= 0 ? 1 : 0, WAIT_MS);
}

size_t live_next(struct live *live, struct cdpi_frame *frames, size_t room, struct failure *failure)
{
    int most = room < BATCH_MOST ? (int)room : BATCH_MOST;
    live->frames = frames;
    live->count = live->used = 0;
    for (int attempt = 0; attempt < 2 && live->count == 0; attempt++) {
        if (attempt > 0)
            wait_for_packets(live);
        int status = pcap_dispatch(live->pcap, most, take, (u_char *)live);
        if (status < 0) {
            tell(live, "capture ended", status, failure);
            break;
        }
    }
    return live->count;
}

#else
struct live *live_open(const char *interface, const char *filter, struct failure *failure)
{
    (void)interface, (void)filter;
    fail(failure, CDPI_CANNOT_READ,
         "live capture needs libpcap, and this cdpi was built without it");
    return NULL;
}

void live_close(struct live *live)
{
    (void)live;
}

size_t live_next(struct live *live, struct cdpi_frame *frames, size_t room, struct failure *failure)
{
    (void)live, (void)frames, (void)room, (void)failure;
    return 0;
}
#endif
