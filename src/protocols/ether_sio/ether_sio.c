/* SPDX-License-Identifier: MIT */
/*
 * Saia Ether-SIO, remote inputs and outputs of SBC's controllers: each datagram begins with
 *
 *     "ESIO" type(2) version(1) ...
 *
 * types 1 to 3 (request, response, status); no more is public.
 */
#include "protocols/protocol.h"

enum { LAST_TYPE = 3, LEAST = 12 };

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "ESIO"))
        return NO;
    uint16_t type = cursor_u16(&c);
    return c.size >= LEAST && type <= LAST_TYPE ? likely(in, "header", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE(0, "ESIO\0")};

const struct cdpi_protocol cdpi_protocol_ether_sio = {
    .name = "Ether-SIO",
    .reference = "Saia-Burgess Controls, PCD3.T665/T666 remote I/O; only the magic is public",
    .transports = OVER_UDP,
    .category = CATEGORY_INDUSTRIAL,
    .udp_ports = PORTS(6060),
    SIGNATURES(signatures),
    .validate = validate,
};
