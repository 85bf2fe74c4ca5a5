/* SPDX-License-Identifier: MIT */
/*
 * SIP, RFC 3261 section 7: a request line (7.1) or a status line (7.2) of version SIP/2.0, over UDP
 * and TCP. Either side sends either. Between messages stand empty lines and, on UDP, zeros or other
 * few bytes to keep a NAT's binding alive (section 7.5, RFC 5626 section 4.4.1).
 */
#include "framing/start_line.h"
#include "protocols/media.h"

enum { KEEP_ALIVE_SIZE = 4, DAMAGED_LINES = 8, DAMAGED_LIMIT = 1024 };

/* Section 19.1 and RFC 3966; RFC 3261 section 7.1 allows other schemes. */
static bool is_own_scheme(struct cursor uri)
{
    return cursor_accept_nocase(&uri, "sip:") || cursor_accept_nocase(&uri, "sips:") ||
           cursor_accept_nocase(&uri, "tel:");
}

static bool is_keep_alive(const struct cursor *c)
{
    struct cursor rest = *c;
    while (!cursor_at_end(&rest)) {
        uint8_t byte = cursor_u8(&rest);
        if (byte != '\r' && byte != '\n' && byte != 0)
            return false;
    }
    return rest.size <= KEEP_ALIVE_SIZE;
}

/* A version that came to harm: the lines below still name it. */
static enum answer judge_damaged(struct inspection *in, struct cursor c)
{
    static const char *const methods[] = {"INVITE ",  "ACK ",      "BYE ",       "CANCEL ",
                                          "OPTIONS ", "REGISTER ", "SUBSCRIBE ", "NOTIFY ",
                                          "INFO ",    NULL};
    struct cursor line;
    bool is_status = cursor_accept_text(&c, "SIP/2.0 ");
    bool is_request = false;
    for (unsigned i = 0; methods[i] && !is_status && !is_request; i++)
        is_request = cursor_accept(&c, methods[i], (uint32_t)strlen(methods[i]));
    if (!is_status && !(is_request && is_own_scheme(c)))
        return NO;
    for (unsigned i = 0; i < DAMAGED_LINES && text_line(&c, DAMAGED_LIMIT, &line) != LINE_OPEN;
         i++) {
        if (cursor_accept_nocase(&line, "via:") && text_has(line, "sip/2.0/"))
            return likely(in, "damaged start line", &c);
        if (line.size == 0)
            break;
    }
    return NO;
}

/* A request whose line does not end: the capture cut it, or it fills the head. */
static enum answer judge_open(struct inspection *in, const struct cursor *c, struct cursor method,
                              struct cursor uri)
{
    bool is_request = cursor_left(&uri) && is_own_scheme(uri) && cursor_left(&method) >= 3;
    return is_request && is_cut(in, c) ? likely(in, "request", c) : short_of(in, c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct cursor method = {0}, uri = {0}, start = c;
    if (is_keep_alive(&c))
        return !is_udp(in) && !in->is_final ? wants_more(in, &c) : both_spoke(in) ? LIKELY : NO;
    switch (start_line(&c, "SIP/2.0", &method, &uri)) {
    case START_BAD:
        return judge_damaged(in, start);
    case START_OPEN:
        return judge_open(in, &c, method, uri);
    case START_STATUS:
        return yes(in, "status line", &c);
    default:
        return yes(in, "request line", &c);
    }
}

/* A port that takes SIP takes other datagrams too (STUN, probes, a keep-alive of a few letters).
 * Empty lines both ways are many things. */
static enum answer validate(struct inspection *in)
{
    enum answer joint = judge_sides(in, judge, judge);
    if (joint == LIKELY && !is_udp(in) && is_keep_alive(&in->client) && is_keep_alive(&in->server))
        return NO;
    if (joint != NO || !is_udp(in) || !both_spoke(in))
        return joint;
    enum answer client = judge(in, in->client), server = judge(in, in->server);
    return client == YES || server == YES ? LIKELY : NO;
}

static const struct signature signatures[] = {
    SIGNATURE(0, "SIP/2.0 "),   SIGNATURE(0, "INVITE "),   SIGNATURE(0, "ACK sip"),
    SIGNATURE(0, "ACK tel"),    SIGNATURE(0, "BYE "),      SIGNATURE(0, "CANCEL "),
    SIGNATURE(0, "OPTIONS "),   SIGNATURE(0, "REGISTER "), SIGNATURE(0, "PRACK "),
    SIGNATURE(0, "SUBSCRIBE "), SIGNATURE(0, "NOTIFY "),   SIGNATURE(0, "PUBLISH "),
    SIGNATURE(0, "INFO "),      SIGNATURE(0, "REFER "),    SIGNATURE(0, "MESSAGE "),
    SIGNATURE(0, "UPDATE "),    SIGNATURE(0, "SERVICE "),  SIGNATURE(0, "BENOTIFY "),
    SIGNATURE(0, "NEGOTIATE "), SIGNATURE(0, "PING sip"),  SIGNATURE(0, "DO sip"),
    SIGNATURE(0, "KDMQ sip"),   SIGNATURE(0, "COMET sip"), SIGNATURE(0, "QAUTH sip"),
    SIGNATURE(0, "\r\n"),
};

const struct cdpi_protocol cdpi_protocol_sip = {
    .name = "SIP",
    .reference = "RFC 3261 section 7, RFC 3966, RFC 5626",
    .transports = OVER_TCP | OVER_UDP | OVER_SCTP,
    .category = CATEGORY_VOICE,
    .tcp_ports = PORTS(5060),
    .udp_ports = PORTS(5060),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
    .follow = follow_media,
};
