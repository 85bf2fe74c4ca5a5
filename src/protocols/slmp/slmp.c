/* SPDX-License-Identifier: MIT */
/*
 * SLMP, the Seamless Message Protocol of Mitsubishi's controllers (CLPA BAP-C2006ENG-001), whose
 * frames MELSEC's MC protocol has too:
 *
 *     3E   50|d0 00                        network(1) station(1) module(2) multidrop(1) length(2)
 *     4E   54|d4 00  number(2)  00 00      the same
 *
 * Numbers are little-endian. A request goes on with a timer, a command and a subcommand, a reply
 * with an end code; the length counts all that follows it.
 */
#include "protocols/protocol.h"

enum {
    REQUEST_3E = 0x5000,
    REQUEST_4E = 0x5400,
    REPLY_BIT = 0x8000,
    OWN_MODULE = 0x03ff, /* others stand right below it: 3d0 to 3d3, 3e0 to 3e3 */
    FIRST_MODULE = 0x03d0,
    LAST_COMMAND_PAGE = 0x40,
    MOST = 8192
};

/* Groups of commands (section 5.1): device 01 04 06 08 14 16, remote 10, file 18, node 0e, link
 * device 20, 30; sub-commands have no bits beyond these. */
static bool is_command(uint16_t command, uint16_t subcommand)
{
    uint16_t group = command >> 8;
    bool known = group == 0x01 || group == 0x04 || group == 0x06 || group == 0x08 ||
                 group == 0x0e || group == 0x10 || group == 0x14 || group == 0x16 ||
                 group == 0x18 || group == 0x20 || group == 0x30;
    return known && (command & 0xff) <= LAST_COMMAND_PAGE && (subcommand & 0xff3c) == 0;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint16_t kind = cursor_u16(&c);
    bool is_reply = kind & REPLY_BIT, is_4e = (kind & ~REPLY_BIT) == REQUEST_4E;
    if (!c.ran_short && (kind & ~REPLY_BIT) != REQUEST_3E && !is_4e)
        return NO;
    if (is_4e) {
        cursor_skip(&c, 2);
        if (cursor_u16(&c) != 0)
            return NO;
    }
    cursor_skip(&c, 2);
    uint16_t module = cursor_le16(&c);
    cursor_skip(&c, 1);
    uint16_t length = cursor_le16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (module < FIRST_MODULE || module > OWN_MODULE || length > MOST ||
        length < (is_reply ? 2 : 6))
        return NO;
    if (is_udp(in) && !fills_datagram(in, &c, c.at + length))
        return NO;
    if (is_reply) {
        cursor_skip(&c, 2);
        return both_spoke(in) ? yes(in, "reply", &c) : likely(in, "reply", &c);
    }
    cursor_skip(&c, 2);
    uint16_t command = cursor_le16(&c), subcommand = cursor_le16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return is_command(command, subcommand) ? yes(in, "request", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

/* The module's high byte is 3 in all that there are. */
static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x50\0\0\0\xc0\x03", "\x7f\xff\0\0\xc0\xff"),
    SIGNATURE_MASKED(0, "\x54\0\0\0\0\0\0\0\xc0\x03", "\x7f\xff\0\0\xff\xff\0\0\xc0\xff"),
};

const struct cdpi_protocol cdpi_protocol_slmp = {
    .name = "SLMP",
    .reference = "CLPA BAP-C2006ENG-001, Seamless Message Protocol, sections 4 and 5",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(5006, 5007, 45239),
    .udp_ports = PORTS(45237, 45238),
    SIGNATURES(signatures),
    .validate = validate,
};
