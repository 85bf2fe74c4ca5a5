/* SPDX-License-Identifier: MIT */
/*
 * Battle.net's classic chat and game service, as StarCraft and its kin speak it (bnetdocs.org): the
 * client sends the protocol's octet 01, then messages both ways,
 *
 *     ff id(1) length(2, low byte first, of the whole)
 *
 * of which the first names machine and game backwards: SID_AUTH_INFO (50) "68XI" "PXES". StarCraft
 * II's log-on begins with ten octets that do not change (seen in nDPI's starcraft_battle.pcap; no
 * public specification).
 */
#include "protocols/protocol.h"

enum { CHAT = 1, AUTHENTICATE = 0x50, HEADER = 4 };

static bool is_machine(struct cursor *c)
{
    return cursor_accept_text(c, "68XI") || cursor_accept_text(c, "CAMP") ||
           cursor_accept_text(c, "CAMX");
}

/* StarCraft, Brood War, their shareware and Japanese editions. */
static bool is_starcraft(struct cursor *c)
{
    return cursor_accept_text(c, "RATS") || cursor_accept_text(c, "PXES") ||
           cursor_accept_text(c, "RTSJ") || cursor_accept_text(c, "RHSS");
}

static bool is_log_on(struct cursor *c)
{
    return cursor_accept_text(c, "\x4a\0\0\x0a\x66\x02\x0a\xed\x2d\x66");
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (is_log_on(&c))
        return likely(in, "log-on of StarCraft II", &c);
    if (cursor_peek(&c, 0) == CHAT)
        cursor_skip(&c, 1);
    if (!cursor_may_start_with(&c, "\xff\x50"))
        return NO;
    cursor_skip(&c, 2);
    uint16_t length = cursor_le16(&c);
    cursor_skip(&c, 4);
    if (cursor_left(&c) < 8 || c.ran_short)
        return short_of(in, &c);
    if (length < 40 || length > 512 || !is_machine(&c) || !is_starcraft(&c))
        return NO;
    return yes(in, "game is named", &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    struct cursor log_on = in->client;
    if (is_log_on(&log_on)) /* its answer is not known */
        return YES;
    uint8_t first = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint16_t length = cursor_le16(&c);
    if (first != 0xff || (!c.ran_short && length < HEADER))
        return NO;
    return c.ran_short       ? short_of(in, &c)
           : in->client.size ? yes(in, "message", &c)
                             : wants(in, CLIENT, 1);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "\x01\xff\x50"),
    SIGNATURE(0, "\x4a\0\0\x0a\x66\x02\x0a\xed\x2d\x66"),
    SIGNATURE_MASKED(0, "\xff\x50\0\0\0\0\0\0", "\xff\xff\0\xfe\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_starcraft = {
    .name = "Starcraft",
    .reference = "bnetdocs.org: SID_AUTH_INFO, product identification",
    .transports = OVER_TCP,
    .category = CATEGORY_GAME,
    .tcp_ports = PORTS(6112),
    SIGNATURES(signatures),
    .validate = validate,
};
