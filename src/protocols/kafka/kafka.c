/* SPDX-License-Identifier: MIT */
/*
 * Apache Kafka (kafka.apache.org, "Protocol guide"): a request is
 *
 *     length(4) key(2) version(2) correlation(4) client id: size(2) or -1, text
 *
 * and its response length(4) correlation(4) ... A request is likely, by its numbers and a client id
 * that is a name; the response with the same correlation makes both certain. Java's clients keep
 * the last eight positive correlations for the requests before a login.
 *
 * Of responses by themselves only the versions are told: error(2), a count (4, or 1 from version 3
 * on), and for each: key(2) least(2) most(2), from version 3 on tags(1).
 */
#include "protocols/protocol.h"

enum {
    LAST_KEY = 100,
    LAST_VERSION = 20,
    FIRST_RESERVED = 0x7ffffff8,
    RANGES = 6,
    UNSUPPORTED = 35,
    LENGTH_LIMIT = 100 << 20,
    NAME_LIMIT = 255,
    CORRELATION_LIMIT = 1 << 24,
    NEAR = 64,
    ENOUGH = 8192, /* for all versions, and features behind them */
    PRODUCE = 0,
    API_VERSIONS = 18,
    NULL_TEXT = 0xffff
};

/* "rdkafka", "consumer-group-1", "sarama"; people give others. */
static bool is_name(struct cursor c, uint32_t size)
{
    for (uint32_t i = 0; i < size && !cursor_at_end(&c); i++) {
        uint8_t byte = cursor_u8(&c);
        if (byte < ' ' || byte > '~')
            return false;
    }
    return true;
}

static bool is_correlation(uint32_t correlation)
{
    return correlation <= CORRELATION_LIMIT ||
           (correlation >= FIRST_RESERVED && correlation <= INT32_MAX);
}

/* The request for versions has no body before version 3; then no tags, the software's name and
 * version, no tags, each behind its size and one. */
static bool is_versions_body(struct cursor c, uint16_t version, uint32_t size)
{
    if (version < 3)
        return size == 0;
    uint8_t tags = cursor_u8(&c), name = cursor_u8(&c);
    cursor_skip(&c, name - 1u);
    uint8_t number = cursor_u8(&c);
    return !c.ran_short && tags == 0 && name > 1 && number > 1 && size == 3u + (name - 1u) + number;
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
        !is_correlation(correlation) || (!is_null && name > NAME_LIMIT) ||
        (!is_null && (uint32_t)name + 10 > length) || (!is_null && !is_name(c, name)))
        return -1;
    *is_short = !is_null && cursor_left(&c) < name;
    if (cursor_skip(&c, is_null ? 0 : name) && key == PRODUCE && !is_produce(c, version))
        return -1;
    int bits = 9 + 11 + 8 + 8; /* key, version, correlation, the name's size */
    if (name >= 4 && !is_null)
        bits += 4;
    if (!*is_short && key == API_VERSIONS &&
        is_versions_body(c, version, length - 10 - (is_null ? 0u : name)))
        bits += 16;
    /* The first request of a connection asks for versions, and is short. */
    return bits - (name == 0 || is_null ? 20 : 0) + (key == API_VERSIONS ? 4 : 0) -
           (length > 4096 ? 6 : 0);
}

/* Keys with their least and most version. */
static bool are_ranges(struct cursor c, uint32_t count, bool has_tags)
{
    uint16_t last = 0;
    for (uint32_t i = 0; i < count && i < RANGES; i++) {
        uint16_t key = cursor_u16(&c), least = cursor_u16(&c), most = cursor_u16(&c);
        if (c.ran_short)
            return true;
        if (key > LAST_KEY || least > most || most > LAST_VERSION || (i > 0 && key == last))
            return false;
        if (has_tags && cursor_u8(&c) != 0)
            return false;
        last = key;
    }
    return true;
}

/* What a server supports, or that it does not support the version of the question. */
static enum answer judge_versions(struct inspection *in, struct cursor c)
{
    uint32_t length = cursor_u32(&c);
    cursor_skip(&c, 4);
    uint16_t error = cursor_u16(&c);
    struct cursor old = c, new = c;
    uint32_t count = cursor_u32(&old), fewer = cursor_u8(&new) - 1u;
    if (old.ran_short)
        return short_of(in, &old);
    bool is_refused = error == UNSUPPORTED && count >= 1 && count <= LAST_KEY;
    if ((!is_refused && error != 0) || length < 10 + 6 || length > ENOUGH)
        return NO;
    if (is_refused && count < RANGES)
        return cursor_left(&old) < 6 ? short_of(in, &old)
               : cursor_peek_u16(&old, 0) == API_VERSIONS && are_ranges(old, 1, false)
                   ? yes(in, "version that is not supported", &old)
                   : NO;
    bool is_old = count >= RANGES && count <= LAST_KEY && are_ranges(old, count, false);
    bool is_new = fewer >= RANGES && fewer <= LAST_KEY && are_ranges(new, fewer, true);
    if (!is_old && !is_new)
        return NO;
    struct cursor *told = is_old ? &old : &new;
    if (!cursor_skip(told, RANGES * (is_old ? 6 : 7)))
        return short_of(in, told);
    return yes(in, "versions", told);
}

static int weigh_response(const struct inspection *in, struct cursor c, bool *is_short)
{
    uint32_t length = cursor_u32(&c), correlation = cursor_u32(&c);
    *is_short = c.ran_short;
    if (c.ran_short)
        return 0;
    uint32_t asked = cursor_peek_u32(&in->client, 8);
    if (length < 4 || length > LENGTH_LIMIT)
        return -1;
    if (in->client.size < 12)
        return 0;
    if (correlation != asked) /* joined late: an answer of before */
        return in->is_midstream && asked - correlation < NEAR ? 0 : -1;
    return correlation ? 16 : 6; /* the number is small, mostly; zeros are many's */
}

static enum answer validate(struct inspection *in)
{
    bool client_short = false, server_short = false;
    if (in->client.size == 0)
        return judge_versions(in, in->server);
    int client = weigh_request(in->client, &client_short);
    int server = in->server.size ? weigh_response(in, in->server, &server_short) : 0;
    if (client < 0 || server < 0)
        return NO;
    if ((client_short || server_short) && !in->is_final)
        return MORE;
    bool is_answered = server > 0;
    if (!is_answered && client >= BITS_FOR_YES)
        client = BITS_FOR_YES - 1;
    return answer_by_sides(in, client, server, is_answered ? "request and its answer" : "request");
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0\0\0\0\0\0\0\0\0\0\0\0", "\xf8\0\0\0\xff\x80\xff\xe0\xff\0\0\0\0"),
    SIGNATURE_MASKED(0, "\0\0\0\0\0\0\0\0\x7f\xff\xff\xf8",
                     "\xff\0\0\0\xff\x80\xff\xe0\xff\xff\xff\xf8"),
    SIGNATURE_MASKED(1, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                     "\xff\xe0\0\x80\0\0\0\xff\xdc\xff\xff\xff\x80\xff\x80\xff"),
    SIGNATURE_MASKED(1, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                     "\xff\xe0\0\x80\0\0\0\xff\xff\x80\xff\x80\xff\xe0\xff\xe0"),
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
