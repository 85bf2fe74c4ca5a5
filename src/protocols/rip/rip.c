/* SPDX-License-Identifier: MIT */
/*
 * RIP. RFC 1058 section 3.1, RFC 2453 section 4:
 *
 *     command(1) version(1) zero(2) then up to 25 entries: family(2) tag(2) address(4) mask(4)
 *       next(4) metric(4)
 *
 * In version 1 tag, mask and next are zero. Family is 2; 0 with metric 16 asks for all; ffff holds
 * authentication.
 */
#include "protocols/protocol.h"

enum {
    ENTRY = 20,
    ENTRIES = 25,
    INET = 2,
    AUTHENTICATION = 0xffff,
    INFINITE = 16,
    RIPNG_PORT = 521
};

/* A mask is ones, then zeros. */
static bool is_mask(uint32_t mask)
{
    return (~mask & (~mask + 1)) == 0;
}

static bool is_entry(struct cursor *c, uint8_t version, bool is_first)
{
    uint16_t family = cursor_u16(c), tag = cursor_u16(c);
    cursor_skip(c, 4);
    uint32_t mask = cursor_u32(c), next = cursor_u32(c), metric = cursor_u32(c);
    if (family == AUTHENTICATION)
        return version == 2 && tag >= 1 && tag <= 3;
    if (version == 1 && (tag != 0 || mask != 0 || next != 0))
        return false;
    if (family == 0)
        return is_first && metric == INFINITE;
    return family == INET && metric <= INFINITE && is_mask(mask);
}

/* A request for all routes is the same 24 octets in RIPng, whose specification (RFC 2080
 * section 2.1) tells it by its port alone. */
static bool asks_ripng(const struct inspection *in, const struct cursor *c)
{
    return c->size == 4 + ENTRY && cursor_peek_u16(c, 4) == 0 &&
           (in->client_port == RIPNG_PORT || in->server_port == RIPNG_PORT);
}

/* RFC 4822 section 2: ffff 3 size(2) key(1) digest's size(1) ... */
static bool has_digest(const struct cursor *c)
{
    return cursor_peek_u32(c, 0) == 0xffff0003;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (asks_ripng(in, &c))
        return NO;
    uint8_t command = cursor_u8(&c), version = cursor_u8(&c);
    uint16_t domain = cursor_u16(&c);
    uint32_t routes = cursor_left(&c);
    if (has_digest(&c)) { /* the size is without what follows the routes */
        uint32_t size = cursor_peek_u16(&c, 4);
        routes = size >= 4 + ENTRY && size <= c.size ? size - 4 : 0;
    }
    uint32_t entries = routes / ENTRY;
    if (command < 1 || command > 2 || version < 1 || version > 2 || entries < 1 ||
        entries > ENTRIES + 1 || routes % ENTRY || (domain != 0 && version == 1))
        return NO;
    for (uint32_t i = 0; i < entries; i++) {
        if (!is_entry(&c, version, i == 0))
            return NO;
    }
    /* RFC 1388 section 3.1 had a routing domain there, RFC 2453 a zero. */
    return domain == 0 ? yes(in, "routes", &c) : likely(in, "routes of a domain", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 4, .bytes = "\0\0\0\0", .mask = "\xfc\xfc\xff\xff", .min_size = 24, .max_size = 600},
    {.size = 8,
     .bytes = "\0\x02\0\0\0\x02\0\0",
     .mask = "\xfc\xff\0\0\xff\xff\0\0",
     .min_size = 24,
     .max_size = 504},
};

const struct cdpi_protocol cdpi_protocol_rip = {
    .name = "RIP",
    .reference = "RFC 1058 section 3.1, RFC 2453 section 4",
    .transports = OVER_UDP,
    .category = CATEGORY_ROUTING,
    .is_one_sided = true,
    .udp_ports = PORTS(520),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
