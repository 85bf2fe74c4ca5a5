/* SPDX-License-Identifier: MIT */
#include "data.h"

#include "framing/text.h"
#include "framing/tls.h"

/* "h1,h2,h3,h4,p1,p2", RFC 959 section 4.1.2. */
static bool host_and_port(struct cursor *c, uint8_t address[4], uint16_t *port)
{
    uint32_t parts[6];
    for (unsigned i = 0; i < 6; i++) {
        if ((i && !cursor_accept_text(c, ",")) || text_digits(c, 3, &parts[i]) == 0 ||
            parts[i] > 255)
            return false;
    }
    for (unsigned i = 0; i < 4; i++)
        address[i] = (uint8_t)parts[i];
    *port = (uint16_t)(parts[4] << 8 | parts[5]);
    return true;
}

static void announce_data(struct follow *f, enum announced_at at, uint16_t port)
{
    struct announcement *a = announce(f, "FTP-DATA", OVER_TCP, port);
    if (a)
        a->at = (uint8_t)at;
}

/* PORT and 227. Behind a translator the address is another's than the side's own: both count. */
static void announce_address(struct follow *f, struct cursor c, enum announced_at side)
{
    uint8_t address[4];
    uint16_t port;
    while (!cursor_at_end(&c) && !text_is_digit(cursor_peek(&c, 0)))
        cursor_skip(&c, 1);
    if (!host_and_port(&c, address, &port))
        return;
    struct announcement *a = announce(f, "FTP-DATA", OVER_TCP, port);
    if (a)
        memcpy(a->address, address, 4);
    announce_data(f, side, port);
}

/* RFC 2428: "|1|address|port|", "|||port|"; the address is the side's own. */
static void announce_extended(struct follow *f, struct cursor c, enum announced_at side)
{
    uint32_t port = 0;
    int32_t open = cursor_find(&c, '|', FTP_LINE_LIMIT);
    if (open < 0)
        return;
    cursor_skip(&c, (uint32_t)open + 1);
    for (unsigned bars = 0; bars < 2; bars++) {
        int32_t next = cursor_find(&c, '|', FTP_LINE_LIMIT);
        if (next < 0)
            return;
        cursor_skip(&c, (uint32_t)next + 1);
    }
    if (text_digits(&c, 5, &port) > 0 && port <= 65535)
        announce_data(f, side, (uint16_t)port);
}

static void follow_line(struct follow *f, struct cursor line)
{
    if (line.side == SERVER && cursor_accept_text(&line, "227 "))
        announce_address(f, line, AT_SERVER);
    else if (line.side == SERVER && cursor_accept_text(&line, "229 "))
        announce_extended(f, line, AT_SERVER);
    else if (line.side == CLIENT && cursor_accept_nocase(&line, "port "))
        announce_address(f, line, AT_CLIENT);
    else if (line.side == CLIENT && cursor_accept_nocase(&line, "eprt "))
        announce_extended(f, line, AT_CLIENT);
}

/* Data connections are announced for as long as the session lasts; AUTH TLS (RFC 4217) ends
 * that. */
enum follow_answer ftp_follow(struct follow *f, struct cursor *payload)
{
    struct cursor line;
    if (tls_begins(payload)) {
        f->speaks = "TLS";
        return FOLLOW_SPEAKS;
    }
    while (text_line(payload, FTP_LINE_LIMIT, &line) == LINE_WHOLE)
        follow_line(f, line);
    return FOLLOW_ON;
}
