/* SPDX-License-Identifier: MIT */
/*
 * iSCSI, RFC 7143 sections 11.12 and 11.13: the login's header of 48 bytes, then keys of text.
 *
 *     request:  43 or 03, flags, version(2) 0 0, AHS' size(1) = 0, data's size(3), ISID(6),
 * TSIH(2), task(4), CID(2), 0(2), numbers(8), 0(16) response: 23, flags, version(2) 0 0, 0(1),
 * data's size(3), ISID(6), TSIH(2), task(4), 0(4), numbers(12), status(2), 0
 */
#include "protocols/protocol.h"

enum {
    HEADER = 48,
    ISID_AT = 8,
    TASK_AT = 16,
    LOGIN = 0x03,
    LOGIN_RESPONSE = 0x23,
    DATA_LIMIT = 0x10000,
    LAST_STATUS = 3
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

static enum answer judge(struct inspection *in, struct cursor c, uint8_t operation)
{
    uint8_t found = cursor_u8(&c) & 0xbf, flags = cursor_u8(&c);
    uint8_t most = cursor_u8(&c), active = cursor_u8(&c), extra = cursor_u8(&c);
    uint32_t size = cursor_u24(&c);
    uint8_t kind = cursor_u8(&c);
    if (found != operation || !flags_fit(flags) || most > 2 || active > 2 || extra != 0)
        return NO;
    if (c.size >= 8 && (size > DATA_LIMIT || kind >> 6 == 3))
        return NO;
    cursor_seek(&c, operation == LOGIN ? 32 : 36);
    uint8_t status = operation == LOGIN ? 0 : cursor_u8(&c);
    cursor_seek(&c, HEADER);
    if (c.ran_short)
        return short_of(in, &c);
    if (status > LAST_STATUS)
        return NO;
    if (size == 0) /* the first request names the initiator; a response may have nothing to say */
        return operation == LOGIN_RESPONSE && both_spoke(in) ? yes(in, "login response", &c) : NO;
    if (cursor_left(&c) < 64 && cursor_left(&c) < size && cursor_find(&c, '=', 64) < 0 &&
        !in->is_final)
        return wants_more(in, &c);
    return is_key(c) ? yes(in, operation == LOGIN ? "login request" : "login response", &c) : NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    return judge(in, c, LOGIN);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    return judge(in, c, LOGIN_RESPONSE);
}

/* A response repeats the session's ISID and the task's tag. */
static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge_client, judge_server);
    if (answer < LIKELY || !both_spoke(in))
        return answer;
    bool same = cursor_peek_u32(&in->client, ISID_AT) == cursor_peek_u32(&in->server, ISID_AT) &&
                cursor_peek_u32(&in->client, TASK_AT) == cursor_peek_u32(&in->server, TASK_AT);
    return same ? answer : NO;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x03\0\0\0\0\0", "\xbf\x30\xfc\xfc\xff\xfe"),
    SIGNATURE_MASKED(0, "\x23\0\0\0\0\0", "\xff\x30\xfc\xfc\xff\xfe"),
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
