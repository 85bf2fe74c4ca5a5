/* SPDX-License-Identifier: MIT */
/*
 * SAP's network interface (NI) and what runs in it: DIAG of the SAP GUI, SAProuter, the message
 * server. There is no public specification; this is how the software behaves as the literature on
 * it describes (M. Gallo, "Uncovering SAP vulnerabilities", 2012). Every message is behind its
 * size(4). The GUI begins with a dispatcher's header of 200 bytes, whose numbers are still -1; the
 * router's with "NI_ROUTE", its errors with "NI_RTERR", pings are "NI_PING" and "NI_PONG"; the
 * message server's with "**MESSAGE**".
 */
#include "protocols/protocol.h"

enum { DISPATCHER = 200, SIZE_LIMIT = 0x40000 };

static bool is_known_word(const struct cursor *c)
{
    return cursor_starts(c, "NI_ROUTE", 9) || cursor_starts(c, "NI_RTERR", 9) ||
           cursor_starts(c, "NI_PING", 8) || cursor_starts(c, "NI_PONG", 8) ||
           cursor_starts(c, "**MESSAGE**", 12);
}

static bool may_be_known_word(const struct cursor *c)
{
    return cursor_may_start(c, "NI_ROUTE", 9) || cursor_may_start(c, "NI_RTERR", 9) ||
           cursor_may_start(c, "NI_PING", 8) || cursor_may_start(c, "NI_PONG", 8) ||
           cursor_may_start(c, "**MESSAGE**", 12);
}

/* request(4) = -1 code(1) = 10 sender(1) = 0 action(1) = 0 ... terminal(4) = -1 at 11. */
static enum answer judge_dispatcher(struct inspection *in, struct cursor c, uint32_t size)
{
    uint32_t request = cursor_u32(&c);
    uint8_t code = cursor_u8(&c);
    uint16_t sender = cursor_u16(&c);
    cursor_skip(&c, 4);
    uint32_t terminal = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (request != UINT32_MAX || code != 10 || sender != 0 || terminal != UINT32_MAX)
        return NO;
    return size > DISPATCHER ? yes(in, "dispatcher's header", &c) : NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size < 8 || size > SIZE_LIMIT)
        return NO;
    if (is_known_word(&c))
        return yes(in, "word of the network interface", &c);
    if (may_be_known_word(&c))
        return short_of(in, &c);
    return judge_dispatcher(in, c, size);
}

/* The server's: one of those words, or DIAG's header of eight bytes, which say little. */
static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size < 4 || size > SIZE_LIMIT)
        return NO;
    if (is_known_word(&c))
        return yes(in, "word of the network interface", &c);
    if (in->client.size)
        return YES;
    return may_be_known_word(&c) ? short_of(in, &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0\0\0NI_", "\xff\xf8\0\0\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\0\0\0\0**MESSAGE**",
                     "\xff\xf8\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\0\0\0\0\xff\xff\xff\xff\x0a\0\0",
                     "\xff\xf8\0\0\xff\xff\xff\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_sap_diag = {
    .name = "SAP-DIAG",
    .reference =
        "M. Gallo, Uncovering SAP vulnerabilities: dissecting and breaking the Diag protocol, 2012",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(3200, 3299, 3600),
    SIGNATURES(signatures),
    .validate = validate,
};
