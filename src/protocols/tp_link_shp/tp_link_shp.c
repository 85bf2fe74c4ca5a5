/* SPDX-License-Identifier: MIT */
/*
 * TP-Link's smart home protocol, as softScheck described it in 2016: JSON in which each byte is
 * XORed with the one before it as sent, the first with 171; over TCP a length(4) comes before it. A
 * message is an object: {"system":...
 */
#include "protocols/protocol.h"

enum { KEY = 171, LEAST = 8, LOOK_AT = 40, MOST = 0x8000 };

/* Printable, beginning as an object does. Whether the first LOOK_AT bytes (or all of them) are
 * so. */
static bool is_hidden_json(struct cursor c)
{
    uint8_t key = KEY;
    for (uint32_t i = 0; i < LOOK_AT && !cursor_at_end(&c); i++) {
        uint8_t sent = cursor_u8(&c), plain = sent ^ key;
        key = sent;
        bool is_sound = i == 0   ? plain == '{'
                        : i == 1 ? plain == '"' || plain == '}'
                        : i == 2 ? plain >= 'a' && plain <= 'z'
                                 : (plain >= ' ' && plain <= '~') || plain == '\n' || plain == '\t';
        if (!is_sound)
            return false;
    }
    return true;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!is_udp(in)) {
        uint32_t length = cursor_u32(&c);
        if (c.ran_short)
            return short_of(in, &c);
        if (length < LEAST || length > MOST)
            return NO;
    }
    if (!is_hidden_json(c))
        return NO;
    uint32_t enough = is_udp(in) ? 18 : 16; /* 16 + 3 + (n - 3) * 1.4 bits, and the length on TCP */
    if (cursor_left(&c) < enough)
        return short_of(in, &c);
    cursor_skip(&c, enough);
    return yes(in, "hidden JSON", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.transports = OVER_UDP, .size = 2, .bytes = "\xd0\xf2"},
    {.transports = OVER_TCP,
     .size = 6,
     .bytes = "\0\0\0\0\xd0\xf2",
     .mask = "\xff\xff\0\0\xff\xff"},
};

const struct cdpi_protocol cdpi_protocol_tp_link_shp = {
    .name = "TP-Link-SHP",
    .reference = "softScheck, Reverse Engineering the TP-Link HS110 (2016)",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_IOT,
    .tcp_ports = PORTS(9999),
    .udp_ports = PORTS(9999),
    SIGNATURES(signatures),
    .validate = validate,
};
