/* SPDX-License-Identifier: MIT */
/*
 * Elasticsearch's and OpenSearch's transport among nodes (elasticsearch: TcpHeader,
 * TransportStatus):
 *
 *     "ES" size(4) request(8) status(1) version(4)
 *
 * status: 1 response, 2 error, 4 compressed, 8 handshake. A size of -1 is a ping.
 */
#include "protocols/protocol.h"

enum { RESPONSE = 1, STATUS_BITS = 15, LEAST = 13, SIZE_LIMIT = 0x40000000 };
static const uint32_t PING = UINT32_MAX, LEAST_VERSION = 200000;

/* "7100299" is 7.10.2; OpenSearch sets a bit above; since 8.500 a number that counts up. */
static bool is_version(uint32_t version)
{
    return version >= LEAST_VERSION && (version & 0xf7000000) == 0;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "ES"))
        return NO;
    cursor_skip(&c, 2);
    uint32_t size = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size == PING)
        return likely(in, "ping", &c);
    uint64_t request = cursor_u64(&c);
    uint8_t status = cursor_u8(&c);
    uint32_t version = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size < LEAST || size > SIZE_LIMIT || status > STATUS_BITS || request >> 48 != 0 ||
        !is_version(version) || (status & RESPONSE) != (c.side == SERVER))
        return NO;
    return yes(in, c.side == CLIENT ? "request" : "response", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "ES\0\0\0\0\0\0", "\xff\xff\xc0\0\0\0\xff\xff"),
    SIGNATURE(0, "ES\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_elasticsearch = {
    .name = "Elasticsearch",
    .reference = "elasticsearch: server/.../transport/TcpHeader.java, TransportStatus.java",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(9300),
    SIGNATURES(signatures),
    .validate = validate,
};
