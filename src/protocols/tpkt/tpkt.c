/* SPDX-License-Identifier: MIT */
/*
 * ISO transport over TCP: TPKT (RFC 1006 section 6) around transport PDUs (ITU-T X.224). What runs
 * inside (RDP, S7comm, MMS ...) refines it.
 */
#include "framing/tpkt.h"
#include "protocols/protocol.h"

/* A request's or a confirmation's parameters fill it exactly; RDP's user data is its children's to
 * read. */
static enum answer judge_connection(struct inspection *in, struct cursor c, const struct tpkt *t)
{
    struct cursor all = c;
    if (t->body != t->end)
        return NO;
    if (!cotp_parameters(&all, t))
        return NO;
    if (all.ran_short)
        return short_of(in, &all);
    bool is_request = t->type == COTP_REQUEST;
    if (is_request || both_spoke(in) || t->body > t->params)
        return yes(in, is_request ? "connection request" : "connection confirm", &all);
    return likely(in, "connection confirm", &all);
}

/* One data PDU is little: the next one's head, or the other side's, must bear it out. */
static enum answer judge_data(struct inspection *in, struct cursor c, const struct tpkt *t)
{
    struct tpkt next;
    cursor_seek(&c, t->end);
    if (c.ran_short || cursor_left(&c) < 6)
        return likely(in, "data", &c);
    if (!tpkt_read(&c, &next))
        return NO;
    return c.ran_short ? likely(in, "data", &c) : yes(in, "data, twice", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct tpkt t;
    if (!tpkt_read(&c, &t))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    return t.type == COTP_DATA ? judge_data(in, c, &t) : judge_connection(in, c, &t);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x03\0\0\0\0\xe0\0\0", "\xff\xff\0\0\0\xf0\xff\xff"),
    SIGNATURE_MASKED(0, "\x03\0\0\0\0\xd0", "\xff\xff\0\0\0\xf0"),
    SIGNATURE_MASKED(0, "\x03\0\0\0\x02\xf0\x80", "\xff\xff\0\0\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_tpkt = {
    .name = "TPKT",
    .reference = "RFC 1006 section 6, ITU-T X.224 section 13",
    .transports = OVER_TCP,
    .category = CATEGORY_NETWORK,
    .tcp_ports = PORTS(102),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
