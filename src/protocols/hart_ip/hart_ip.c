/* SPDX-License-Identifier: MIT */
/*
 * HART-IP. FieldComm Group TS20085 section 10: each message begins with
 *
 *     version(1) type(1) id(1) status(1) sequence(2) byte count(2)
 *
 * where the count is the whole message's. Session initiate (id 0) carries a host type and a timer.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 8,
    SESSION = 13,
    MOST = 1500,
    NAK = 15,
    PUBLISH = 2,
    CLOSE = 1,
    KEEP_ALIVE = 2,
    TOKEN = 3,
    MESSAGES = 8,
    DISCOVERY = 128
};

/* A frame of HART (FieldComm Group TS20081): delimiter (from whom, how many bytes expand it, bit 7:
 * a long address), address (1 or 5), expansion, command, size, data, check. It fills the body. */
static bool is_token(struct cursor c, uint32_t body)
{
    uint8_t delimiter = cursor_u8(&c), kind = delimiter & 7;
    uint32_t before = (delimiter & 0x80 ? 5u : 1u) + (delimiter >> 5 & 3) + 1;
    if (c.ran_short)
        return true; /* so far */
    cursor_skip(&c, before);
    uint8_t size = cursor_u8(&c);
    return (kind == 1 || kind == 2 || kind == 6) && (c.ran_short || body == before + size + 3u);
}

/* The end of a session and a keep-alive have no body. */
static bool fits_id(uint8_t id, uint16_t count, struct cursor c)
{
    if (id == CLOSE || id == KEEP_ALIVE)
        return count == HEADER;
    return id != TOKEN || is_token(c, count - (uint32_t)HEADER);
}

/* Bits of constraint of a message, 0 where it is none. */
static unsigned message_bits(struct inspection *in, struct cursor *c)
{
    uint8_t version = cursor_u8(c), type = cursor_u8(c), id = cursor_u8(c), status = cursor_u8(c);
    uint16_t sequence = cursor_u16(c), count = cursor_u16(c);
    (void)sequence;
    bool is_known = (version == 1 || version == 2) && (type <= 3 || type == NAK) &&
                    (id <= TOKEN || (id <= 5 && version == 2) || id == DISCOVERY);
    if (c->ran_short)
        return 0;
    if (!is_known || count < HEADER || count > MOST || (type == 0 && status != 0) ||
        (type == PUBLISH && id != TOKEN))
        return 0;
    if (is_udp(in) && !fills_datagram(in, c, count))
        return 0;
    bool is_refused = type == 1 && status != 0 && count == HEADER;
    if (id == 0 && type <= 1 && !is_refused && (count != SESSION || cursor_peek(c, 0) > 1))
        return 0;
    if ((status == 0 || count != HEADER) && !fits_id(id, count, *c))
        return 0;
    cursor_skip(c, count - (uint32_t)HEADER);
    return (is_udp(in) ? 34u : 22u) + (type == 0 ? 8u : 0) +
           (id == 0 && type <= 1 && !is_refused ? 15u : 0);
}

static bool is_opening(const struct cursor *c)
{
    return cursor_peek(c, 2) == 0 && cursor_peek(c, 1) <= 1;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    unsigned bits = 0;
    struct cursor start = c;
    for (int i = 0; i < MESSAGES && !cursor_at_end(&c); i++) {
        unsigned found = message_bits(in, &c);
        if (found == 0 && !c.ran_short)
            return NO;
        if (c.ran_short && !is_udp(in)) {
            bits += in->is_final && i == 0 && is_opening(&start) ? found : 0;
            break;
        }
        bits += found;
    }
    /* On a stream no size confirms the count, and records of small numbers look like headers: only
     * a session's opening is enough, or the other side's word. */
    if (!is_udp(in) && !is_opening(&start) && bits >= BITS_FOR_YES)
        bits = BITS_FOR_YES - 1;
    return answer_by_bits(in, bits, "message header", &c);
}

static bool answers(const struct inspection *in)
{
    return cursor_peek(&in->client, 1) == 0 && cursor_peek(&in->server, 1) == 1 &&
           cursor_peek(&in->client, 2) == cursor_peek(&in->server, 2) &&
           cursor_peek_u16(&in->client, 4) == cursor_peek_u16(&in->server, 4);
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    if (answer == LIKELY && both_spoke(in) && answers(in))
        return answer_at(in, YES, "request and response", SERVER, 0, HEADER);
    return answer;
}

static const struct signature signatures[] = {
    {.size = 3,
     .bytes = "\0\0\0",
     .mask = "\xfc\xf0\x78",
     .min_size = HEADER,
     .length = {2, 6, false, 0}},
};

const struct cdpi_protocol cdpi_protocol_hart_ip = {
    .name = "HART-IP",
    .reference = "FieldComm Group TS20085 section 10",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(5094),
    .udp_ports = PORTS(5094),
    SIGNATURES(signatures),
    .validate = validate,
};
