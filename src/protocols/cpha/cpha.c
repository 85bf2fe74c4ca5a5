/* SPDX-License-Identifier: MIT */
/*
 * CPHA, the cluster control protocol between Check Point's firewalls on port 8116 (unencrypted, up
 * to R80.20). No public specification; Check Point's ClusterXL reference guide names versions and
 * opcodes, Wireshark's field reference the header's words, each of two bytes:
 *
 *     1a90, version, cluster, opcode, source interface, random number, source, destination
 *
 * One packet of it is only likely; the next of the same member bears it out.
 */
#include "protocols/protocol.h"

enum { MAGIC = 0x1a90, LAST_VERSION = 0x1fff, LAST_OPCODE = 40, LAST_INTERFACE = 255, LEAST = 20 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint16_t magic = cursor_u16(&c), version = cursor_u16(&c);
    cursor_skip(&c, 2);
    uint16_t opcode = cursor_u16(&c), interface = cursor_u16(&c);
    if (c.ran_short || magic != MAGIC || version == 0 || version > LAST_VERSION)
        return NO;
    if (opcode == 0 || opcode > LAST_OPCODE || (interface > LAST_INTERFACE && interface != 0xffff))
        return NO;
    return likely(in, "header", &c);
}

/* Another packet has the same magic, version and cluster. */
static bool is_repeated(const struct inspection *in, const struct cursor *c)
{
    unsigned same = 0;
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor d = inspection_datagram(in, i);
        same += cursor_peek_u32(&d, 0) == cursor_peek_u32(c, 0) &&
                cursor_peek_u16(&d, 4) == cursor_peek_u16(c, 4);
    }
    return same >= 2;
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    const struct cursor *c = in->client.size ? &in->client : &in->server;
    return answer == LIKELY && is_repeated(in, c) ? yes(in, "headers of a cluster", c) : answer;
}

static const struct signature signatures[] = {{.size = 7,
                                               .bytes = "\x1a\x90\0\0\0\0\0",
                                               .mask = "\xff\xff\xe0\0\0\0\xff",
                                               .min_size = LEAST}};

const struct cdpi_protocol cdpi_protocol_cpha = {
    .name = "CPHA",
    .reference = "no public one; Check Point ClusterXL, Wireshark's field reference (cpha)",
    .transports = OVER_UDP,
    .category = CATEGORY_CLUSTER,
    .is_one_sided = true,
    .udp_ports = PORTS(8116),
    SIGNATURES(signatures),
    .validate = validate,
};
