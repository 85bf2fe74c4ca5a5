/* SPDX-License-Identifier: MIT */
/*
 * Weave (github.com/openweave/openweave-core, message layer), by which Nest's devices send their
 * logs; all little-endian:
 *
 *     length (2)  version, flags, encryption (2)  number (4)  source (8)  destination (8)  ...
 *
 * Nodes' ids are EUI-64s of Nest Labs, 18-b4-30.
 */
#include "protocols/protocol.h"

enum { BOTH_NODES = 0x13, ENCRYPTIONS = 0x10, LEAST = 22, NEST_LABS = 0x18b430 };

static bool is_nest(uint64_t node)
{
    return node >> 40 == NEST_LABS;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint16_t length = cursor_le16(&c);
    uint8_t encryption = cursor_u8(&c), version = cursor_u8(&c);
    cursor_skip(&c, 4);
    uint64_t source = cursor_le64(&c), destination = cursor_le64(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length < LEAST || (encryption & ~ENCRYPTIONS) || version != BOTH_NODES)
        return NO;
    return is_nest(source) && is_nest(destination) ? yes(in, "nodes of Nest", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(2, "\0\x13\0\0\0\0\0\0\0\0\0\x30\xb4\x18",
                     "\xef\xff\0\0\0\0\0\0\0\0\0\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_nestlogsink = {
    .name = "NestLogSink",
    .reference = "github.com/openweave/openweave-core, Weave message layer",
    .transports = OVER_TCP,
    .category = CATEGORY_IOT,
    .tcp_ports = PORTS(11095),
    SIGNATURES(signatures),
    .validate = validate,
};
