/* SPDX-License-Identifier: MIT */
/*
 * Ubiquiti's discovery on port 10001. No public specification; as its devices and controllers send
 * it: version(1) 1 or 2, command(1), size(2) of what follows, entries of type(1) size(2) value. The
 * question of version 1 is 01 00 00 00.
 */
#include "protocols/protocol.h"

enum { HEADER = 4, MAC = 1, MAC_AND_ADDRESS = 2, UPTIME = 10, LAST_TYPE = 0x60 };

static enum answer judge_question(struct inspection *in, const struct cursor *c)
{
    return both_spoke(in) ? yes(in, "question", c) : wants(in, SERVER, 1);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t version = cursor_u8(&c), command = cursor_u8(&c);
    uint16_t size = cursor_u16(&c);
    bool is_told = false;
    unsigned entries = 0;
    if ((version != 1 && version != 2) || command > 0x20)
        return NO;
    if (size == 0 && cursor_at_end(&c))
        return judge_question(in, &c);
    if (size != cursor_left(&c) && !is_cut(in, &c))
        return NO;
    while (cursor_left(&c) > 0) {
        uint8_t type = cursor_u8(&c);
        uint16_t length = cursor_u16(&c);
        cursor_skip(&c, length);
        if (c.ran_short)
            return is_cut(in, &c) && is_told ? yes(in, "entries", &c) : NO;
        if (type == 0 || type > LAST_TYPE || (type == UPTIME && length != 4) ||
            (type == MAC && length != 6) || (type == MAC_AND_ADDRESS && length != 10))
            return NO;
        is_told |= type == MAC || type == MAC_AND_ADDRESS;
        entries++;
    }
    return is_told && entries >= 2 ? yes(in, "entries", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 4, .bytes = "\x01\0\0\0", .min_size = HEADER, .max_size = HEADER},
    {.size = 2,
     .bytes = "\x01\0",
     .mask = "\xff\xc0",
     .min_size = 14,
     .length = {.width = 2, .offset = 2, .add = HEADER}},
    {.size = 2,
     .bytes = "\x02\0",
     .mask = "\xff\xc0",
     .min_size = 4,
     .length = {.width = 2, .offset = 2, .add = HEADER}},
};

const struct cdpi_protocol cdpi_protocol_ubnt = {
    .name = "UBNT",
    .reference = "no public one; Ubiquiti's devices and controllers",
    .transports = OVER_UDP,
    .category = CATEGORY_NETWORK,
    .udp_ports = PORTS(10001),
    SIGNATURES(signatures),
    .validate = validate,
};
