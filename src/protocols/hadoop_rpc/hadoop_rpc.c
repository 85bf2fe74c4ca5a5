/* SPDX-License-Identifier: MIT */
/*
 * Hadoop's RPC (Apache Hadoop, RpcHeader.proto and Server.java): the client begins with "hrpc", a
 * version, a service class, and how it will prove itself: 0 plainly, df by SASL; then a length(4)
 * and messages of Protocol Buffers. The server's answers are a length(4) and such messages.
 */
#include "protocols/protocol.h"

enum { LEAST_VERSION = 7, LAST_VERSION = 9, PLAIN = 0, SASL = 0xdf, MOST = 1 << 26 };

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "hrpc"))
        return NO;
    cursor_skip(&c, 4);
    uint8_t version = cursor_u8(&c);
    if (!c.ran_short && (version < LEAST_VERSION || version > LAST_VERSION))
        return NO;
    cursor_skip(&c, 1);
    uint8_t proof = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return proof == PLAIN || proof == SASL ? yes(in, "connection header", &c) : NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint32_t length = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return length > 0 && length < MOST ? yes(in, "answer", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    if (in->client.size == 0)
        return wants(in, CLIENT, 1);
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {SIGNATURE(0, "hrpc")};

const struct cdpi_protocol cdpi_protocol_hadoop_rpc = {
    .name = "Hadoop-RPC",
    .reference = "Apache Hadoop's source, RpcHeader.proto, ipc/Server.java",
    .transports = OVER_TCP,
    .category = CATEGORY_RPC,
    .tcp_ports = PORTS(8020, 9000),
    SIGNATURES(signatures),
    .validate = validate,
};
