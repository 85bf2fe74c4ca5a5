/* SPDX-License-Identifier: MIT */
/*
 * Art-Net, light over UDP (Artistic Licence, Art-Net 4 specification): "Art-Net" and a zero, an
 * operation (little-endian), and in all but a poll's reply the version 14. Nobody answers lights'
 * levels.
 */
#include "protocols/protocol.h"

enum { POLL_REPLY = 0x2100, VERSION = 14 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "Art-Net\0"))
        return NO;
    uint16_t operation = cursor_le16(&c);
    uint16_t version = operation == POLL_REPLY ? VERSION : cursor_u16(&c);
    if (c.ran_short)
        return NO;
    if (operation & 0xff || version < VERSION || version > 0xff) /* the word is beyond doubt */
        return likely(in, "operation or version that is not listed", &c);
    return yes(in, operation == POLL_REPLY ? "poll's reply" : "operation", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "Art-Net\0")};

const struct cdpi_protocol cdpi_protocol_art_net = {
    .name = "Art-Net",
    .reference =
        "Artistic Licence, Specification for the Art-Net 4 Ethernet Communication Protocol",
    .transports = OVER_UDP,
    .category = CATEGORY_IOT,
    .is_one_sided = true,
    .udp_ports = PORTS(6454),
    SIGNATURES(signatures),
    .validate = validate,
};
