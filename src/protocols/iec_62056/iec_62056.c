/* SPDX-License-Identifier: MIT */
/*
 * DLMS/COSEM over TCP and UDP. IEC 62056-47: a wrapper,
 *
 *     0001 source(2) destination(2) length(2)
 *
 * around APDUs of IEC 62056-53: association requests and responses (60, 61) hold the COSEM
 * name 2.16.756.5.8.
 *
 * Modems and serial servers carry what meters speak on a line: HDLC, IEC 62056-46 clause 6.4,
 *
 *     7e  a000 + size(2)  destination(1, 2, 4)  source(1, 2, 4)  control(1)  check(2) ... 7e
 *
 * and the sign-on of IEC 62056-21 clause 6.3: "/?" [address] "!" CRLF, answered by "/" three
 * letters, a speed and what the meter is called.
 */
#include "framing/crc.h"
#include "framing/text.h"
#include "protocols/protocol.h"

enum {
    FLAG = 0x7e,
    FOLLOWERS = 8,
    LINE_LIMIT = 64,
    HEADER = 8,
    ASSOCIATE = 0x60,
    ASSOCIATED = 0x61,
    MOST = 4096
};

/* xDLMS services: get, set, action, their responses, their ciphered forms, exceptions,
 * notifications. */
static bool is_service(uint8_t tag)
{
    return tag == 0x0f || tag == 0x0e || tag == 0x62 || tag == 0x63 || tag == 0xc0 || tag == 0xc1 ||
           tag == 0xc2 || tag == 0xc3 || tag == 0xc4 || tag == 0xc5 || tag == 0xc7 ||
           (tag >= 0xc8 && tag <= 0xcf) || (tag >= 0xd0 && tag <= 0xd8) ||
           (tag >= 0xdb && tag <= 0xe2) || tag == 0x01 || tag == 0x05 || tag == 0x06 ||
           tag == 0x08 || tag == 0x0c || tag == 0x0d;
}

/* ---- the wrapper ------------------------------------------------------------------------- */

/* The further APDUs of a stream go between the same two; how many begin with such a header. */
static unsigned count_followers(struct cursor c, uint16_t source, uint16_t destination)
{
    unsigned count = 0;
    for (; cursor_left(&c) >= HEADER && count < FOLLOWERS; count++) {
        uint16_t version = cursor_u16(&c), from = cursor_u16(&c), to = cursor_u16(&c);
        uint16_t length = cursor_u16(&c);
        if (version != 1 || from != source || to != destination || length < 2 || length > MOST)
            return 0;
        cursor_seek(&c, c.at + length < c.size ? c.at + length : c.size);
    }
    return count;
}

static enum answer judge_wrapper(struct inspection *in, struct cursor c)
{
    uint16_t version = cursor_u16(&c), source = cursor_u16(&c), destination = cursor_u16(&c);
    uint16_t length = cursor_u16(&c);
    uint8_t tag = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (version != 1 || length < 2 || length > MOST || source == 0 || destination == 0)
        return NO;
    if (is_udp(in) && !fills_datagram(in, &c, HEADER + (uint32_t)length))
        return NO;
    if (tag == ASSOCIATE || tag == ASSOCIATED) {
        if (cursor_find_text(&c, "\x60\x85\x74\x05\x08", 24) >= 0)
            return yes(in, "association", &c);
        return cursor_left(&c) < 24 ? short_of(in, &c) : NO;
    }
    if (!is_service(tag))
        return NO;
    if (c.size <= HEADER + (uint32_t)length)
        return c.size < HEADER + (uint32_t)length ? short_of(in, &c) : likely(in, "wrapper", &c);
    cursor_seek(&c, HEADER + (uint32_t)length);
    if (cursor_left(&c) < HEADER)
        return cursor_may_start(&c, "\0\x01", 2) ? likely_at_end(in, "wrapper", &c) : NO;
    return count_followers(c, source, destination) ? yes(in, "wrappers", &c) : NO;
}

/* ---- the line ---------------------------------------------------------------------------- */

/* An address ends with the byte whose lowest bit is set. */
static bool pass_address(struct cursor *c)
{
    uint32_t n = 1;
    while (n <= 4 && !(cursor_u8(c) & 1) && !c->ran_short)
        n++;
    return n == 1 || n == 2 || n == 4;
}

