/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "capture/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef CDPI_HAVE_PCAP
#include <pcap/pcap.h>

enum { LINK_TYPES = 8, SNAP_LENGTH = 65535, WAIT_MS = 100, LIVE_BUFFER = 4 * 1024 * 1024 };

/* libpcap numbers a few link types its own way (DLT); the rest agree with the files' numbers. */
static int as_dlt(uint32_t link_type)
{
    switch (link_type) {
    case 101:
        return DLT_RAW;
    case 104:
        return DLT_C_HDLC;
    default:
        return (int)link_type;
    }
}

static uint32_t as_link_type(int dlt)
{
    return dlt == DLT_RAW ? 101 : (uint32_t)dlt;
}

/* ---- filters ----------------------------------------------------------------------------- */

struct program {
    uint32_t link_type;
    bool is_usable;
    struct bpf_program code;
};

struct filter {
    char *expression;
    unsigned count;
    struct program programs[LINK_TYPES];
};

static bool compile(struct filter *f, uint32_t link_type, char *why, size_t why_size)
{
    struct program *p = &f->programs[f->count];
    pcap_t *dead = pcap_open_dead(as_dlt(link_type), SNAP_LENGTH);
    p->link_type = link_type;
    p->is_usable =
        dead && pcap_compile(dead, &p->code, f->expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!p->is_usable)
        snprintf(why, why_size, "%s", dead ? pcap_geterr(dead) : "no memory");
    if (dead)
        pcap_close(dead);
    f->count++;
    return p->is_usable;
}

enum cdpi_status filter_open(const char *expression, struct filter **out, struct cdpi_error *error)
{
    struct filter *f = calloc(1, sizeof *f);
    char why[160];
    *out = NULL;
    if (!f || !(f->expression = strdup(expression))) {
        free(f);
        return CDPI_NO_MEMORY;
    }
    if (!compile(f, 1, why, sizeof why)) {
        if (error)
            snprintf(error->text, sizeof error->text, "filter \"%.80s\": %s", expression, why);
        filter_close(f);
        return CDPI_BAD_ARGUMENT;
    }
    *out = f;
    return CDPI_OK;
}

void filter_close(struct filter *f)
{
    if (!f)
        return;
    for (unsigned i = 0; i < f->count; i++) {
        if (f->programs[i].is_usable)
            pcap_freecode(&f->programs[i].code);
    }
    free(f->expression);
    free(f);
}

bool filter_passes(struct filter *f, const struct cdpi_frame *frame)
{
    char why[160];
    unsigned i = 0;
    while (i < f->count && f->programs[i].link_type != frame->link_type)
        i++;
    if (i == f->count && (i == LINK_TYPES || !compile(f, frame->link_type, why, sizeof why)))
        return false;
    struct pcap_pkthdr header = {.caplen = frame->captured, .len = frame->length};
    return f->programs[i].is_usable &&
           pcap_offline_filter(&f->programs[i].code, &header, frame->data) != 0;
}

/* ---- interfaces -------------------------------------------------------------------------- */

struct live {
    pcap_t *pcap;
    char name[64];
    uint32_t link_type;
    uint64_t fraction; /* nanoseconds in a unit of the time stamps' fraction */
    uint8_t *buffer;
    size_t used;
};

static enum cdpi_status live_fail(struct live *l, const char *why, struct cdpi_error *error)
{
    if (error)
        snprintf(error->text, sizeof error->text, "interface %s: %.160s", l->name, why);
    live_close(l);
    return CDPI_CANNOT_READ;
}

static bool set_filter(struct live *l, const char *expression)
{
    struct bpf_program code;
    if (pcap_compile(l->pcap, &code, expression, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return false;
    bool good = pcap_setfilter(l->pcap, &code) == 0;
    pcap_freecode(&code);
    return good;
}

enum cdpi_status live_open(const char *interface, const char *expression, struct live **out,
                           struct cdpi_error *error)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    struct live *l = calloc(1, sizeof *l);
    *out = NULL;
    if (!l)
        return CDPI_NO_MEMORY;
    snprintf(l->name, sizeof l->name, "%s", interface);
    l->buffer = malloc(LIVE_BUFFER);
    l->pcap = pcap_create(interface, why);
    if (!l->pcap || !l->buffer)
        return live_fail(l, why, error);
    pcap_set_snaplen(l->pcap, SNAP_LENGTH);
    pcap_set_promisc(l->pcap, 1);
    pcap_set_timeout(l->pcap, WAIT_MS);
    pcap_set_tstamp_precision(l->pcap, PCAP_TSTAMP_PRECISION_NANO);
    int status = pcap_activate(l->pcap);
    if (status < 0) {
        const char *more = pcap_geterr(l->pcap);
        return live_fail(l, more && *more ? more : pcap_statustostr(status), error);
    }
    if (expression && !set_filter(l, expression))
        return live_fail(l, pcap_geterr(l->pcap), error);
    l->link_type = as_link_type(pcap_datalink(l->pcap));
    l->fraction = pcap_get_tstamp_precision(l->pcap) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
    *out = l;
    return CDPI_OK;
}

void live_close(struct live *l)
{
    if (!l)
        return;
    if (l->pcap)
        pcap_close(l->pcap);
    free(l->buffer);
    free(l);
}

/* libpcap's bytes hold until its next call: they are copied. */
enum cdpi_status live_next(struct live *l, struct cdpi_frame *frames, size_t room, size_t *count,
                           struct cdpi_error *error)
{
    size_t used = 0;
    *count = 0;
    while (*count < room && LIVE_BUFFER - used > SNAP_LENGTH) {
        struct pcap_pkthdr *header;
        const u_char *bytes;
        int status = pcap_next_ex(l->pcap, &header, &bytes);
        if (status == 0)
            break;
        if (status < 0) {
            if (error)
                snprintf(error->text, sizeof error->text, "interface %s: %.160s", l->name,
                         pcap_geterr(l->pcap));
            return CDPI_CANNOT_READ;
        }
        memcpy(l->buffer + used, bytes, header->caplen);
        frames[(*count)++] = (struct cdpi_frame){.data = l->buffer + used,
                                                 .captured = header->caplen,
                                                 .length = header->len,
                                                 .time = (uint64_t)header->ts.tv_sec * 1000000000u +
                                                         (uint64_t)header->ts.tv_usec * l->fraction,
                                                 .link_type = l->link_type};
        used += header->caplen;
    }
    return CDPI_OK;
}

#else

static enum cdpi_status missing(struct cdpi_error *error)
{
    if (error)
        snprintf(error->text, sizeof error->text,
                 "this build has no libpcap: no filters, no live capture");
    return CDPI_CANNOT_READ;
}

enum cdpi_status filter_open(const char *expression, struct filter **filter,
                             struct cdpi_error *error)
{
    (void)expression;
    *filter = NULL;
    return missing(error);
}

void filter_close(struct filter *filter)
{
    (void)filter;
}

bool filter_passes(struct filter *filter, const struct cdpi_frame *frame)
{
    (void)filter;
    (void)frame;
    return true;
}

enum cdpi_status live_open(const char *interface, const char *expression, struct live **live,
                           struct cdpi_error *error)
{
    (void)interface;
    (void)expression;
    *live = NULL;
    return missing(error);
}

void live_close(struct live *live)
{
    (void)live;
}

enum cdpi_status live_next(struct live *live, struct cdpi_frame *frames, size_t room, size_t *count,
                           struct cdpi_error *error)
{
    (void)live;
    (void)frames;
    (void)room;
    *count = 0;
    return missing(error);
}
#endif
