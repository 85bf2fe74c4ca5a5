/* SPDX-License-Identifier: MIT */
/*
 * iSCSI, RFC 7143 sections 11.12 and 11.13: the login's header of 48 bytes, then keys of text.
 *
 *     request:   43 or 03, flags, version(2) 0 0, AHS' size(1) = 0, data's size(3), ISID(6),
 *                TSIH(2), task(4), CID(2), 0(2), numbers(8), 0(16)
 *     response:  23, flags, version(2) 0 0, 0(1), data's size(3), ISID(6), TSIH(2), task(4),
 *                0(4), numbers(12), status(2), 0
 */
#include "protocols/protocol.h"

enum {
    HEADER = 48,
    ISID_AT = 8,
    TASK_AT = 16,
    LOGIN = 0x03,
    LOGIN_RESPONSE = 0x23,
    DATA_LIMIT = 0x10000,
    LAST_STATUS = 3,
    DATA_OUT = 0x05,
    DATA_IN = 0x25,
    WINDOW = 0x10000
};

/* T and C exclude each other; stages 0, 1 and 3 (section 11.12.3); bits 4 and 5 are reserved. */
static bool flags_fit(uint8_t flags)
{
    return !(flags & 0x30) && (flags & 0xc0) != 0xc0 && (flags & 3) != 2 && (flags & 0x0c) != 8;
}

/* "Key=value" and a zero; a response may have none. */
static bool is_key(struct cursor c)
{
    int32_t size = cursor_find(&c, '=', 64);
    if (size <= 0)
        return false;
    uint8_t first = cursor_u8(&c);
    return first >= 'A' && first <= 'Z';
}

