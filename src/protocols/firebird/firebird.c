/* SPDX-License-Identifier: MIT */
/*
 * Firebird and InterBase (Firebird's wire protocol, "Databases: Attach"; remote/protocol.h), in
 * XDR. The client begins with
 *
 *     connect(4) = 1 operation(4) version(4) architecture(4) path count(4) identification
 *
 * of operation 19 attach, 20 create, 0x52 service; the server accepts (3, 94, 98) with a version,
 * an architecture and a type of packets, refuses (4) or responds (9). Versions from 11 on are
 * Firebird's, and bear its flag 0x8000 (as a negative short).
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum {
    CONNECT = 1,
    ATTACH = 19,
    CREATE = 20,
    SERVICE = 82,
    ACCEPT = 3,
    REJECT = 4,
    RESPONSE = 9,
    ACCEPT_DATA = 94,
    COND_ACCEPT = 98,
    PATH_LIMIT = 1024,
    LAST_ARCHITECTURE = 64,
    LAST_OF_INTERBASE = 10,
    LAST_VERSION = 32
};
static const uint32_t IS_FIREBIRD = 0xffff8000;

/* A database's path or alias, or a service's name: text, as far as it is there. */
static bool is_path(struct cursor c, uint32_t size)
{
    for (uint32_t i = 0; i < size && !cursor_at_end(&c); i++) {
        if (!text_is_plain(cursor_u8(&c)))
            return false;
    }
    return true;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint32_t connect = cursor_u32(&c), operation = cursor_u32(&c), version = cursor_u32(&c);
    uint32_t architecture = cursor_u32(&c), path = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_operation = operation == ATTACH || operation == CREATE || operation == SERVICE;
    if (connect != CONNECT || !is_operation || version < 2 || version > 3 || architecture == 0 ||
        architecture > LAST_ARCHITECTURE || path > PATH_LIMIT || !is_path(c, path))
        return NO;
    return cursor_left(&c) < path ? likely_at_end(in, "connect", &c) : yes(in, "connect", &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint32_t operation = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_answer = operation == ACCEPT || operation == REJECT || operation == RESPONSE ||
                     operation == ACCEPT_DATA || operation == COND_ACCEPT;
    return is_answer ? YES : NO;
}

/* A server alone: what it accepted. */
static enum answer judge_acceptance(struct inspection *in, struct cursor c)
{
    uint32_t operation = cursor_u32(&c), version = cursor_u32(&c);
    uint32_t architecture = cursor_u32(&c), type = cursor_u32(&c);
    if (operation != ACCEPT && operation != ACCEPT_DATA && operation != COND_ACCEPT)
        return wants(in, CLIENT, 1);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_version =
        version == LAST_OF_INTERBASE ||
        (version > (IS_FIREBIRD | LAST_OF_INTERBASE) && version <= (IS_FIREBIRD | LAST_VERSION));
    bool is_type = (type & 0xff) >= 1 && (type & 0xff) <= 5 && type < 0x1000;
    if (!is_version || !is_type || architecture == 0 || architecture > LAST_ARCHITECTURE)
        return NO;
    return yes(in, "acceptance", &c);
}

static enum answer validate(struct inspection *in)
{
    if (in->client.size == 0)
        return judge_acceptance(in, in->server);
    enum answer client = judge_client(in, in->client);
    enum answer server = in->server.size ? judge_server(in, in->server) : YES;
    return client < server ? client : server;
}

static const struct signature signatures[] = {
    SIGNATURE(0, "\0\0\0\x03\xff\xff\x80"),
    SIGNATURE(0, "\0\0\0\x5e\xff\xff\x80"),
    SIGNATURE(0, "\0\0\0\x62\xff\xff\x80"),
    SIGNATURE(0, "\0\0\0\x03\0\0\0\x0a\0\0\0"),
    SIGNATURE_MASKED(0, "\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0",
                     "\xff\xff\xff\xff\xff\xff\xff\x80\xff\xff\xff\xfe\xff\xff\xff\x80"),
};

const struct cdpi_protocol cdpi_protocol_firebird = {
    .name = "Firebird",
    .reference = "Firebird: src/remote/protocol.h; Firebird Wire protocol documentation",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(3050),
    SIGNATURES(signatures),
    .validate = validate,
};
