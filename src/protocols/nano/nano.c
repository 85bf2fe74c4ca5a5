/* SPDX-License-Identifier: MIT */
/*
 * Nano (docs.nano.org/protocol-design/networking):
 *
 *     'R'  network (1: A, B, C or X)  versions: most, used, least (1 each)  type (1)  extensions
 *       (2)
 *
 * A connection begins with a handshake, of which the extensions say whether it asks, answers, or
 * both. By UDP, older nodes said that they are there with 8 peers of 18 bytes.
 */
#include "protocols/protocol.h"

enum { HEADER = 8, KEEPALIVE = 2, HANDSHAKE = 0x0a, TYPES = 0x0f, KEEPALIVE_SIZE = HEADER + 144 };
enum { ASKS = 1, ANSWERS = 2, ANSWERS_V2 = 4, VERSIONS = 64 };

static bool passes_start(struct cursor *c)
{
    uint8_t mark = cursor_u8(c), network = cursor_u8(c);
    uint8_t most = cursor_u8(c), used = cursor_u8(c), least = cursor_u8(c);
    bool is_network = (network >= 'A' && network <= 'C') || network == 'X';
    return mark == 'R' && is_network && least > 0 && least <= used && used <= most &&
           most < VERSIONS;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    bool fits = passes_start(&c);
    uint8_t type = cursor_u8(&c);
    uint16_t extensions = cursor_le16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (!fits || type > TYPES)
        return NO;
    if (type == HANDSHAKE)
        return extensions && !(extensions & ~(ASKS | ANSWERS | ANSWERS_V2))
                   ? yes(in, "handshake", &c)
                   : NO;
    if (type == KEEPALIVE)
        return is_udp(in) && c.size == KEEPALIVE_SIZE && extensions == 0 ? yes(in, "keepalive", &c)
                                                                         : NO;
    return NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "R@\0\0\0\x0a", "\xff\xe0\xc0\xc0\xc0\xff"),
    {.transports = OVER_UDP,
     .offset = 0,
     .size = 6,
     .bytes = "R@\0\0\0\2",
     .mask = "\xff\xe0\xc0\xc0\xc0\xff",
     .min_size = KEEPALIVE_SIZE,
     .max_size = KEEPALIVE_SIZE},
};

const struct cdpi_protocol cdpi_protocol_nano = {
    .name = "Nano",
    .reference = "docs.nano.org/protocol-design/networking; github.com/nanocurrency/protocol",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_CRYPTOCURRENCY,
    .tcp_ports = PORTS(7075, 54000),
    .udp_ports = PORTS(7075, 54000),
    SIGNATURES(signatures),
    .validate = validate,
};
