/* SPDX-License-Identifier: MIT */
/*
 * MNDP, MikroTik's neighbour discovery. No public specification; as RouterOS sends it to port 5678:
 * two bytes, a number of two bytes, then entries of type(2) size(2) value up to the end. The first
 * is the MAC address (type 1, 6 bytes).
 */
#include "protocols/protocol.h"

enum {
    MAC = 1,
    IDENTITY = 5,
    UPTIME = 10,
    IPV6 = 15,
    IPV4 = 17,
    LAST_TYPE = 63,
    SIZE_MOST = 256,
    LEAST = 4 + 10 + 5
};

/* Sizes of values that have one; 0: any. */
static uint16_t fixed_size(uint16_t type)
{
    return type == MAC ? 6 : type == UPTIME || type == IPV4 ? 4 : type == IPV6 ? 16 : 0;
}

/* Behind the address, the head of one that could follow is likely. */
static enum answer judge_cut(struct inspection *in, const struct cursor *c, unsigned entries,
                             uint16_t type, uint16_t size)
{
    if (!is_cut(in, c) || entries == 0)
        return NO;
    if (entries > 1)
        return yes(in, "entries", c);
    bool is_next = type > MAC && type <= LAST_TYPE && size <= SIZE_MOST;
    return is_next ? likely(in, "address and more", c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    unsigned entries = 0;
    uint64_t seen = 0; /* bits of the types; each comes once, in whatever order */
    cursor_skip(&c, 4);
    if (cursor_peek_u32(&c, 0) != 0x00010006)
        return NO;
    while (cursor_left(&c) > 0) {
        uint16_t type = cursor_u16(&c), size = cursor_u16(&c);
        cursor_skip(&c, size);
        if (c.ran_short)
            return judge_cut(in, &c, entries, type, size);
        if (type == 0 || type > LAST_TYPE || seen >> type & 1 ||
            (fixed_size(type) && size != fixed_size(type)))
            return NO;
        seen |= UINT64_C(1) << type;
        entries++;
    }
    return entries >= 2 ? yes(in, "entries", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.offset = 4, .size = 4, .bytes = "\0\x01\0\x06", .min_size = LEAST}};

const struct cdpi_protocol cdpi_protocol_mndp = {
    .name = "MNDP",
    .reference = "no public one; MikroTik's RouterOS",
    .transports = OVER_UDP,
    .category = CATEGORY_NETWORK,
    .is_one_sided = true,
    .udp_ports = PORTS(5678),
    SIGNATURES(signatures),
    .validate = validate,
};
