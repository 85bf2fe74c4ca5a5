/* SPDX-License-Identifier: MIT */
/*
 * BFCP, RFC 8855 section 5.1:
 *
 *     version(3 bits) 1 or 2, R, F, 0(3 bits); primitive(1); size in words(2); conference(4)
 *       transaction(2) user(2)
 *
 * and attributes (section 5.2): type and M(1), size(1), value, padded to words. Version 1 is for
 * TCP, 2 for UDP.
 */
#include "protocols/protocol.h"

enum { HEADER = 12, LAST_PRIMITIVE = 18, LAST_ATTRIBUTE = 18, WORDS_LIMIT = 512 };

static bool walk(struct cursor *c, uint32_t end)
{
    while (!c->ran_short && c->at < end) {
        uint8_t type = cursor_u8(c) >> 1, size = cursor_u8(c);
        if (!c->ran_short && (type < 1 || type > LAST_ATTRIBUTE || size < 2))
            return false;
        cursor_skip(c, ((size + 3u) & ~3u) - 2);
    }
    return c->ran_short || c->at == end;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t first = cursor_u8(&c), primitive = cursor_u8(&c);
    uint16_t words = cursor_u16(&c);
    if ((first >> 5 != 1 && first >> 5 != 2) || first & 7 || (first & 8 && !is_udp(in)))
        return NO;
    if (c.size > 1 && (primitive < 1 || primitive > LAST_PRIMITIVE))
        return NO;
    uint32_t end = HEADER + words * 4u;
    cursor_skip(&c, 8);
    if (c.ran_short)
        return short_of(in, &c);
    if (is_udp(in) && end > c.size && words <= 4 && !both_spoke(in) && in->datagram_count <= 2)
        return wants(in, c.side == CLIENT ? SERVER : CLIENT, 1); /* the answer may tell */
    if (words > WORDS_LIMIT || (is_udp(in) && end != c.size))
        return NO;
    if (!walk(&c, end))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    return both_spoke(in) ? yes(in, "message", &c) : words ? likely(in, "message", &c) : MORE;
}

/* Both speak of one conference. */
/* Conference, transaction and user come back, though attributes were lost or left out. */
static enum answer judge_echo(struct inspection *in)
{
    struct cursor client = in->client, server = in->server;
    uint8_t first = cursor_u8(&client), second = cursor_u8(&server);
    uint8_t asked = cursor_u8(&client), answered = cursor_u8(&server);
    cursor_skip(&client, 2);
    cursor_skip(&server, 2);
    uint64_t mine = cursor_u64(&client), yours = cursor_u64(&server);
    bool is_echo = !client.ran_short && !server.ran_short && first == second && mine == yours &&
                   mine != 0 && (first == 0x20 || first == 0x40) && asked >= 1 && answered >= 1 &&
                   asked <= LAST_PRIMITIVE && answered <= LAST_PRIMITIVE && asked != answered;
    return is_echo ? likely(in, "identifiers come back", &server) : NO;
}

static enum answer validate(struct inspection *in)
{
    if (both_spoke(in)) {
        enum answer echo = judge_echo(in);
        if (echo != NO && (is_udp(in) || in->is_final) && judge_sides(in, judge, judge) < LIKELY)
            return echo;
    }
    enum answer answer = judge_sides(in, judge, judge);
    bool differ = cursor_peek_u32(&in->client, 4) != cursor_peek_u32(&in->server, 4);
    return answer >= LIKELY && both_spoke(in) && differ ? NO : answer;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x20\0\0", "\xef\xe0\xfe"),
    SIGNATURE_MASKED(0, "\x40\0\0", "\xe7\xe0\xfe"),
};

const struct cdpi_protocol cdpi_protocol_bfcp = {
    .name = "BFCP",
    .reference = "RFC 8855 section 5",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_VOICE,
    SIGNATURES(signatures),
    .validate = validate,
};
