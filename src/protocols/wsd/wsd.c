/* SPDX-License-Identifier: MIT */
/*
 * WS-Discovery: SOAP envelopes over UDP (OASIS SOAP-over-UDP) that name the namespace of discovery,
 * that of 2005 (WS-Discovery, April 2005) or of 2009 (OASIS WS-Discovery 1.1 section 1.4).
 */
#include "protocols/protocol.h"

enum { WITHIN = 2048, ENVELOPE_WITHIN = 400 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    cursor_accept_text(&c, "\xef\xbb\xbf");
    if (cursor_peek(&c, 0) != '<')
        return NO;
    int32_t envelope = cursor_find_text(&c, "Envelope", ENVELOPE_WITHIN);
    if (envelope < 0)
        return NO;
    int32_t name = cursor_find_text(&c, "http://schemas.xmlsoap.org/ws/2005/04/discovery", WITHIN);
    if (name < 0)
        name =
            cursor_find_text(&c, "http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01", WITHIN);
    if (name < 0)
        return NO;
    cursor_skip(&c, (uint32_t)name + 47);
    return yes(in, "namespace of discovery", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "<?xml"),
    SIGNATURE(0, "\xef\xbb\xbf<?xml"),
    SIGNATURE_MASKED(0, "<s", "\xff\xdf"),
    SIGNATURE_MASKED(0, "<e", "\xff\xdf"),
};

const struct cdpi_protocol cdpi_protocol_wsd = {
    .name = "WSD",
    .reference = "OASIS WS-Discovery 1.1, SOAP-over-UDP 1.1",
    .transports = OVER_UDP,
    .category = CATEGORY_NETWORK,
    .is_one_sided = true,
    .udp_ports = PORTS(3702),
    SIGNATURES(signatures),
    .validate = validate,
};
