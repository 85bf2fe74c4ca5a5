/* SPDX-License-Identifier: MIT */
/*
 * MMS, ISO 9506-2, over ISO session (X.225) and presentation (X.226) in ISO transport's data PDUs.
 * The session's connect (0d) and accept (0e) carry the object identifiers of MMS' abstract syntax
 * and application context, 1.0.9506.2.x.
 *
 * Joined late: data (01 00 01 00), presentation's [APPLICATION 1] with its context and [0], and in
 * it a confirmed request [0] or response [1], that begins with its number and a service with a tag
 * of its context (ISO 9506-2 section 7), or an unconfirmed report [3] { [0] }. Remote operations,
 * which others send so, have an INTEGER for the service.
 */
#include "framing/ber.h"
#include "framing/tpkt.h"
#include "protocols/protocol.h"

enum { DATA = 0x01, CONNECT = 0x0d, ACCEPT = 0x0e };
enum { USER_DATA = 0x61, VALUE = 0xa0, REQUEST = 0xa0, RESPONSE = 0xa1, UNCONFIRMED = 0xa3 };

static enum answer judge_data(struct inspection *in, struct cursor c)
{
    uint32_t end = 0, context = 0, length = 0, number = 0;
    if (!cursor_may_start(&c, "\x01\0\x01\0", 4))
        return NO;
    cursor_skip(&c, 4);
    if (!ber_enter_within(&c, USER_DATA, &end) || !ber_enter_within(&c, BER_SEQUENCE, &end) ||
        !ber_integer(&c, &context) || !ber_enter_within(&c, VALUE, &end))
        return NO;
    uint8_t kind = cursor_u8(&c);
    bool is_confirmed = kind == REQUEST || kind == RESPONSE;
    if (!c.ran_short && ((!is_confirmed && kind != UNCONFIRMED) || !ber_length(&c, &length) ||
                         (!c.ran_short && c.at + length != end)))
        return NO;
    if (is_confirmed && !ber_integer(&c, &number))
        return NO;
    uint8_t service = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_service = is_confirmed ? service >= 0x80 : service == VALUE;
    return is_service ? yes(in, is_confirmed ? "service" : "report", &c) : NO;
}

/* The packet holds 28 ca 22 02, all of it or as much as has arrived. */
static enum answer judge(struct inspection *in, struct cursor c)
{
    struct tpkt t;
    if (!tpkt_first_data(&c, &t))
        return NO;
    int spdu = cursor_peek(&c, 0);
    if (c.ran_short || spdu < 0)
        return wants_more(in, &c);
    if (spdu == DATA)
        return judge_data(in, c);
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
    bool is_one = client == YES || server == YES;
    if ((client == NO || server == NO) && in->is_midstream && is_one)
        return LIKELY; /* the other side stands within a message */
    if (client == NO || server == NO ||
        (client < YES && server < YES && client + server > MORE + MORE))
        return NO;
    return client > server ? client : server;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x03\0\0\0\x02\xf0\x80\x0c", "\xff\xff\0\0\xff\xff\xff\xfc"),
    SIGNATURE_MASKED(0, "\x03\0\0\0\x02\xf0\x80\x01\0\x01\0\x61",
                     "\xff\xff\0\0\xff\xff\xff\xff\xff\xff\xff\xff"),
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
