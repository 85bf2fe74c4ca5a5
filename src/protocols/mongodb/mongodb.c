/* SPDX-License-Identifier: MIT */
/*
 * MongoDB's wire protocol (mongodb.com, "MongoDB Wire Protocol"), little-endian:
 *
 *     length(4) request(4) response to(4) opcode(4)
 *
 * then OP_MSG (2013): flags(4) section kind(1) document; OP_QUERY (2004): flags(4) "db.$cmd\0" ...;
 * OP_REPLY (1): flags(4) cursor(8) from(4) number(4) documents; OP_COMMANDREPLY (2011): documents;
 * OP_COMPRESSED (2012): opcode(4) size(4) way(1). A document's size stands first, and holds within
 * the message.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum {
    HEADER = 16,
    LENGTH_LIMIT = 48000000,
    OP_REPLY = 1,
    OP_UPDATE = 2001,
    OP_INSERT = 2002,
    OP_QUERY = 2004,
    OP_GET_MORE = 2005,
    OP_KILL_CURSORS = 2007,
    OP_COMMAND = 2010,
    OP_COMMAND_REPLY = 2011,
    OP_COMPRESSED = 2012,
    OP_MSG = 2013,
    KNOWN_FLAGS = 0x10003, /* of OP_MSG */
    NAME_LIMIT = 130,
    LAST_COMPRESSOR = 3
};
#define OF_NONE UINT32_MAX /* what a query is an answer to, by old clients' words */

static bool document_fits(struct cursor c, uint32_t left)
{
    uint32_t size = cursor_le32(&c);
    return c.ran_short || (size >= 5 && size <= left);
}

static bool is_message(struct cursor c, uint32_t length)
{
    uint32_t flags = cursor_le32(&c);
    uint8_t kind = cursor_u8(&c);
    if (c.ran_short)
        return true;
    return (flags & ~(uint32_t)KNOWN_FLAGS) == 0 && kind <= 1 && document_fits(c, length - 21);
}

/* "admin.$cmd": text with a dot, then numbers and a document. */
static bool is_query(struct cursor c)
{
    uint32_t flags = cursor_le32(&c);
    int32_t size = cursor_find(&c, 0, NAME_LIMIT);
    if (c.ran_short || size < 0)
        return cursor_left(&c) < NAME_LIMIT;
    struct cursor name = cursor_take(&c, (uint32_t)size);
    if (flags > 0xff || cursor_find(&name, '.', NAME_LIMIT) < 1)
        return false;
    while (cursor_left(&name) > 0) {
        if (!text_is_plain(cursor_u8(&name)))
            return false;
    }
    return true;
}

/* A database and a command, by name. */
static bool is_command(struct cursor c)
{
    for (unsigned names = 0; names < 2; names++) {
        uint8_t byte = cursor_u8(&c);
        if (c.ran_short)
            return true;
        if (byte == 0)
            return false;
        while (byte != 0) {
            if (!text_is_plain(byte))
                return false;
            byte = cursor_u8(&c);
            if (c.ran_short)
                return true;
        }
    }
    return true;
}

static bool is_reply(struct cursor c, uint32_t length)
{
    uint32_t flags = cursor_le32(&c);
    cursor_skip(&c, 12);
    uint32_t number = cursor_le32(&c);
    if (c.ran_short)
        return true;
    return flags <= 0xf && number <= 100000 && (number == 0 || document_fits(c, length - 36));
}

static bool is_compressed(struct cursor c)
{
    uint32_t opcode = cursor_le32(&c), size = cursor_le32(&c);
    uint8_t way = cursor_u8(&c);
    bool is_known = opcode == OP_REPLY || (opcode > 2000 && opcode <= OP_MSG);
    return c.ran_short ||
           (is_known && opcode != OP_COMPRESSED && size <= LENGTH_LIMIT && way <= LAST_COMPRESSOR);
}

static bool body_fits(uint32_t opcode, struct cursor c, uint32_t length)
{
    switch (opcode) {
    case OP_MSG:
        return is_message(c, length);
    case OP_QUERY:
        return is_query(c);
    case OP_REPLY:
        return is_reply(c, length);
    case OP_COMPRESSED:
        return is_compressed(c);
    case OP_INSERT:
        return is_query(c);
    case OP_COMMAND:
        return is_command(c);
    case OP_COMMAND_REPLY:
        return document_fits(c, length - HEADER);
    default:
        return opcode >= OP_UPDATE && opcode <= OP_KILL_CURSORS && cursor_peek_u32(&c, 0) == 0;
    }
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint32_t length = cursor_le32(&c);
    cursor_skip(&c, 4);
    uint32_t answers = cursor_le32(&c), opcode = cursor_le32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length < HEADER + 5 || length > LENGTH_LIMIT || !body_fits(opcode, c, length) ||
        (c.side == CLIENT && answers != 0 && !(answers == OF_NONE && opcode == OP_QUERY)))
        return NO;
    if (cursor_left(&c) < 25 && c.size < length && !in->is_final)
        return wants(in, (enum side)c.side, HEADER + 25 < length ? HEADER + 25 : length);
    return yes(in, "message", &c);
}

/* A reply names the request. */
static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_joined(in, judge, judge);
    if (answer == YES && in->client.size == 0 && cursor_peek_u32(&in->server, 8) == 0)
        return LIKELY;
    return answer;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(3, "\0\0\0\0\0\0\0\0\0\xdd\x07\0\0", "\xfc\0\0\0\0\0\0\0\0\xff\xff\xff\xff"),
    SIGNATURE_MASKED(3, "\0\0\0\0\0\0\0\0\0\xd0\x07\0\0", "\xfc\0\0\0\0\0\0\0\0\xf0\xff\xff\xff"),
    SIGNATURE_MASKED(3, "\0\0\0\0\0\0\0\0\0\x01\0\0\0", "\xfc\0\0\0\0\0\0\0\0\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_mongodb = {
    .name = "MongoDB",
    .reference = "mongodb.com: MongoDB Wire Protocol",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(27017),
    SIGNATURES(signatures),
    .validate = validate,
};
