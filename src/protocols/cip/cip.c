/* SPDX-License-Identifier: MIT */
/*
 * CIP's class 0 and 1 I/O data. CIP volume 2, section 2-6: a common packet format of two items, low
 * byte first:
 *
 *     0002 8002 0008 connection(4) sequence(4)      sequenced address
 *     00b1 length(2) data                           connected data
 *
 * or, class 0, the address item 8002 replaced by 00a1 0004 connection(4).
 */
#include "protocols/protocol.h"

enum { SEQUENCED = 0x8002, CONNECTED = 0x00a1, DATA = 0x00b1 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint16_t items = cursor_le16(&c), type = cursor_le16(&c), size = cursor_le16(&c);
    if (items != 2 || !((type == SEQUENCED && size == 8) || (type == CONNECTED && size == 4)))
        return NO;
    cursor_skip(&c, size);
    uint16_t data = cursor_le16(&c), length = cursor_le16(&c);
    if (c.ran_short || data != DATA || !fills_datagram(in, &c, c.at + length))
        return NO;
    return yes(in, "I/O data", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "\x02\0\x02\x80\x08\0"),
    SIGNATURE(0, "\x02\0\xa1\0\x04\0"),
};

const struct cdpi_protocol cdpi_protocol_cip = {
    .name = "CIP",
    .reference = "ODVA, The CIP Networks Library volume 2, section 2-6",
    .transports = OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .is_one_sided = true,
    .udp_ports = PORTS(2222),
    SIGNATURES(signatures),
    .validate = validate,
};
