/* SPDX-License-Identifier: MIT */
/*
 * Apache Kafka (kafka.apache.org, "Protocol guide"): a request is
 *
 *     length(4) key(2) version(2) correlation(4) client id: size(2) or -1, text
 *
 * and its response length(4) correlation(4) ... A request is likely, by its numbers and a client id
 * that is a name; the response with the same correlation makes both certain.
 */
#include "protocols/protocol.h"

enum {
    LAST_KEY = 92,
    LAST_VERSION = 20,
    LENGTH_LIMIT = 100 << 20,
    NAME_LIMIT = 255,
    CORRELATION_LIMIT = 1 << 24,
    REQUEST_HEADER = 14,
    PRODUCE = 0,
    API_VERSIONS = 18,
    NULL_TEXT = 0xffff
};

/* Letters, digits and a few marks: "rdkafka", "consumer-group-1", "sarama". */
static bool is_name(struct cursor c, uint32_t size)
{
    for (uint32_t i = 0; i < size && !cursor_at_end(&c); i++) {
        uint8_t byte = cursor_u8(&c), lower = byte | 0x20;
        bool is_letter = (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9');
        if (!is_letter && byte != '-' && byte != '_' && byte != '.' && byte != '/' && byte != ':' &&
            byte != '@' && byte != '#' && byte != ' ')
            return false;
    }
    return true;
}

/* What stands behind the header of a produce request before version 9: from version 3 on a
 * transaction's name, then how many shall confirm it: all, none or one. */
static bool is_produce(struct cursor c, uint16_t version)
{
    uint16_t transaction = version >= 3 ? cursor_u16(&c) : NULL_TEXT;
    if (transaction != NULL_TEXT)
        cursor_skip(&c, transaction);
    uint16_t confirmed = cursor_u16(&c);
    return version >= 9 || c.ran_short || confirmed == 0xffff || confirmed <= 1;
}

static int weigh_request(struct cursor c, bool *is_short)
{
    uint32_t length = cursor_u32(&c);
    uint16_t key = cursor_u16(&c), version = cursor_u16(&c);
    uint32_t correlation = cursor_u32(&c);
    uint16_t name = cursor_u16(&c);
    *is_short = c.ran_short;
    if (c.ran_short)
        return 0;
    bool is_null = name == NULL_TEXT;
    if (length < 10 || length > LENGTH_LIMIT || key > LAST_KEY || version > LAST_VERSION ||
        correlation > CORRELATION_LIMIT || (!is_null && name > NAME_LIMIT) ||
        (!is_null && (uint32_t)name + 10 > length) || (!is_null && !is_name(c, name)))
        return -1;
    *is_short = !is_null && cursor_left(&c) < name;
    if (cursor_skip(&c, is_null ? 0 : name) && key == PRODUCE && !is_produce(c, version))
        return -1;
    int bits = 9 + 11 + 8 + 8; /* key, version, correlation, the name's size */
    if (name >= 4 && !is_null)
        bits += 4;
    /* The first request of a connection asks for versions, and is short. */
    return bits - (name == 0 || is_null ? 20 : 0) + (key == API_VERSIONS ? 4 : 0) -
           (length > 4096 ? 6 : 0);
}

static int weigh_response(const struct inspection *in, struct cursor c, bool *is_short)
{
    uint32_t length = cursor_u32(&c), correlation = cursor_u32(&c);
    *is_short = c.ran_short;
    if (c.ran_short)
        return 0;
    bool is_answer = in->client.size >= 12 && cursor_peek_u32(&in->client, 8) == correlation;
    if (length < 4 || length > LENGTH_LIMIT || (in->client.size >= 12 && !is_answer))
        return -1;
    return !is_answer    ? 0
           : correlation ? 16
                         : 6; /* the number is small, mostly; zeros are many's */
}

static enum answer validate(struct inspection *in)
{
    bool client_short = false, server_short = false;
    int client = in->client.size ? weigh_request(in->client, &client_short) : 0;
    int server = in->server.size ? weigh_response(in, in->server, &server_short) : 0;
    if (client < 0 || server < 0 || in->client.size == 0)
        return NO;
    if ((client_short || server_short) && !in->is_final)
        return MORE;
    bool is_answered = in->server.size > 0 && !server_short;
    if (!is_answered && client >= BITS_FOR_YES)
        client = BITS_FOR_YES - 1;
    return answer_by_sides(in, client, server, is_answered ? "request and its answer" : "request");
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0\0\0\0\0\0\0\0\0\0\0\0", "\xf8\0\0\0\xff\x80\xff\xe0\xff\0\0\0\0"),
};

const struct cdpi_protocol cdpi_protocol_kafka = {
    .name = "Kafka",
    .reference = "kafka.apache.org: Apache Kafka protocol guide",
    .transports = OVER_TCP,
    .category = CATEGORY_MESSAGING,
    .tcp_ports = PORTS(9092),
    SIGNATURES(signatures),
    .validate = validate,
};
