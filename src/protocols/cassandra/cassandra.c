/* SPDX-License-Identifier: MIT */
/*
 * Cassandra's native protocol (CQL), which ScyllaDB speaks too; native_protocol_v3.spec to
 * _v5.spec:
 *
 *     version(1; bit 7: response) flags(1) stream(2) opcode(1) length(4)
 *
 * Versions 1 and 2 have a stream of one byte; DataStax's own versions begin at 0x41. A client
 * begins with OPTIONS (5), which is empty, or STARTUP (1), a map with CQL_VERSION; the server
 * answers SUPPORTED (6), READY (2), AUTHENTICATE (3) or ERROR (0).
 *
 * Nodes among themselves (HandshakeProtocol.java, and OutboundTcpConnection.java of before):
 *
 *     ca 55 2d fa, flags(4), since version 4.0 size(1) = 6 or 18 address port(2), CRC-32(4)
 *
 * and back the version that is to be spoken(4), a small number.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum {
    OPTIONS = 5,
    STARTUP = 1,
    ERROR_ = 0,
    READY = 2,
    AUTHENTICATE = 3,
    SUPPORTED = 6,
    QUERY = 7,
    RESULT = 8,
    PREPARE = 9,
    EXECUTE = 10,
    REGISTER = 11,
    EVENT = 12,
    ID = 16, /* of a prepared statement: MD5 */
    LAST_CONSISTENCY = 10,
    LAST_VERSION = 6,
    FIRST_DSE = 0x41,
    LAST_DSE = 0x42,
    LAST_FLAGS = 0x1f,
    BODY_LIMIT = 65536
};

enum { NODE_V4 = 6, NODE_V6 = 18, NODE_VERSION_LIMIT = 64 };
#define NODE_MAGIC "\xca\x55\x2d\xfa"

struct header {
    uint8_t version, flags, opcode;
    uint16_t stream;
    uint32_t length;
};

static bool read_header(struct cursor *c, struct header *h)
{
    h->version = cursor_u8(c);
    h->flags = cursor_u8(c);
    h->stream = (h->version & 0x7f) < 3 ? cursor_u8(c) : cursor_u16(c);
    h->opcode = cursor_u8(c);
    h->length = cursor_u32(c);
    uint8_t version = h->version & 0x7f;
    bool is_version =
        (version >= 1 && version <= LAST_VERSION) || (version >= FIRST_DSE && version <= LAST_DSE);
    return c->ran_short || (is_version && h->flags <= LAST_FLAGS && h->length <= BODY_LIMIT);
}

/* Joined late. A query, or one to prepare: a long string of CQL. */
static enum answer judge_query(struct inspection *in, struct cursor c, uint32_t length)
{
    static const char *const verbs[] = {"select", "insert", "update",   "delete", "create", "drop",
                                        "alter",  "use",    "truncate", "begin",  "grant",  NULL};
    uint32_t size = cursor_u32(&c);
    if (!c.ran_short && (size < 4 || size + 4 > length))
        return NO;
    if (text_word(&c, verbs) >= 0)
        return yes(in, "query", &c);
    return cursor_left(&c) < 9 ? short_of(in, &c) : NO;
}

/* Joined late. What was prepared is executed: its identifier, then how many nodes shall agree. */
static enum answer judge_execution(struct inspection *in, struct cursor c, const struct header *h)
{
    uint16_t size = cursor_u16(&c);
    cursor_skip(&c, ID);
    if (h->version == 5)
        cursor_skip(&c, 2 + ID); /* that of the result's columns */
    uint16_t consistency = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return size == ID && consistency <= LAST_CONSISTENCY ? yes(in, "execution", &c) : NO;
}

/* What a client wants to be told of, and what it is told. */
static bool names_event(struct cursor c)
{
    return cursor_may_start_with(&c, "\0\x0fTOPOLOGY_CHANGE") ||
           cursor_may_start_with(&c, "\0\x0dSTATUS_CHANGE") ||
           cursor_may_start_with(&c, "\0\x0dSCHEMA_CHANGE");
}

