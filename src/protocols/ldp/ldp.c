/* SPDX-License-Identifier: MIT */
/*
 * LDP. RFC 5036 section 3.1 and 3.5, over TCP and UDP:
 *
 *     version(2) = 1 length(2) router(4) label space(2), then messages: type(2) length(2) id(4)
 *       TLVs
 *
 * The PDU's length counts what follows it.
 */
#include "protocols/protocol.h"

enum { COUNTED_FROM = 4, LEAST = 14, MOST = 4096 };

/* Section 3.7; RFC 5561 section 3; RFC 7275 section 6. */
static bool is_type(uint16_t type)
{
    type &= 0x7fff;
    return type == 0x0001 || type == 0x0100 || type == 0x0200 || type == 0x0201 || type == 0x0202 ||
           type == 0x0300 || type == 0x0301 || (type >= 0x0400 && type <= 0x0404) ||
           (type >= 0x0700 && type <= 0x0703);
}

/* Messages that fill a PDU: type(2) length(2) id(4), the length counting the id and TLVs. */
static bool messages_fill(struct cursor c)
{
    while (!cursor_at_end(&c)) {
        uint16_t type = cursor_u16(&c), size = cursor_u16(&c);
        if (!is_type(type) || size < 4 || !cursor_skip(&c, size))
            return false;
    }
    return true;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint16_t version = cursor_u16(&c), length = cursor_u16(&c);
    if (!c.ran_short && (version != 1 || length < LEAST || length > MOST))
        return NO;
    struct cursor pdu = c;
    uint32_t router = cursor_u32(&c);
    cursor_skip(&c, 2);
    uint16_t type = cursor_u16(&c), size = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (router == 0 || !is_type(type) || size < 4 || size > length - 10)
        return NO;
    if (is_udp(in) && !fills_datagram(in, &c, COUNTED_FROM + (uint32_t)length))
        return NO;
    struct cursor messages = cursor_take(&pdu, length);
    if (pdu.ran_short && !is_cut(in, &c))
        return is_udp(in)     ? NO
               : router >> 24 ? likely_at_end(in, "PDU and message", &pdu)
                              : short_of(in, &pdu); /* small numbers are many's */
    cursor_skip(&messages, 6);
    if (!pdu.ran_short && !messages_fill(messages))
        return size >= 4 ? likely(in, "PDU and a message", &c) : NO;
    return yes(in, "PDU and message", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 3,
     .bytes = "\0\x01\0",
     .mask = "\xff\xff\xe0",
     .min_size = 18,
     .length = {2, 2, false, 4}},
};

const struct cdpi_protocol cdpi_protocol_ldp = {
    .name = "LDP",
    .reference = "RFC 5036 section 3.5",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_ROUTING,
    .tcp_ports = PORTS(646),
    .udp_ports = PORTS(646),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
