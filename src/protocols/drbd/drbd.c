/* SPDX-License-Identifier: MIT */
/*
 * DRBD, the replicated block device (Linux: drivers/block/drbd/drbd_protocol.h): packets begin with
 *
 *     83740267 command(2) size(2) | 8620ec20 volume(2) command(2) size(4) 0(4)
 *
 * and a connection with 83740267 and fff1, fff2 (which socket it is) or fffe (features) of 80
 * bytes.
 */
#include "protocols/protocol.h"

enum { FIRST_INITIAL = 0xfff0, FEATURES = 0xfffe, FEATURES_SIZE = 80, LAST_COMMAND = 0x60 };
static const uint32_t MAGIC = 0x83740267, MAGIC_100 = 0x8620ec20;

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint32_t magic = cursor_u32(&c);
    uint16_t volume = magic == MAGIC_100 ? cursor_u16(&c) : 0;
    uint16_t command = cursor_u16(&c);
    uint32_t size = magic == MAGIC ? cursor_u16(&c) : cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (magic == MAGIC) {
        bool fits = command == FEATURES ? size == FEATURES_SIZE
                                        : command >= FIRST_INITIAL || command <= LAST_COMMAND;
        return fits ? yes(in, command >= FIRST_INITIAL ? "handshake" : "packet", &c) : NO;
    }
    uint32_t padding = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (magic != MAGIC_100 || volume > 0xfff || command > LAST_COMMAND || padding != 0)
        return NO;
    return yes(in, "packet", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "\x83\x74\x02\x67"),
    SIGNATURE(0, "\x86\x20\xec\x20"),
};

const struct cdpi_protocol cdpi_protocol_drbd = {
    .name = "DRBD",
    .reference = "Linux: drivers/block/drbd/drbd_protocol.h",
    .transports = OVER_TCP,
    .category = CATEGORY_CLUSTER,
    .tcp_ports = PORTS(7788, 7789),
    SIGNATURES(signatures),
    .validate = validate,
};
