/* SPDX-License-Identifier: MIT */
/*
 * PPTP's control connection, RFC 2637 section 2: length(2) type(2) = 1, cookie(4) = 1a2b3c4d,
 * control type(2) reserved(2). Data goes by GRE.
 */
#include "protocols/protocol.h"

enum { HEADER = 12, MANAGEMENT = 2, COOKIE = 0x1a2b3c4d, LAST_CONTROL = 15, LENGTH_LIMIT = 512 };
enum { OUTGOING_REPLY = 8, INCOMING_CONNECTED = 11, FOLLOWED_PAYLOADS = 32 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint16_t length = cursor_u16(&c), type = cursor_u16(&c);
    uint32_t cookie = cursor_u32(&c);
    uint16_t control = cursor_u16(&c);
    cursor_skip(&c, 2);
    if (c.ran_short)
        return short_of(in, &c);
    if (length < HEADER || length > LENGTH_LIMIT || type < 1 || type > MANAGEMENT ||
        cookie != COOKIE || control < 1 || control > LAST_CONTROL)
        return NO;
    return yes(in, "control message", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

/* A call that is taken (sections 2.8 and 2.11): its data goes by GRE between the two. */
static enum follow_answer follow(struct follow *f, struct cursor *payload)
{
    struct cursor c = *payload;
    cursor_skip(&c, 8);
    uint16_t control = cursor_u16(&c);
    struct announcement *a = NULL;
    if (control == OUTGOING_REPLY || control == INCOMING_CONNECTED)
        a = announce(f, "GRE", OVER_GRE, 0);
    if (a)
        a->at = AT_SERVER;
    return ++f->state[0] < FOLLOWED_PAYLOADS ? FOLLOW_ON : FOLLOW_DONE;
}

static const struct signature signatures[] = {SIGNATURE(4, "\x1a\x2b\x3c\x4d")};

const struct cdpi_protocol cdpi_protocol_pptp = {
    .name = "PPTP",
    .reference = "RFC 2637 section 2",
    .transports = OVER_TCP,
    .category = CATEGORY_VPN,
    .tcp_ports = PORTS(1723),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow,
};
