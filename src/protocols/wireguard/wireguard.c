/* SPDX-License-Identifier: MIT */
/*
 * WireGuard, its white paper section 5.4: a type of one byte and three zeros, then
 *
 *     1 initiation   sender(4) ...                 148 bytes
 *     2 response     sender(4) receiver(4) ...      92 bytes
 *     3 cookie       receiver(4) ...                64 bytes
 *     4 data         receiver(4) counter(8) packet  a multiple of 16, from 32
 *
 * A handshake tells itself by its size. Data is likely, and certain once several datagrams to one
 * receiver count up.
 */
#include "protocols/protocol.h"

enum {
    INITIATION = 1,
    RESPONSE = 2,
    COOKIE = 3,
    DATA = 4,
    DATA_LEAST = 32,
    FEW = 1000 /* datagrams between two that a capture shows */
};

static uint32_t wire_size(const struct inspection *in, const struct cursor *c)
{
    for (uint32_t i = in->datagram_count; i-- > 0;) {
        struct cursor d = inspection_datagram(in, i);
        if (d.side == c->side && d.data == c->data)
            return in->datagrams[i].wire_size;
    }
    return c->size;
}

static bool size_fits(uint8_t type, uint32_t size)
{
    switch (type) {
    case INITIATION:
        return size == 148;
    case RESPONSE:
        return size == 92;
    case COOKIE:
        return size == 64;
    default:
        return size >= DATA_LEAST && size % 16 == 0;
    }
}

/* How many further datagrams of this side go to the same receiver and count up a little. */
static unsigned count_up(const struct inspection *in, const struct cursor *c)
{
    unsigned count = 0;
    struct cursor copy = *c;
    cursor_skip(&copy, 4);
    uint32_t receiver = cursor_u32(&copy);
    uint64_t last = 0;
    bool is_first = true;
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor d = inspection_datagram(in, i);
        if (d.side != c->side || cursor_u8(&d) != DATA)
            continue;
        cursor_skip(&d, 3);
        if (cursor_u32(&d) != receiver)
            continue;
        uint64_t counter = cursor_le64(&d);
        if (d.ran_short)
            continue;
        if (!is_first && counter > last && counter - last < FEW)
            count++;
        last = counter;
        is_first = false;
    }
    return count;
}

static enum answer judge_data(struct inspection *in, struct cursor c)
{
    struct cursor counter = c;
    cursor_skip(&counter, 8);
    if (cursor_le64(&counter) >> 40)
        return NO; /* nobody has sent a million million datagrams */
    unsigned more = count_up(in, &c);
    cursor_skip(&c, 16);
    return more >= 2 ? yes(in, "data that counts up", &c) : likely(in, "data", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    static const char *const rules[] = {"", "initiation", "response", "cookie reply"};
    uint8_t type = cursor_u8(&c);
    uint32_t zeros = cursor_u24(&c);
    if (c.ran_short || type < INITIATION || type > DATA || zeros ||
        !size_fits(type, wire_size(in, &c)))
        return NO;
    if (type == DATA) {
        cursor_seek(&c, 0);
        return judge_data(in, c);
    }
    cursor_skip(&c, 4);
    return type == COOKIE ? likely(in, rules[type], &c) : yes(in, rules[type], &c);
}

/* A response names the initiation's sender. */
static bool is_answer(const struct inspection *in)
{
    if (cursor_peek(&in->client, 0) != INITIATION || cursor_peek(&in->server, 0) != RESPONSE)
        return true;
    return cursor_peek_u32(&in->client, 4) == cursor_peek_u32(&in->server, 8);
}

static enum answer validate(struct inspection *in)
{
    return is_answer(in) ? judge_sides(in, judge, judge) : NO;
}

static const struct signature signatures[] = {
    {.size = 4, .bytes = "\x01\0\0\0", .min_size = 148, .max_size = 148},
    {.size = 4, .bytes = "\x02\0\0\0", .min_size = 92, .max_size = 92},
    {.size = 4, .bytes = "\x03\0\0\0", .min_size = 64, .max_size = 64},
    {.size = 16,
     .bytes = "\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
     .mask = "\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\xff\xff\xff",
     .min_size = DATA_LEAST},
};

const struct cdpi_protocol cdpi_protocol_wireguard = {
    .name = "WireGuard",
    .reference = "Donenfeld, WireGuard (NDSS 2017, revised 2020) section 5.4",
    .transports = OVER_UDP,
    .category = CATEGORY_VPN,
    .is_encrypted = true,
    .udp_ports = PORTS(51820),
    SIGNATURES(signatures),
    .validate = validate,
};
