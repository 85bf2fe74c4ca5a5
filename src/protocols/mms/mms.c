/* SPDX-License-Identifier: MIT */
/*
 * MMS, ISO 9506-2, over ISO session (X.225) and presentation (X.226) in ISO transport's data PDUs.
 * The session's connect (0d) and accept (0e) carry the object identifiers of MMS' abstract syntax
 * and application context, 1.0.9506.2.x.
 */
#include "framing/tpkt.h"
#include "protocols/protocol.h"

enum { CONNECT = 0x0d, ACCEPT = 0x0e };

/* The packet holds 28 ca 22 02, all of it or as much as has arrived. */
static enum answer judge(struct inspection *in, struct cursor c)
{
    struct tpkt t;
    if (!tpkt_first_data(&c, &t))
        return NO;
    int spdu = cursor_peek(&c, 0);
    if (c.ran_short || spdu < 0)
        return wants_more(in, &c);
    if (spdu != CONNECT && spdu != ACCEPT)
        return NO;
    int32_t identifier = cursor_find_text(&c, "\x28\xca\x22\x02", t.end - t.body);
    if (identifier >= 0) {
        cursor_skip(&c, (uint32_t)identifier + 4);
        return yes(in, spdu == CONNECT ? "session connect" : "session accept", &c);
    }
    if (spdu == ACCEPT && both_spoke(in) && cursor_left(&c) >= t.end - t.body)
        return likely(in, "session accept", &c); /* an accept need not name it */
    return cursor_left(&c) >= t.end - t.body ? NO : wants_more(in, &c);
}

/* A side that has asked for a connection only is borne by the other. */
static enum answer validate(struct inspection *in)
{
    enum answer client = in->client.size ? judge(in, in->client) : MORE;
    enum answer server = in->server.size ? judge(in, in->server) : MORE;
    if (client == NO || server == NO ||
        (client < YES && server < YES && client + server > MORE + MORE))
        return NO;
    return client > server ? client : server;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x03\0\0\0\x02\xf0\x80\x0c", "\xff\xff\0\0\xff\xff\xff\xfc"),
    SIGNATURE_MASKED(0, "\x03\0\0\0\0\xe0\0\0", "\xff\xff\xff\0\0\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x03\0\0\0\0\xd0", "\xff\xff\xff\0\0\xff"),
};

const struct cdpi_protocol cdpi_protocol_mms = {
    .name = "MMS",
    .reference = "ISO 9506-2, ITU-T X.225, X.226",
    .transports = OVER_TCP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(102),
    SIGNATURES(signatures),
    .validate = validate,
    .refines = "TPKT",
};
