/* SPDX-License-Identifier: MIT */
/*
 * EtherCAT over UDP (ETG.1000.4 section 5, IEC 61158-4-12): a frame of little-endian fields
 *
 *     length(11 bits) 0(1) type(4) = 1, commands
 *
 * and commands, of which each but the last has the "more" bit set:
 *
 *     command(1) index(1) address(4) length(11) 0(3) circulating(1) more(1) interrupts(2) data
 *     counter(2)
 *
 * What has passed through the devices comes back with the same form.
 */
#include "protocols/protocol.h"

enum {
    TYPE_COMMANDS = 1,
    LAST_COMMAND = 14,
    LENGTH_BITS = 0x7ff,
    RESERVED = 0x3800,
    MORE_FOLLOW = 0x8000,
    COMMANDS = 64
};

/* Whether the commands fill what the frame says. */
static bool commands_fit(struct cursor c)
{
    for (int i = 0; i < COMMANDS; i++) {
        uint8_t command = cursor_u8(&c);
        cursor_skip(&c, 5);
        uint16_t size = cursor_le16(&c);
        cursor_skip(&c, 2 + (size & LENGTH_BITS) + 2);
        if (c.ran_short || command > LAST_COMMAND || size & RESERVED)
            return false;
        if (!(size & MORE_FOLLOW))
            return cursor_at_end(&c);
    }
    return false;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint16_t head = cursor_le16(&c);
    struct cursor frame = cursor_take(&c, head & LENGTH_BITS);
    if (c.ran_short || head >> 12 != TYPE_COMMANDS || head & 0x800 || !commands_fit(frame))
        return NO;
    for (; !cursor_at_end(&c); cursor_skip(&c, 1)) { /* a short frame is padded */
        if (cursor_peek(&c, 0) != 0)
            return NO;
    }
    return yes(in, "commands", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

/* The first command's interrupt word is 0 as it leaves the master. */
static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\x10\0\0\0\0\0\0\0\0\0\0", "\0\xf8\xf0\0\0\0\0\0\0\x38\0\0"),
};

const struct cdpi_protocol cdpi_protocol_ethercat = {
    .name = "EtherCAT",
    .reference = "ETG.1000.4 section 5, IEC 61158-4-12",
    .transports = OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .is_one_sided = true,
    .udp_ports = PORTS(34980),
    SIGNATURES(signatures),
    .validate = validate,
};
