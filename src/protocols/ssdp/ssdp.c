/* SPDX-License-Identifier: MIT */
/*
 * SSDP, UPnP Device Architecture 2.0 section 1: requests M-SEARCH and NOTIFY, and the answers to a
 * search, in the form of HTTP/1.1, a message a datagram. An answer is told from other HTTP over UDP
 * by its ST and USN lines (section 1.3.3).
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { LINE_LIMIT = 1400, HEADER_LIMIT = 48 };

static const char *const names[] = {"st:", "usn:", "nt:", "nts:", "man:", "st :", "man :", NULL};

/* How many of the lines that only SSDP has stand in the header. */
static unsigned telling_lines(struct cursor c)
{
    unsigned count = 0;
    struct cursor line;
    for (unsigned i = 0; i < HEADER_LIMIT && text_line(&c, LINE_LIMIT, &line) == LINE_WHOLE; i++) {
        for (unsigned n = 0; names[n] && line.size > 0; n++) {
            struct cursor copy = line;
            if (cursor_accept_nocase(&copy, names[n]))
                count++;
        }
    }
    return count;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    unsigned telling = 0;
    if (cursor_accept_text(&c, "M-SEARCH * HTTP/1."))
        return yes(in, "search", &c);
    if (cursor_accept_text(&c, "NOTIFY * HTTP/1."))
        return yes(in, "notification", &c);
    if (cursor_accept_text(&c, "HTTP/1.1 200 ") || cursor_accept_text(&c, "HTTP/1.0 200 "))
        telling = telling_lines(c);
    return telling >= 2 ? yes(in, "answer", &c) : telling ? likely(in, "answer", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "M-SEARCH * HTTP/"),
    SIGNATURE(0, "NOTIFY * HTTP/1."),
    SIGNATURE(0, "HTTP/1.1 200 "),
    SIGNATURE(0, "HTTP/1.0 200 "),
};

const struct cdpi_protocol cdpi_protocol_ssdp = {
    .name = "SSDP",
    .reference = "UPnP Device Architecture 2.0 section 1",
    .transports = OVER_UDP,
    .category = CATEGORY_NETWORK,
    .is_one_sided = true,
    .udp_ports = PORTS(1900),
    SIGNATURES(signatures),
    .validate = validate,
};
