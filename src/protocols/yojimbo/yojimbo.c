/* SPDX-License-Identifier: MIT */
/*
 * Yojimbo and others on netcode (mas-bandwidth/netcode, STANDARD.md, "Connection Request Packet"):
 *
 *     00 "NETCODE 1.0x\0" protocol(8) expires(8) nonce(24, 8 in version 1.00) private(1024)
 */
#include "protocols/protocol.h"

enum { LEAST = 14 + 8 + 8 + 8 + 1024 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (c.size < LEAST && !is_cut(in, &c))
        return NO;
    if (!cursor_accept_text(&c, "\0NETCODE 1.0"))
        return NO;
    uint8_t digit = cursor_u8(&c), zero = cursor_u8(&c);
    return digit >= '0' && digit <= '9' && zero == 0 ? yes(in, "connection request", &c) : NO;
}

/* Everything after the request is encrypted. */
static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, NULL);
}

static const struct signature signatures[] = {SIGNATURE(0, "\0NETCODE 1.0")};

const struct cdpi_protocol cdpi_protocol_yojimbo = {
    .name = "Yojimbo",
    .reference = "github.com/mas-bandwidth/netcode: STANDARD.md",
    .transports = OVER_UDP,
    .category = CATEGORY_GAME,
    .udp_ports = PORTS(40000),
    SIGNATURES(signatures),
    .validate = validate,
};
