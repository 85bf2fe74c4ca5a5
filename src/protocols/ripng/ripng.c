/* SPDX-License-Identifier: MIT */
/*
 * RIPng. RFC 2080 section 2.1:
 *
 *     command(1) version(1) = 1 zero(2) then entries: prefix(16) tag(2) prefix length(1) metric(1)
 *
 * metric 1 to 16, or 255 for a next hop (a link-local address, length 0).
 */
#include "protocols/protocol.h"

enum { ENTRY = 20, NEXT_HOP = 255, INFINITE = 16, PORT = 521 };

/* Bits past the prefix length are zero; prefixes are 2000::/3, fc00::/7, fe80::/10, 64:ff9b::, or
 * the default. */
static bool is_entry(struct cursor *c)
{
    uint16_t first = cursor_u16(c);
    cursor_skip(c, 12);
    uint16_t last = cursor_u16(c);
    cursor_skip(c, 2);
    uint8_t length = cursor_u8(c), metric = cursor_u8(c);
    if (metric == NEXT_HOP)
        return length == 0 && (first == 0xfe80 || first == 0);
    bool is_prefix = first >> 13 == 1 || first >> 9 == 0x7e || (first & 0xffc0) == 0xfe80 ||
                     first == 0x64 || first == 0;
    return is_prefix && length <= 128 && metric >= 1 && metric <= INFINITE &&
           (length > 112 || last == 0);
}

/* A request for all routes is the same 24 octets in RIP, section 2.1: the port alone tells. */
static bool asks_rip(const struct inspection *in, const struct cursor *c)
{
    return c->size == 4 + ENTRY && cursor_peek_u16(c, 4) == 0 && in->client_port != PORT &&
           in->server_port != PORT;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (asks_rip(in, &c))
        return NO;
    uint8_t command = cursor_u8(&c), version = cursor_u8(&c);
    uint16_t zero = cursor_u16(&c);
    uint32_t entries = cursor_left(&c) / ENTRY;
    if (command < 1 || command > 2 || version != 1 || zero != 0 || entries < 1 ||
        cursor_left(&c) % ENTRY)
        return NO;
    for (uint32_t i = 0; i < entries; i++) {
        if (!is_entry(&c))
            return NO;
    }
    return yes(in, "routes", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 4, .bytes = "\0\x01\0\0", .mask = "\xfc\xff\xff\xff", .min_size = 24},
};

const struct cdpi_protocol cdpi_protocol_ripng = {
    .name = "RIPng",
    .reference = "RFC 2080 section 2.1",
    .transports = OVER_UDP,
    .category = CATEGORY_ROUTING,
    .is_one_sided = true,
    .udp_ports = PORTS(521),
    SIGNATURES(signatures),
    .validate = validate,
};
