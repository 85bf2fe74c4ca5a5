/* SPDX-License-Identifier: MIT */
/*
 * PFCP. 3GPP TS 29.244 section 7.2.2:
 *
 *     version 1+spare+FO+MP+S(1) type(1) length(2) [session(8)] sequence(3) spare(1) elements
 *
 * the length counts what follows it; elements are type(2) length(2) value and fill the message.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 4,
    LAST_NODE = 15,
    FIRST_SESSION = 50,
    LAST_SESSION = 57,
    HAS_SESSION = 1,
    VENDOR = 0x8000,
    LAST_ELEMENT = 500
};

static bool elements_fill(struct cursor c)
{
    bool any = false;
    while (!cursor_at_end(&c)) {
        uint16_t type = cursor_u16(&c), size = cursor_u16(&c);
        if (type == 0 || (type > LAST_ELEMENT && type < VENDOR) || !cursor_skip(&c, size))
            return false;
        any = true;
    }
    return any;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t flags = cursor_u8(&c), type = cursor_u8(&c);
    uint16_t length = cursor_u16(&c);
    bool has_session = flags & HAS_SESSION;
    bool is_known = has_session ? type >= FIRST_SESSION && type <= LAST_SESSION
                                : type >= 1 && type <= LAST_NODE;
    if ((flags & 0xf8) != 0x20 || !is_known || !fills_datagram(in, &c, HEADER + (uint32_t)length))
        return NO;
    cursor_skip(&c, has_session ? 12 : 4);
    if (c.ran_short)
        return NO;
    if (elements_fill(c))
        return yes(in, "message and elements", &c);
    return cursor_at_end(&c) || is_cut(in, &c) ? likely(in, "message", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x20\0", "\xf8\xc0"),
};

const struct cdpi_protocol cdpi_protocol_pfcp = {
    .name = "PFCP",
    .reference = "3GPP TS 29.244 section 7.2.2",
    .transports = OVER_UDP,
    .category = CATEGORY_TELEPHONY,
    .udp_ports = PORTS(8805),
    SIGNATURES(signatures),
    .validate = validate,
};
