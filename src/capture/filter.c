/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* pcap.h wants u_char */
#include "capture/filter.h"

#ifdef CDPI_HAVE_PCAP
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

enum { LINKS_MOST = 16, LINKTYPE_RAW_IP = 101, SNAP_LENGTH = 256 * 1024 };

struct filter {
    char *expression;
    unsigned links;
    struct {
        uint32_t link_type;
        struct bpf_program program;
    } link[LINKS_MOST];
};

/* libpcap's own number for a link type of files: the same, but for raw IP. */
static int to_dlt(uint32_t link_type)
{
    return link_type == LINKTYPE_RAW_IP ? DLT_RAW : (int)link_type;
}

static bool compile(const char *expression, uint32_t link_type, struct bpf_program *program,
                    struct failure *failure)
{
    pcap_t *pcap = pcap_open_dead(to_dlt(link_type), SNAP_LENGTH);
    if (!pcap)
        return fail(failure, CDPI_NO_MEMORY, "no memory for the filter");
    bool good = pcap_compile(pcap, program, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!good)
        fail(failure, CDPI_BAD_ARGUMENT, "filter \"%.60s\": %s", expression, pcap_geterr(pcap));
    pcap_close(pcap);
    return good;
}

/* The program for a link type, compiled when it is first seen. */
static const struct bpf_program *program_for(struct filter *filter, uint32_t link_type,
                                             struct failure *failure)
{
    for (unsigned i = 0; i < filter->links; i++) {
        if (filter->link[i].link_type == link_type)
            return &filter->link[i].program;
    }
    if (filter->links == LINKS_MOST) {
        fail(failure, CDPI_CANNOT_READ, "a filter over more than %d link types", LINKS_MOST);
        return NULL;
    }
    struct bpf_program *program = &filter->link[filter->links].program;
    if (!compile(filter->expression, link_type, program, failure))
        return NULL;
    filter->link[filter->links++].link_type = link_type;
    return program;
}

struct filter *filter_open(const char *expression, uint32_t link_type, struct failure *failure)
{
    struct filter *filter = calloc(1, sizeof *filter);
    size_t size = strlen(expression) + 1;
    if (filter)
        filter->expression = malloc(size);
    if (!filter || !filter->expression) {
        fail(failure, CDPI_NO_MEMORY, "no memory for the filter");
        filter_close(filter);
        return NULL;
    }
    memcpy(filter->expression, expression, size);
    if (link_type == FILTER_ANY_LINK)
        link_type = DLT_EN10MB;
    if (!program_for(filter, link_type, failure)) {
        filter_close(filter);
        return NULL;
    }
    return filter;
}

void filter_close(struct filter *filter)
{
    if (!filter)
        return;
    for (unsigned i = 0; i < filter->links; i++)
        pcap_freecode(&filter->link[i].program);
    free(filter->expression);
    free(filter);
}

size_t filter_frames(struct filter *filter, struct cdpi_frame *frames, size_t count,
                     struct failure *failure)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct bpf_program *program = program_for(filter, frames[i].link_type, failure);
        if (!program)
            break;
        struct pcap_pkthdr header = {.caplen = frames[i].captured, .len = frames[i].length};
        if (pcap_offline_filter(program, &header, frames[i].data))
            frames[kept++] = frames[i];
    }
    return kept;
}

#else
struct filter *filter_open(const char *expression, uint32_t link_type, struct failure *failure)
{
    (void)expression, (void)link_type;
    fail(failure, CDPI_BAD_ARGUMENT, "a filter needs libpcap, and this cdpi was built without it");
    return NULL;
}

void filter_close(struct filter *filter)
{
    (void)filter;
}

size_t filter_frames(struct filter *filter, struct cdpi_frame *frames, size_t count,
                     struct failure *failure)
{
    (void)filter, (void)frames, (void)failure;
    return count;
}
#endif
