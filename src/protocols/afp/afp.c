/* SPDX-License-Identifier: MIT */
/*
 * AFP over DSI, Apple's "AppleTalk Filing Protocol Reference", section "DSI":
 *
 *     0 request or 1 reply(1) command(1) id(2) data's offset or error(4) size(4) 0(4)
 */
#include "protocols/protocol.h"

enum {
    CLOSE_SESSION = 1,
    COMMAND = 2,
    GET_STATUS = 3,
    OPEN_SESSION = 4,
    TICKLE = 5,
    WRITE = 6,
    ATTENTION = 8,
    SIZE_LIMIT = 0x1000000,
    HEADER = 16
};

/* Errors are 0 or a small negative number. */
static bool is_error(uint32_t code)
{
    return code == 0 || code >= 0xffffd800;
}

/* Section "DSIOpenSession": option 1 (request quantum) or 0 (server's), 4 bytes. */
static bool opens_session(struct cursor c, uint32_t size)
{
    uint8_t option = cursor_u8(&c), length = cursor_u8(&c);
    return size == 0 || (size >= 6 && option <= 2 && length == 4);
}

/* The next header, where this message ends within the head. */
static bool goes_on(struct cursor c, uint32_t size)
{
    if (!cursor_skip(&c, size))
        return true;
    int flags = cursor_peek(&c, 0), command = cursor_peek(&c, 1);
    return flags <= 1 && command != 0 && command <= ATTENTION;
}

/* Section "AFP Commands": what a request asks for is its first byte. A write says where in it the
 * data begin: behind the 12 bytes of FPWrite, the 20 of FPWriteExt, or an icon's description. */
static bool is_request(const struct cursor *c, uint8_t command, uint32_t code, uint32_t size)
{
    int function = cursor_peek(c, 0);
    if (command == WRITE && (code > size || (function >= 0 && code < 12)))
        return false;
    bool is_listed = (function >= 1 && function <= 79) || function == 122 || function == 192;
    return command == ATTENTION || (size > 0 && (function < 0 || is_listed));
}

/* What ends where its message does tells at the end, whether or not the other side was captured. */
static bool is_whole(const struct cursor *c, uint8_t command, uint32_t size)
{
    if (size == 0)
        return command == TICKLE && c->size % HEADER == 0;
    return command == ATTENTION ? size == 2 && cursor_left(c) == 2 : cursor_left(c) == size;
}

/* Both sides must speak so, or one be borne by the other. A reply is little more than zeros. */
static enum answer judge_command(struct inspection *in, struct cursor c, bool is_reply,
                                 uint8_t command, uint32_t size)
{
    if (!goes_on(c, size))
        return NO;
    if (both_spoke(in))
        return size > 0 && !is_reply ? yes(in, "command", &c) : likely(in, "command", &c);
    if (in->is_final)
        return is_whole(&c, command, size) ? likely(in, size ? "command" : "tickle", &c) : NO;
    return wants(in, c.side == CLIENT ? SERVER : CLIENT, 1);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t flags = cursor_u8(&c), command = cursor_u8(&c);
    if (flags > 1 || command > ATTENTION || command == 7 || (c.size > 1 && command == 0))
        return NO;
    cursor_skip(&c, 2);
    uint32_t code = cursor_u32(&c), size = cursor_u32(&c), zero = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (zero != 0 || size > SIZE_LIMIT || (flags ? !is_error(code) : command != WRITE && code != 0))
        return NO;
    bool asks = !flags && (command == COMMAND || command == WRITE || command == ATTENTION);
    if (asks && !is_request(&c, command, code, size))
        return NO;
    if (command != OPEN_SESSION && command != GET_STATUS)
        return judge_command(in, c, flags, command, size);
    if (command == OPEN_SESSION && cursor_left(&c) < 2 && size > 0 && !in->is_final)
        return wants(in, (enum side)c.side, 18);
    if ((command == OPEN_SESSION && !opens_session(c, size)) || !goes_on(c, size))
        return NO;
    bool is_enough = both_spoke(in) || (command == OPEN_SESSION && size > 0);
    const char *rule = command == OPEN_SESSION ? "session opens" : "status";
    return is_enough ? yes(in, rule, &c) : likely(in, rule, &c);
}

/* The reply has the request's command and number. */
static bool is_answered(const struct inspection *in)
{
    return cursor_peek(&in->client, 0) == 0 && cursor_peek(&in->server, 0) == 1 &&
           cursor_peek(&in->client, 1) == cursor_peek(&in->server, 1) &&
           cursor_peek_u16(&in->client, 2) == cursor_peek_u16(&in->server, 2);
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_joined(in, judge, judge);
    return answer == LIKELY && both_spoke(in) && is_answered(in)
               ? answer_at(in, YES, "request and reply", SERVER, 0, HEADER)
               : answer;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                     "\xff\xf0\0\0\xff\0\0\0\xff\0\0\0\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                     "\xff\xf0\0\0\0\0\0\0\xff\0\0\0\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_afp = {
    .name = "AFP",
    .reference = "Apple Filing Protocol Reference, Data Stream Interface",
    .transports = OVER_TCP,
    .category = CATEGORY_FILE_SHARING,
    .tcp_ports = PORTS(548),
    SIGNATURES(signatures),
    .validate = validate,
};
