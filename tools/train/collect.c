/* SPDX-License-Identifier: MIT */
/*
 * A module that answers nothing and writes down what it is shown: a line a flow, for prepare.py.
 *
 *     transport client-port server-port first-speaker wire-client wire-server packets hex-client
 *     hex-server
 *
 * `packets` are those with payload, parted by commas: the payload's size, below zero from the
 * server, then a slash and the microseconds since the one before.
 *
 * cdpi --ask-all --modules own,./cdpi-collect.so --set collect.file=OUT CAPTURE
 */
#include <cdpi/module.h>
#include <stdio.h>
#include <string.h>

enum { MOST_BYTES = 256 };

static bool collect_open(const char *const *settings, void **instance, char *why, size_t why_size)
{
    for (; *settings; settings++) {
        if (strncmp(*settings, "file=", 5) == 0)
            *instance = fopen(*settings + 5, "a");
    }
    if (!*instance)
        snprintf(why, why_size, "file=OUT is missing or cannot be written");
    return *instance != NULL;
}

static void collect_close(void *instance)
{
    fclose(instance);
}

static unsigned at(const struct cdpi_module_packet *p, uint32_t offset)
{
    return offset < p->captured ? p->data[offset] : 0;
}

/* What the headers leave; IPv6 without extension headers. */
static unsigned payload_size(const struct cdpi_module_flow *flow,
                             const struct cdpi_module_packet *p)
{
    unsigned headers = flow->ip_version == 6 ? 40 : (at(p, 0) & 15) * 4;
    headers += flow->ip_protocol == 6 ? (at(p, headers + 12) >> 4) * 4 : 8;
    return p->length > headers ? p->length - headers : 0;
}

static void write_packets(FILE *out, const struct cdpi_module_flow *flow)
{
    uint64_t last = 0;
    char before = ' ';
    for (uint32_t i = 0; i < flow->packet_count; i++) {
        const struct cdpi_module_packet *p = &flow->packets[i];
        if (!p->has_payload)
            continue;
        fprintf(out, "%c%s%u/%llu", before, p->side ? "-" : "", payload_size(flow, p),
                last ? (unsigned long long)(p->time - last) / 1000 : 0ull);
        last = p->time;
        before = ',';
    }
    if (before == ' ')
        fputs(" -", out);
}

static enum cdpi_module_says collect_classify(void *instance, const struct cdpi_module_flow *flow,
                                              struct cdpi_module_verdict *verdict)
{
    FILE *out = instance;
    (void)verdict;
    fprintf(out, "%u %u %u %u %u %u", flow->ip_protocol, flow->port[0], flow->port[1],
            flow->first_speaker, flow->first_payload[0], flow->first_payload[1]);
    write_packets(out, flow);
    for (unsigned side = 0; side < 2; side++) {
        uint32_t size = flow->first_captured[side];
        fputs(size ? " " : " -", out);
        for (uint32_t i = 0; i < size && i < flow->head_size[side] && i < MOST_BYTES; i++)
            fprintf(out, "%02x", flow->head[side][i]);
    }
    fputc('\n', out);
    return CDPI_MODULE_DOES_NOT_KNOW;
}

CDPI_MODULE_EXPORT const struct cdpi_module cdpi_module = {
    .abi = CDPI_MODULE_ABI,
    .struct_size = sizeof(struct cdpi_module),
    .name = "collect",
    .version = "1",
    .flags = CDPI_MODULE_WANTS_PACKETS,
    .open = collect_open,
    .close = collect_close,
    .classify = collect_classify,
};