/* Information, its acknowledgement, the link's modes, its end. */
static bool is_control(uint8_t control)
{
    uint8_t kind = control & 0xef; /* without poll and final */
    return (control & 1) == 0 || (control & 0x0f) == 1 || (control & 0x0f) == 5 || kind == 0x83 ||
           kind == 0x63 || kind == 0x43 || kind == 0x0f || kind == 0x87 || kind == 0x03;
}

/* The check is the header's, or the frame's where that ends. */
static enum answer judge_line(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 1);
    struct cursor from = c;
    uint16_t format = cursor_u16(&c);
    bool are_addresses = pass_address(&c) && pass_address(&c);
    uint8_t control = cursor_u8(&c);
    struct cursor header = cursor_take(&from, c.at - from.at);
    uint16_t check = cursor_le16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    uint32_t end = 1 + (format & 0x07ffu); /* where the closing flag stands */
    if (format >> 12 != 0xa || !are_addresses || !is_control(control) || end < c.at ||
        crc16_hdlc(header) != check)
        return NO;
    if (end >= c.size)
        return is_udp(in) ? NO : likely(in, "HDLC frame", &c);
    cursor_seek(&c, end);
    return cursor_u8(&c) == FLAG ? yes(in, "HDLC frame", &c) : NO;
}

static bool is_letter(int byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

/* "/?!" or with an address of digits and letters between. */
static bool is_sign_on(struct cursor line)
{
    if (!cursor_accept_text(&line, "/?"))
        return false;
    for (uint32_t n = 0;
         n < 32 && (is_letter(cursor_peek(&line, 0)) || text_is_digit(cursor_peek(&line, 0))); n++)
        cursor_skip(&line, 1);
    return cursor_accept_text(&line, "!") && cursor_at_end(&line);
}

/* Three letters of the maker, a letter or digit for the speed, up to 16 characters. */
static bool is_identity(struct cursor line)
{
    cursor_skip(&line, 1);
    for (unsigned i = 0; i < 3; i++) {
        if (!is_letter(cursor_u8(&line)))
            return false;
    }
    int speed = cursor_u8(&line);
    return (is_letter(speed) || text_is_digit(speed)) && cursor_left(&line) > 0 &&
           cursor_left(&line) <= 24;
}

static enum answer judge_text(struct inspection *in, struct cursor c)
{
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state != LINE_WHOLE)
        return state == LINE_OPEN ? short_of(in, &c) : NO;
    if (is_sign_on(line))
        return both_spoke(in) ? yes(in, "sign-on", &c) : likely(in, "sign-on", &c);
    return in->client.size && c.side == SERVER && is_identity(line) ? yes(in, "identity", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    switch (cursor_peek(&c, 0)) {
    case FLAG:
        return judge_line(in, c);
    case '/':
        return judge_text(in, c);
    default:
        return judge_wrapper(in, c);
    }
}

/* The ports of the wrapper turned round. */
static bool answers(const struct inspection *in)
{
    return cursor_peek_u16(&in->client, 2) == cursor_peek_u16(&in->server, 4) &&
           cursor_peek_u16(&in->client, 4) == cursor_peek_u16(&in->server, 2);
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    if (answer < LIKELY || !both_spoke(in) || cursor_peek(&in->client, 0) != 0)
        return answer;
    if (!answers(in))
        return NO;
    return answer_at(in, YES, "wrapped both ways", SERVER, 0, HEADER + 1);
}

static const struct signature signatures[] = {
    {.size = 2, .bytes = "\0\x01", .min_size = 10, .length = {2, 6, false, HEADER}},
    {.size = 2, .bytes = "\x7e\xa0", .mask = "\xff\xf0"},
    {.transports = OVER_TCP, .size = 2, .bytes = "/?"},
};

const struct cdpi_protocol cdpi_protocol_iec_62056 = {
    .name = "IEC-62056",
    .reference =
        "IEC 62056-47 clause 5, IEC 62056-53, IEC 62056-46 clause 6.4, IEC 62056-21 clause 6.3",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(4059),
    .udp_ports = PORTS(4059),
    SIGNATURES(signatures),
    .validate = validate,
};
