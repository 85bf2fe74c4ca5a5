/* SPDX-License-Identifier: MIT */
#include "protoident/fill.h"

#include <string.h>

static uint32_t first_four(const uint8_t *bytes, uint32_t size)
{
    uint32_t value = 0;
    memcpy(&value, bytes, size < 4 ? size : 4);
    return value;
}

/* Of a first packet shorter than four bytes, what follows in the stream is not counted: the
 * library's rules are written over packets. */
static uint32_t in_first_packet(const struct cdpi_module_flow *flow, unsigned side)
{
    uint32_t size = flow->head_size[side];
    return flow->first_captured[side] < size ? flow->first_captured[side] : size;
}

static void fill_tcp(const struct cdpi_module_flow *flow, struct protoident_input *input)
{
    for (unsigned side = 0; side < 2; side++) {
        input->seen_syn[side] = flow->syn_seen[side] || flow->first_payload[side];
        if (input->seen_syn[side])
            input->seqno[side] = flow->sequence[side];
    }
}

void protoident_fill(const struct cdpi_module_flow *flow, struct protoident_input *input)
{
    enum { TCP = 6 };
    memset(input, 0, sizeof *input);
    if (flow->ip_protocol == TCP)
        fill_tcp(flow, input);
    for (unsigned side = 0; side < 2; side++) {
        input->payload[side] = first_four(flow->head[side], in_first_packet(flow, side));
        input->payload_len[side] = flow->first_payload[side];
        input->observed[side] = flow->payload_bytes[side];
        if (flow->ip_version == 4)
            memcpy(&input->ips[side], flow->address[side], 4);
    }
    input->client_port = flow->port[0];
    input->server_port = flow->port[1];
    input->trans_proto = flow->ip_protocol;
}

static bool begins_with(const char *name, const char *start)
{
    return strncmp(name, start, strlen(start)) == 0;
}

bool protoident_knows_not(const char *name)
{
    return !name || !*name || begins_with(name, "Unknown") || strcmp(name, "Unsupported") == 0 ||
           strcmp(name, "No_Payload") == 0 || strcmp(name, "Invalid") == 0 ||
           strcmp(name, "NULL") == 0 || begins_with(name, "Mystery");
}
