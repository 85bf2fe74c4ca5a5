/* SPDX-License-Identifier: MIT */
/*
 * Java's debug wire protocol (Oracle, JDWP Specification): both sides begin with the same words,
 * then packets go both ways:
 *
 *     length(4) id(4) flags(1) = 00 set(1) command(1)    commands, and the machine's events
 *     length(4) id(4) flags(1) = 80 error(2)             replies, with the command's id
 */
#include "protocols/protocol.h"

enum {
    HEADER = 11,
    SIZE_LIMIT = 1 << 20,
    REPLY = 0x80,
    LAST_SET = 18,
    EVENTS = 64,
    COMPOSITE = 100,
    LAST_POLICY = 2,
    EVENTS_LIMIT = 64,
    LAST_ERROR = 600
};

static bool begins_with_words(const struct cursor *c)
{
    return cursor_may_start_with(c, "JDWP-Handshake");
}

static enum answer judge_words(struct inspection *in, struct cursor c)
{
    if (!begins_with_words(&c))
        return NO;
    return cursor_accept_text(&c, "JDWP-Handshake") ? yes(in, "handshake", &c)
                                                    : wants(in, (enum side)c.side, 14);
}

/* Joined late: a packet's header. The events that a machine tells of say how it is halted, and how
 * many they are. */
static enum answer judge_packet(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u32(&c);
    cursor_skip(&c, 4);
    uint8_t flags = cursor_u8(&c), first = cursor_u8(&c), second = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size < HEADER || size > SIZE_LIMIT || (flags != 0 && flags != REPLY))
        return NO;
    if (flags == REPLY)
        return c.side == SERVER && (first << 8 | second) <= LAST_ERROR ? likely(in, "reply", &c)
                                                                       : NO;
    if (c.side == CLIENT)
        return first >= 1 && first <= LAST_SET && second > 0 && second < EVENTS
                   ? likely(in, "command", &c)
                   : NO;
    uint8_t policy = cursor_u8(&c);
    uint32_t count = cursor_u32(&c);
    if (first != EVENTS || second != COMPOSITE)
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    return policy <= LAST_POLICY && count > 0 && count <= EVENTS_LIMIT ? yes(in, "events", &c) : NO;
}

/* The first reply is one to the first command. */
static bool is_answered(const struct inspection *in)
{
    return cursor_peek(&in->server, 8) == REPLY &&
           cursor_peek_u32(&in->client, 4) == cursor_peek_u32(&in->server, 4);
}

static enum answer validate(struct inspection *in)
{
    if ((in->client.size && begins_with_words(&in->client)) ||
        (in->server.size && begins_with_words(&in->server)))
        return judge_sides(in, judge_words, judge_words);
    if (in->server.size == 0)
        return wants(in, SERVER, 1);
    enum answer answer = judge_sides(in, judge_packet, judge_packet);
    if (answer != LIKELY || !both_spoke(in))
        return answer == LIKELY ? (in->is_final ? NO : wants(in, CLIENT, 1)) : answer;
    if (is_answered(in))
        return answer_at(in, YES, "command and reply", SERVER, 0, HEADER);
    return cursor_peek(&in->server, 8) == 0 ? LIKELY : NO; /* events, or another command's reply */
}

static const struct signature signatures[] = {
    SIGNATURE(0, "JDWP-Handshake"),
    SIGNATURE_MASKED(0, "\0\0\0\0\0\0\0\0\0\x40\x64", "\xff\xf0\0\0\xff\0\0\0\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\0\0\0\0\0\0\0\0\x80\0", "\xff\xf0\0\0\xff\0\0\0\xff\xfc"),
};

const struct cdpi_protocol cdpi_protocol_jdwp = {
    .name = "JDWP",
    .reference = "Java Debug Wire Protocol specification: handshake, packets",
    .transports = OVER_TCP,
    .category = CATEGORY_DEVELOPMENT,
    .tcp_ports = PORTS(8000, 5005),
    SIGNATURES(signatures),
    .validate = validate,
};
