/* SPDX-License-Identifier: MIT */
/*
 * WeChat's mmtls (Citizen Lab, "Should We Chat, Too? Security Analysis of WeChat's MMTLS Encryption
 * Protocol", 2024): records like TLS's, with a version of its own.
 *
 *     type (1: 0x15 alert, 0x16 handshake, 0x17 data, 0x19 early handshake)  0xf1  3 or 4  length
 *       (2)
 *
 * A handshake's body begins with its length (4).
 *
 * Before mmtls, and within it, messages have a header of 16 bytes (Tencent's Mars, long links):
 *
 *     length (4, all counted)  16 (2)  1 (2)  command (4; answers: 1,000,000,000 more)  number (4)
 */
#include "protocols/protocol.h"

enum { ALERT = 0x15, HANDSHAKE = 0x16, DATA = 0x17, EARLY = 0x19, LENGTH_LIMIT = 1 << 14 };

static bool record_read(struct cursor *c, uint8_t *type, uint16_t *length)
{
    *type = cursor_u8(c);
    uint8_t mark = cursor_u8(c), version = cursor_u8(c);
    *length = cursor_u16(c);
    if (c->ran_short)
        return true;
    bool is_type = *type == ALERT || *type == HANDSHAKE || *type == DATA || *type == EARLY;
    return is_type && mark == 0xf1 && (version == 3 || version == 4) && *length > 0 &&
           *length <= LENGTH_LIMIT;
}

enum { LONG_HEADER = 16, LONG_LIMIT = 1 << 20, COMMANDS = 1 << 16, ANSWERS_FROM = 1000000000 };
enum { HEARTBEAT = 6 };

/* goim (and Bilibili) have the same header: what is WeChat's are the heartbeat of command 6, whose
 * number is all ones, and the answers' commands. */
static enum answer judge_long_link(struct inspection *in, struct cursor c)
{
    uint32_t length = cursor_u32(&c);
    uint16_t header = cursor_u16(&c), version = cursor_u16(&c);
    uint32_t command = cursor_u32(&c), number = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_answer = command > ANSWERS_FROM;
    if (is_answer)
        command -= ANSWERS_FROM;
    if (length < LONG_HEADER || length > LONG_LIMIT || header != LONG_HEADER || version != 1 ||
        command == 0 || command >= COMMANDS)
        return NO;
    if (is_answer || (command == HEARTBEAT && number == UINT32_MAX))
        return yes(in, "long link", &c);
    if (c.side == SERVER)
        return NO;
    return in->server.size ? yes(in, "long link", &c) : wants(in, SERVER, 1);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) == 0)
        return judge_long_link(in, c);
    uint8_t type = 0;
    uint16_t length = 0;
    int first = cursor_peek(&c, 0);
    if (first < ALERT || first > EARLY || !record_read(&c, &type, &length))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    struct cursor body = c;
    uint32_t inner = cursor_u32(&body);
    if ((type == HANDSHAKE || type == EARLY) && !body.ran_short)
        return inner + 4 == length ? yes(in, "handshake", &body) : NO;
    if (type == HANDSHAKE || type == EARLY)
        return short_of(in, &body);
    /* Joined late: the next record must be one too. */
    if (!cursor_skip(&c, length) || cursor_at_end(&c)) {
        c.at = c.size;
        return short_of(in, &c);
    }
    if (!record_read(&c, &type, &length))
        return NO;
    return c.ran_short ? short_of(in, &c) : yes(in, "records", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(1, "\xf1\0\0", "\xff\xf8\xc0"),
    SIGNATURE_MASKED(0, "\0\0\0\0\0\x10\0\1", "\xff\xf0\0\0\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_wechat = {
    .name = "WeChat",
    .reference = "Citizen Lab, Should We Chat, Too? Security Analysis of WeChat's MMTLS (2024)",
    .transports = OVER_TCP,
    .category = CATEGORY_CHAT,
    .is_encrypted = true,
    SIGNATURES(signatures),
    .validate = validate,
};