static enum answer judge_event(struct inspection *in, struct cursor c, const char *rule)
{
    if (!names_event(c))
        return NO;
    return cursor_skip(&c, 15) ? yes(in, rule, &c) : short_of(in, &c);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    struct header h;
    bool sound = read_header(&c, &h);
    if (!sound || h.version & 0x80)
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (h.opcode == OPTIONS)
        return h.length == 0 ? likely(in, "options", &c) : NO;
    if (h.opcode == QUERY || h.opcode == PREPARE)
        return judge_query(in, c, h.length);
    if (h.opcode == EXECUTE)
        return judge_execution(in, c, &h);
    if (h.opcode == REGISTER && cursor_u16(&c) <= 3)
        return judge_event(in, c, "events are asked for");
    if (h.opcode != STARTUP || h.length < 20)
        return NO;
    if (cursor_left(&c) < 64 && cursor_left(&c) < h.length && !in->is_final)
        return wants(in, CLIENT, c.at + (h.length < 64 ? h.length : 64));
    return cursor_find_text(&c, "CQL_VERSION", 512) >= 0 ||
                   cursor_find_text(&c, "COMPRESSION", 64) >= 0
               ? yes(in, "startup", &c)
               : NO;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    struct header h;
    uint32_t kind;
    bool sound = read_header(&c, &h);
    if (!sound || !(h.version & 0x80))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    switch (h.opcode) {
    case SUPPORTED:
        if (cursor_left(&c) < 40 && cursor_left(&c) < h.length && !in->is_final)
            return wants(in, SERVER, c.at + (h.length < 40 ? h.length : 40));
        return cursor_find_text(&c, "COMPRESSION", 512) >= 0 ||
                       cursor_find_text(&c, "CQL_VERSION", 512) >= 0 ||
                       cursor_find_text(&c, "PROTOCOL_VERSIONS", 512) >= 0
                   ? yes(in, "supported", &c)
                   : NO;
    case READY:
        return h.length == 0 ? likely(in, "ready", &c) : NO;
    case AUTHENTICATE:
        return h.length > 2 && cursor_peek_u16(&c, 0) == h.length - 2 ? yes(in, "authenticate", &c)
                                                                      : NO;
    case ERROR_:
        return h.length >= 6 && cursor_peek_u32(&c, 0) <= 0x2500 &&
                       cursor_peek_u16(&c, 4) <= h.length - 6
                   ? likely(in, "error", &c)
                   : NO;
    case EVENT:
        return judge_event(in, c, "event");
    case RESULT: /* void, rows, keyspace, prepared, schema change */
        kind = cursor_u32(&c);
        if (c.ran_short)
            return short_of(in, &c);
        return kind >= 1 && kind <= 5 && (kind == 1) == (h.length == 4) ? likely(in, "result", &c)
                                                                        : NO;
    default:
        return NO;
    }
}

static enum answer judge_node(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 8);
    uint8_t size = cursor_u8(&c);
    if (c.ran_short)
        return in->is_final && c.at == 8 ? likely(in, "a node's greeting", &c) : short_of(in, &c);
    if (size != NODE_V4 && size != NODE_V6)
        return likely(in, "a node's greeting", &c);
    return cursor_skip(&c, size + 4u) ? yes(in, "a node's greeting", &c) : short_of(in, &c);
}

static enum answer judge_node_answer(struct inspection *in, struct cursor c)
{
    uint32_t version = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return version > 0 && version < NODE_VERSION_LIMIT ? YES : NO;
}

/* One side that is sure, and another that fits, of one stream, make both sure. */
static enum answer validate(struct inspection *in)
{
    if (in->client.size && cursor_may_start(&in->client, NODE_MAGIC, 4))
        return judge_sides(in, judge_node, judge_node_answer);
    enum answer client = in->client.size ? judge_client(in, in->client) : YES;
    if (client == NO)
        return NO;
    const char *rule = in->rule;
    enum answer server = in->server.size ? judge_server(in, in->server) : YES;
    if (server == NO)
        return NO;
    if (client == MORE || server == MORE)
        return MORE;
    if (!both_spoke(in))
        return client < server ? client : server;
    enum side sure = client == YES ? CLIENT : SERVER;
    bool is_one_stream = cursor_peek_u16(&in->client, 2) == cursor_peek_u16(&in->server, 2);
    bool is_sure = client == YES || server == YES || is_one_stream;
    return answer_at(in, is_sure ? YES : LIKELY, sure == CLIENT ? rule : in->rule, sure, 0, 9);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0\0\0\x05\0\0\0\0", "\x38\xe0\0\0\xff\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\0\0\0\0\x01\0\0\0", "\x38\xe0\0\0\xff\xff\xff\0"),
    SIGNATURE_MASKED(0, "\0\0\0\x05\0\0\0\0", "\x7c\xe0\0\xff\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\0\0\0\x01\0\0", "\x7c\xe0\0\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x80\0\0\0\x06\0\0", "\xb8\xe0\0\0\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x80\0\0\0\x02\0\0\0\0", "\xb8\xe0\0\0\xff\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x80\0\0\0\x03\0\0", "\xb8\xe0\0\0\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x80\0\0\0\0\0\0", "\xb8\xe0\0\0\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x80\0\0\0\x08\0\0\0\0\0\0\0\0",
                     "\xb8\xe0\0\0\xff\xff\0\0\0\xff\xff\xff\xf8"),
    SIGNATURE_MASKED(0, "\0\0\0\0\x01\0\0", "\x38\xe0\0\0\xf1\xff\xff"),
    SIGNATURE_MASKED(0, "\0\0\0\0\x0a\0\0\0\0\0\x10", "\x38\xe0\0\0\xff\xff\xff\0\0\xff\xff"),
    SIGNATURE_MASKED(0, "\x80\0\xff\xff\x0c\0\0", "\xb8\xe0\xff\xff\xff\xff\xff"),
    SIGNATURE(0, NODE_MAGIC),
};

const struct cdpi_protocol cdpi_protocol_cassandra = {
    .name = "Cassandra",
    .reference =
        "Apache Cassandra: native_protocol_v3.spec, _v4.spec, _v5.spec; HandshakeProtocol.java",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(9042),
    SIGNATURES(signatures),
    .validate = validate,
};
