/* SPDX-License-Identifier: MIT */
/*
 * IPsec's key exchange: IKE, RFC 7296 section 3.1, RFC 2408 section 3.1:
 *
 *     initiator(8) responder(8) next payload(1) version(1) exchange(1) flags(1) message(4)
 *     length(4)
 *
 * and behind a translator (RFC 3948) four zeros before it, ESP beside it and single bytes ff to
 * keep it open. Over TCP (RFC 8229) "IKETCP" and sizes. ESP in UDP alone is a number and a counter:
 * likely, when several datagrams count up.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 28,
    VERSION_1 = 0x10,
    VERSION_2 = 0x20,
    SPI_LEAST = 256, /* RFC 4303 section 2.1 */
    ESP_LEAST = 24,
    STEP_LIMIT = 16,
    LENGTH_LIMIT = 0x20000
};

static bool exchange_is_known(uint8_t version, uint8_t exchange)
{
    if ((version & 0xf0) == VERSION_1) /* IANA: base to informational, and the modes of IKE */
        return (exchange >= 1 && exchange <= 6) || (exchange >= 32 && exchange <= 34);
    return exchange >= 34 && exchange <= 44;
}

static bool payload_is_known(uint8_t version, uint8_t next)
{
    if ((version & 0xf0) == VERSION_1)
        return next <= 23 || next >= 128;
    return next == 0 || (next >= 33 && next <= 60) || next == 132;
}

/* The header and a length that is the rest. */
static enum answer judge_ike(struct inspection *in, struct cursor c, bool fills)
{
    uint32_t began = c.at;
    uint64_t initiator = cursor_u64(&c), responder = cursor_u64(&c);
    uint8_t next = cursor_u8(&c), version = cursor_u8(&c);
    uint8_t exchange = cursor_u8(&c), flags = cursor_u8(&c);
    cursor_skip(&c, 4);
    uint32_t length = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_version = (version & 0xf0) == VERSION_1 || (version & 0xf0) == VERSION_2;
    bool is_first = responder == 0 && (version & 0xf0) == VERSION_2;
    if (!is_version || (version & 15) > 1 || initiator == 0 ||
        !exchange_is_known(version, exchange) || !payload_is_known(version, next) ||
        length < HEADER || length > LENGTH_LIMIT ||
        (is_first && exchange != 34 && exchange != 43) ||
        flags & ((version & 0xf0) == VERSION_1 ? 0xf8 : 0xc7))
        return NO;
    if (fills && !fills_datagram(in, &c, began + length))
        return NO;
    return yes(in, (version & 0xf0) == VERSION_1 ? "IKE version 1" : "IKE version 2", &c);
}

/* Datagrams of one side with one index whose counters go up by little. */
static unsigned count_up(const struct inspection *in, const struct cursor *c)
{
    struct cursor copy = *c;
    uint32_t index = cursor_u32(&copy), last = 0;
    unsigned count = 0;
    bool is_first = true;
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor d = inspection_datagram(in, i);
        if (d.side != c->side || cursor_u32(&d) != index)
            continue;
        uint32_t counter = cursor_u32(&d);
        if (!is_first && counter > last && counter - last <= STEP_LIMIT)
            count++;
        last = counter;
        is_first = false;
    }
    return count;
}

/* Only on its own port, which RFC 3948 fixes: a number and a counter are many things' elsewhere. */
static enum answer judge_esp(struct inspection *in, struct cursor c)
{
    bool is_port = in->server_port == 4500 || in->client_port == 4500;
    if (!is_port || c.size < ESP_LEAST || cursor_peek_u32(&c, 0) < SPI_LEAST)
        return NO;
    if (count_up(in, &c) < 2)
        return in->is_final || in->datagram_count >= 8 ? NO : MORE;
    cursor_skip(&c, 8);
    return likely(in, "ESP that counts up", &c);
}

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    if (c.size == 1) /* kept open, section 2.3 */
        return cursor_peek(&c, 0) == 0xff ? MORE : NO;
    struct cursor marked = c;
    if (cursor_u32(&marked) == 0 && judge_ike(in, marked, true) == YES)
        return YES;
    return judge_ike(in, c, true) == YES ? YES : judge_esp(in, c);
}

static enum answer judge_stream(struct inspection *in, struct cursor c)
{
    cursor_accept_text(&c, "IKETCP");
    uint16_t size = cursor_u16(&c);
    uint32_t marker = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (marker != 0 || size < HEADER + 4)
        return NO;
    return judge_ike(in, c, false);
}

/* ESP beside IKE in one flow is as it should be: one side that is sure speaks for both. */
static enum answer validate(struct inspection *in)
{
    if (!is_udp(in))
        return judge_sides(in, judge_stream, judge_stream);
    enum answer client = in->client.size ? judge_datagram(in, in->client) : MORE;
    if (client == NO || client == YES)
        return client == YES && in->server.size && judge_datagram(in, in->server) == NO ? NO
                                                                                        : client;
    enum answer server = in->server.size ? judge_datagram(in, in->server) : MORE;
    return server == MORE ? client : server;
}

static const struct signature signatures[] = {
    {.transports = OVER_UDP,
     .offset = 17,
     .size = 1,
     .bytes = "\x10",
     .mask = "\xfe",
     .min_size = HEADER,
     .length = {4, 24, false, 0}},
    {.transports = OVER_UDP,
     .offset = 17,
     .size = 1,
     .bytes = "\x20",
     .mask = "\xfe",
     .min_size = HEADER,
     .length = {4, 24, false, 0}},
    {.transports = OVER_UDP,
     .size = 4,
     .bytes = "\0\0\0\0",
     .min_size = HEADER + 4,
     .length = {4, 28, false, 4}},
    {.transports = OVER_TCP, .size = 6, .bytes = "IKETCP"},
};

const struct cdpi_protocol cdpi_protocol_ipsec = {
    .name = "IPsec",
    .reference = "RFC 7296 section 3, RFC 2408 section 3, RFC 3948, RFC 8229",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_VPN,
    .is_encrypted = true,
    .tcp_ports = PORTS(4500),
    .udp_ports = PORTS(500, 4500),
    SIGNATURES(signatures),
    .validate = validate,
};
