/* SPDX-License-Identifier: MIT */
/*
 * Warcraft III between players (bnetdocs.org, W3GS), on TCP and, to find games on the local
 * network, UDP:
 *
 *     f7 id(1) length(2, low byte first, of the whole) ...
 *
 * searches (2f), games (30), their births, refreshes and ends (31 to 33) name the game backwards:
 * "3RAW", "PX3W".
 */
#include "protocols/protocol.h"

enum { MARK = 0xf7, HEADER = 4, MOST = 1460, MESSAGES = 16, SEARCH = 0x2f, CREATED = 0x31 };

/* Of those that are documented, how long each is at least; 0: none such. */
static uint32_t least_size(uint8_t id)
{
    switch (id) {
    case 0x01: /* pings and pongs */
    case 0x46:
        return 8;
    case 0x35:
    case 0x36:
        return 8;
    case 0x04:
    case 0x06:
    case 0x09:
    case 0x1e:
    case 0x2f:
    case 0x30:
    case 0x3d:
        return 16;
    case 0x05:
    case 0x07:
    case 0x08:
    case 0x0b:
    case 0x0a:
    case 0x0c:
    case 0x0e:
    case 0x0f:
    case 0x10:
    case 0x14:
    case 0x1b:
    case 0x1c:
    case 0x21:
    case 0x23:
    case 0x26:
    case 0x27:
    case 0x28:
    case 0x31:
    case 0x32:
    case 0x33:
    case 0x3f:
    case 0x42:
    case 0x43:
    case 0x44:
    case 0x48:
        return HEADER;
    default:
        return 0;
    }
}

static bool names_game(struct cursor c)
{
    return cursor_accept_text(&c, "3RAW") || cursor_accept_text(&c, "PX3W");
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    unsigned bits = 0;
    for (int i = 0; i < MESSAGES && !cursor_at_end(&c); i++) {
        uint8_t mark = cursor_u8(&c), id = cursor_u8(&c);
        uint16_t length = cursor_le16(&c);
        if (mark != MARK)
            return NO;
        if (c.ran_short)
            break;
        uint32_t least = least_size(id);
        if (least == 0 || length < least || length > MOST)
            return NO;
        if (id >= SEARCH && id <= CREATED && names_game(c))
            bits += 32;
        if (!cursor_skip(&c, length - (uint32_t)HEADER))
            break;
        bits += 16;
    }
    if (is_udp(in) && (c.ran_short || !cursor_at_end(&c)))
        return NO;
    return answer_by_bits(in, bits, "messages", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 4, .bytes = "\xf7\0\0\0", .mask = "\xff\x80\0\xf8"},
};

const struct cdpi_protocol cdpi_protocol_warcraft3 = {
    .name = "Warcraft3",
    .reference = "bnetdocs.org: W3GS packets",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_GAME,
    .tcp_ports = PORTS(6112),
    .udp_ports = PORTS(6112),
    SIGNATURES(signatures),
    .validate = validate,
};
