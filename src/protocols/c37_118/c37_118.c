/* SPDX-License-Identifier: MIT */
/*
 * IEEE C37.118 synchrophasors. C37.118.2-2011 clause 6.2: each frame is
 *
 *     aa type+version(1) size(2) id(2) time(4) fraction(4) ... check(2)
 *
 * type in bits 6 to 4 (0 to 5), version in the low four, check a CRC-CCITT from 0xffff over all
 * before it.
 */
#include "framing/crc.h"
#include "protocols/protocol.h"

enum { HEADER = 14, COMMAND = 4, COMMAND_SIZE = 18, LAST_TYPE = 5, LAST_VERSION = 3, FRAMES = 4 };

/* Takes a frame. 0: there is none; short where it has not all arrived. */
static unsigned frame_bits(struct cursor *c)
{
    struct cursor start = *c;
    uint8_t sync = cursor_u8(c), kind = cursor_u8(c);
    uint16_t size = cursor_u16(c);
    if (sync != 0xaa && !cursor_at_end(&start))
        return 0;
    if (c->ran_short)
        return 0;
    uint8_t type = kind >> 4, version = kind & 0x0f;
    if (type > LAST_TYPE || version == 0 || version > LAST_VERSION || size < HEADER + 4)
        return 0;
    if (type == COMMAND && size != COMMAND_SIZE)
        return 0;
    struct cursor frame = cursor_take(&start, size - 2u);
    uint16_t check = cursor_u16(&start);
    *c = start;
    if (start.ran_short)
        return 0;
    return check == crc16_ccitt(frame, 0xffff) ? 30 + (type == COMMAND ? 16 : 0) : 0;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    unsigned bits = 0;
    for (int i = 0; i < FRAMES && !cursor_at_end(&c); i++) {
        unsigned found = frame_bits(&c);
        if (c.ran_short)
            break;
        if (found == 0)
            return NO;
        bits += found;
    }
    if (is_udp(in) && bits > 0)
        bits = cursor_at_end(&c) && !c.ran_short ? bits + 16 : 0;
    if (is_udp(in) && bits == 0)
        return NO;
    return answer_by_bits(in, bits, "frame", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE_MASKED(0, "\xaa\0", "\xff\x88")};

const struct cdpi_protocol cdpi_protocol_c37_118 = {
    .name = "C37.118",
    .reference = "IEEE C37.118.2-2011 clause 6.2",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(4712),
    .udp_ports = PORTS(4713),
    SIGNATURES(signatures),
    .validate = validate,
};
