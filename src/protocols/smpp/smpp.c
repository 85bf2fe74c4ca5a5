/* SPDX-License-Identifier: MIT */
/*
 * SMPP, Short Message Peer-to-Peer Protocol Specification v3.4 section 3.2: size(4) command(4)
 * status(4) sequence(4), big-endian, then texts that end with a zero (section 4). Both sides may
 * request; a response has the command's highest bit set.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 16,
    RESPONSE_SHIFT = 31,
    SIZE_LIMIT = 0x10000,
    LAST_STATUS = 0x4ff,
    ENQUIRE_LINK = 0x15,
    UNBIND = 6,
    BIND_RECEIVER = 1,
    BIND_TRANSMITTER = 2,
    BIND_TRANSCEIVER = 9,
    SUBMIT = 4,
    DELIVER = 5,
    DATA = 0x103,
    LAST_NUMBER_TYPE = 8,
    LAST_PLAN = 18
};

/* A text of so many bytes at the most with its zero; printable. */
static bool text(struct cursor *c, uint32_t most)
{
    for (uint32_t i = 0; i < most; i++) {
        uint8_t byte = cursor_u8(c);
        if (byte == 0) /* also where it ran short */
            return true;
        if (byte < ' ' || byte == 0x7f)
            return false;
    }
    return false;
}

static bool numbering(struct cursor *c)
{
    uint8_t type = cursor_u8(c), plan = cursor_u8(c);
    return type <= LAST_NUMBER_TYPE && plan <= LAST_PLAN;
}

/* Section 4.1: system, password, kind; version; range of addresses. */
static bool is_bind(struct cursor *c)
{
    if (!text(c, 16) || !text(c, 9) || !text(c, 13))
        return false;
    uint8_t version = cursor_u8(c);
    return (version <= 0x34 || version == 0x50) && numbering(c) && text(c, 41);
}

/* Sections 4.4, 4.6: service, source, destination. */
static bool is_message(struct cursor *c)
{
    return text(c, 6) && numbering(c) && text(c, 65) && numbering(c) && text(c, 65);
}

/* What the command's body must be. */
static bool is_request(struct cursor *c, uint32_t command, uint32_t size)
{
    switch (command) {
    case BIND_RECEIVER:
    case BIND_TRANSMITTER:
    case BIND_TRANSCEIVER:
        return size >= HEADER + 7 && is_bind(c);
    case SUBMIT:
    case DELIVER:
    case DATA:
        return size >= HEADER + 10 && is_message(c);
    case UNBIND:
    case ENQUIRE_LINK:
        return size == HEADER;
    default:
        return false;
    }
}

/* Sections 4.1.2, 4.4.2: nothing, or the system's name or the message's id first. */
static bool is_response(struct cursor *c, uint32_t command, uint32_t size)
{
    bool is_empty = command == UNBIND || command == ENQUIRE_LINK;
    bool is_known = is_empty || (command >= BIND_RECEIVER && command <= 9) || command == DATA;
    if (!is_known || (is_empty && size != HEADER))
        return false;
    return size == HEADER || text(c, 65);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u32(&c), command = cursor_u32(&c);
    uint32_t status = cursor_u32(&c), sequence = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_answer = command >> RESPONSE_SHIFT != 0;
    command &= INT32_MAX;
    if (size < HEADER || size > SIZE_LIMIT || sequence == 0 || status > LAST_STATUS ||
        (!is_answer && status != 0))
        return NO;
    if (!(is_answer ? is_response(&c, command, size) : is_request(&c, command, size)))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    bool is_bind = !is_answer && (command <= BIND_TRANSMITTER || command == BIND_TRANSCEIVER);
    if (is_bind ? c.at != size : c.at > size)
        return NO;
    return yes(in, is_answer ? "response" : "request", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 12,
     .bytes = "\0\0\0\0\0\0\0\0\0\0\0\0",
     .mask = "\xff\xff\0\0\xff\xff\xfe\xe0\xff\xff\xff\xff"},
    {.size = 12,
     .bytes = "\0\0\0\0\x80\0\0\0\0\0\0\0",
     .mask = "\xff\xff\0\0\xff\xff\xfe\xe0\xff\xff\xf8\0"},
};

const struct cdpi_protocol cdpi_protocol_smpp = {
    .name = "SMPP",
    .reference = "SMPP Protocol Specification v3.4 sections 3.2, 4",
    .transports = OVER_TCP,
    .category = CATEGORY_TELEPHONY,
    .tcp_ports = PORTS(2775),
    SIGNATURES(signatures),
    .validate = validate,
};