/* A response without keys and without its request: what section 11.13 reserves is zero. */
static enum answer judge_bare(struct inspection *in, struct cursor c)
{
    cursor_seek(&c, 38);
    uint64_t reserved = cursor_u64(&c) | cursor_u16(&c);
    bool is_told = reserved == 0 && cursor_peek_u32(&in->server, TASK_AT + 4) == 0;
    return is_told ? likely(in, "login response", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c, uint8_t operation)
{
    bool is_immediate = cursor_peek(&c, 0) & 0x40;
    uint8_t found = cursor_u8(&c) & 0xbf, flags = cursor_u8(&c);
    uint8_t most = cursor_u8(&c), active = cursor_u8(&c), extra = cursor_u8(&c);
    uint32_t size = cursor_u24(&c);
    uint8_t kind = cursor_u8(&c);
    if (found != operation || !flags_fit(flags) || most > 2 || active > 2 || extra != 0)
        return NO;
    if (c.size >= 8 && (size > DATA_LIMIT || kind >> 6 == 3))
        return NO;
    /* Of a session that is not there yet there is no handle; the answer gives it. */
    bool is_first = c.size >= TASK_AT && (operation != LOGIN || cursor_peek_u16(&c, 5) == 0);
    cursor_seek(&c, operation == LOGIN ? 32 : 36);
    uint8_t status = operation == LOGIN ? 0 : cursor_u8(&c);
    cursor_seek(&c, HEADER);
    if (c.ran_short) /* the fields before the tag meet 57 bits */
        return is_first && size > 0 && (operation != LOGIN || is_immediate)
                   ? likely_at_end(in, "login", &c)
                   : short_of(in, &c);
    if (status > LAST_STATUS)
        return NO;
    if (size == 0) /* the first request names the initiator; a response may have nothing to say */
        return operation != LOGIN_RESPONSE ? NO
               : both_spoke(in)            ? yes(in, "login response", &c)
                                           : judge_bare(in, c);
    if (cursor_left(&c) < 64 && cursor_left(&c) < size && cursor_find(&c, '=', 64) < 0 &&
        !in->is_final)
        return wants_more(in, &c);
    return is_key(c) ? yes(in, operation == LOGIN ? "login request" : "login response", &c) : NO;
}

/* Joined late: any other PDU, RFC 7143 section 11.2. What is reserved in all of them, a flat unit
 * number, a task's tag and counters that are there. */
static bool is_operation(uint8_t operation, uint8_t flags, uint16_t next, bool is_client)
{
    bool is_final = flags == 0x80;
    if (is_client) {
        uint8_t kind = flags & 0x7f;
        switch (operation) {
        case 0x01: /* a command: final, read, write, attribute */
            return flags & 0x80 && !(flags & 0x18) && (flags & 7) <= 4 && next == 0;
        case 0x00: /* NOP */
        case DATA_OUT:
            return is_final && next == 0;
        case 0x02: /* task management: the function */
            return flags & 0x80 && kind >= 1 && kind <= 14 && next == 0;
        case 0x04: /* text: the last, or more to come */
            return (is_final || flags == 0x40) && next == 0;
        case 0x06: /* logout: the reason */
            return flags & 0x80 && kind <= 2 && next == 0;
        default:
            return false;
        }
    }
    switch (operation) {
    case 0x20: /* NOP */
    case 0x24: /* text */
    case 0x31: /* ready to transfer */
    case 0x32: /* an event */
        return is_final && next == 0;
    case 0x21: /* the answer to a command: response, status */
    case 0x22:
    case 0x26:
        return (flags & 0xe1) == 0x80 && next <= 0x01ff;
    case DATA_IN: /* status in the last one */
        return !(flags & 0x38) && next <= 0x40;
    default:
        return operation == 0x3f && is_final && next >> 8 <= 0x0c;
    }
}

/* Sections 11.3.2 and 11.4.8: a command's number, and the status' that is expected; a status'
 * number, and the commands that may come, of which there are not many. */
static bool are_numbers(struct cursor c, uint8_t operation, uint8_t flags, bool is_client)
{
    uint32_t number = cursor_u32(&c), expected = cursor_u32(&c), most = cursor_u32(&c);
    if (expected == 0)
        return false;
    if (is_client)
        return operation == DATA_OUT ? number == 0 : number != 0;
    bool has_status = operation != DATA_IN || flags & 1;
    return has_status == (number != 0) && most - expected + 1 <= WINDOW;
}

static enum answer judge_late(struct inspection *in, struct cursor c, bool is_client)
{
    uint8_t operation = cursor_u8(&c) & (is_client ? 0xbf : 0xff), flags = cursor_u8(&c);
    uint16_t next = cursor_u16(&c);
    uint8_t extra = cursor_u8(&c);
    uint32_t size = cursor_u24(&c);
    cursor_skip(&c, 2);
    uint16_t unit = cursor_u16(&c);
    uint32_t rest = cursor_u32(&c);
    uint32_t task = cursor_u32(&c);
    cursor_skip(&c, 4);
    struct cursor numbers = c;
    cursor_seek(&c, HEADER);
    if (c.ran_short)
        return c.at < 2 || is_operation(operation, flags, c.at < 4 ? 0 : next, is_client)
                   ? short_of(in, &c)
                   : NO;
    bool is_sound = extra == 0 && size <= DATA_LIMIT * 4 && (unit | rest) == 0 && task != 0 &&
                    are_numbers(numbers, operation, flags, is_client);
    return is_sound && is_operation(operation, flags, next, is_client) ? likely(in, "PDU", &c) : NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    bool is_login = (cursor_peek(&c, 0) & 0xbf) == LOGIN;
    return is_login ? judge(in, c, LOGIN) : judge_late(in, c, true);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    bool is_login = cursor_peek(&c, 0) == LOGIN_RESPONSE;
    return is_login ? judge(in, c, LOGIN_RESPONSE) : judge_late(in, c, false);
}

/* A response repeats the session's ISID and the task's tag. */
static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge_client, judge_server);
    if (answer < LIKELY || !both_spoke(in))
        return answer;
    if (answer == LIKELY)
        return answer;
    bool same = cursor_peek_u32(&in->client, ISID_AT) == cursor_peek_u32(&in->server, ISID_AT) &&
                cursor_peek_u32(&in->client, TASK_AT) == cursor_peek_u32(&in->server, TASK_AT);
    return same ? answer : NO;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x03\0\0\0\0\0", "\xbf\x30\xfc\xfc\xff\xfe"),
    SIGNATURE_MASKED(0, "\x23\0\0\0\0\0", "\xff\x30\xfc\xfc\xff\xfe"),
    SIGNATURE_MASKED(0, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                     "\x80\x18\0\0\xff\xfc\0\0\0\0\xff\xff\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_iscsi = {
    .name = "iSCSI",
    .reference = "RFC 7143 sections 11.12 and 11.13",
    .transports = OVER_TCP,
    .category = CATEGORY_CLUSTER,
    .tcp_ports = PORTS(3260),
    SIGNATURES(signatures),
    .validate = validate,
};
