/* SPDX-License-Identifier: MIT */
/*
 * Wake on LAN (AMD, Magic Packet Technology): six times ff, then sixteen times the address that
 * shall wake up, then perhaps a password of four or six bytes. Over UDP to any port.
 */
#include "protocols/protocol.h"

enum { SYNC = 6, ADDRESS = 6, TIMES = 16, PACKET = SYNC + ADDRESS * TIMES };

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (c.size != PACKET && c.size != PACKET + 4 && c.size != PACKET + 6)
        return NO;
    if (!cursor_accept_text(&c, "\xff\xff\xff\xff\xff\xff"))
        return NO;
    const uint8_t *address = cursor_bytes(&c, ADDRESS);
    for (int i = 1; i < TIMES; i++) {
        if (!cursor_accept(&c, address, ADDRESS))
            return NO;
    }
    return yes(in, "magic packet", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 6, .bytes = "\xff\xff\xff\xff\xff\xff", .min_size = PACKET, .max_size = PACKET + 6}};

const struct cdpi_protocol cdpi_protocol_wakeonlan = {
    .name = "WakeOnLAN",
    .reference = "AMD publication 20213, Magic Packet Technology",
    .transports = OVER_UDP,
    .category = CATEGORY_MANAGEMENT,
    .is_one_sided = true,
    SIGNATURES(signatures),
    .validate = validate,
};
