/* SPDX-License-Identifier: MIT */
/*
 * Bolt, the protocol of Neo4j and Memgraph (Bolt Protocol documentation: Handshake): the client
 * says 60 60 b0 17 and four versions it would speak, each range(2) minor(1) major(1), 0 for none;
 * the server the one it takes, or zeros.
 */
#include "protocols/protocol.h"

enum { LAST_MAJOR = 9, VERSIONS = 4, MANIFEST = 0x01ff };

static bool is_version(uint32_t version)
{
    uint32_t major = version & 0xff, minor = version >> 8 & 0xff, range = version >> 16;
    if ((version & 0xffff) == MANIFEST)
        return range == 0;
    return version == 0 || (major >= 1 && major <= LAST_MAJOR && range <= minor);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "\x60\x60\xb0\x17"))
        return NO;
    cursor_skip(&c, 4);
    uint32_t first = 0;
    for (unsigned i = 0; i < VERSIONS; i++) {
        uint32_t version = cursor_u32(&c);
        if (c.ran_short)
            return short_of(in, &c);
        if (!is_version(version))
            return NO;
        first = i == 0 ? version : first;
    }
    return first != 0 ? yes(in, "versions", &c) : NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint32_t version = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return is_version(version) ? YES : NO;
}

static enum answer validate(struct inspection *in)
{
    if (in->client.size == 0)
        return wants(in, CLIENT, 1);
    enum answer client = judge_client(in, in->client);
    enum answer server = in->server.size ? judge_server(in, in->server) : YES;
    return client < server ? client : server;
}

static const struct signature signatures[] = {SIGNATURE(0, "\x60\x60\xb0\x17")};

const struct cdpi_protocol cdpi_protocol_neo4j_bolt = {
    .name = "Neo4j-Bolt",
    .reference = "Bolt Protocol documentation: Bolt Protocol handshake specification",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(7687),
    SIGNATURES(signatures),
    .validate = validate,
};
