/* SPDX-License-Identifier: MIT */
/*
 * TRDP, the trains' real-time data. IEC 61375-2-3 annex A: process data (UDP) and messages (UDP,
 * TCP) begin with
 *
 *     sequence(4) version(2) = 01xx type(2) comId(4) topography(4) topography(4) length(4) ...
 *       check(4)
 *
 * types "Pr" "Pp" "Pd" "Pe" and "Mn" "Mr" "Mp" "Mq" "Mc" "Me"; a header of 40 or 116 octets ends
 * with its CRC-32, low byte first.
 */
#include "framing/crc.h"
#include "protocols/protocol.h"

enum { PROCESS_HEADER = 40, MESSAGE_HEADER = 116, MOST = 65388 };

static bool is_type(uint8_t kind, uint8_t which)
{
    return kind == 'P' ? which == 'r' || which == 'p' || which == 'd' || which == 'e'
                       : which == 'n' || which == 'r' || which == 'p' || which == 'q' ||
                             which == 'c' || which == 'e';
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 4);
    uint8_t version = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint8_t kind = cursor_u8(&c), which = cursor_u8(&c);
    cursor_skip(&c, 12);
    uint32_t length = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (version != 1 || (kind != 'P' && kind != 'M') || !is_type(kind, which) || length > MOST)
        return NO;
    uint32_t header = kind == 'P' ? PROCESS_HEADER : MESSAGE_HEADER;
    if (is_udp(in) && c.size < header + length && !is_cut(in, &c))
        return NO;
    cursor_seek(&c, 0);
    struct cursor checked = cursor_take(&c, header - 4);
    uint32_t check = cursor_le32(&c);
    if (c.ran_short)
        return short_of(in, &c);

    return check == crc32_ethernet(checked) ? yes(in, "header and check", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(4, "\x01\0P", "\xff\0\xff"),
    SIGNATURE_MASKED(4, "\x01\0M", "\xff\0\xff"),
};

const struct cdpi_protocol cdpi_protocol_trdp = {
    .name = "TRDP",
    .reference = "IEC 61375-2-3:2015 annex A",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_VEHICLE,
    .is_one_sided = true,
    .tcp_ports = PORTS(17225),
    .udp_ports = PORTS(17224, 17225),
    SIGNATURES(signatures),
    .validate = validate,
};
