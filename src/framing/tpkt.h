/* SPDX-License-Identifier: MIT */
/*
 * ISO transport over TCP. TPKT, RFC 1006 section 6: version 3, a zero, the length of all. Within it
 * a transport PDU of class 0 to 4, ITU-T X.224 section 13 (COTP):
 *
 *     LI(1) 0xe0 destination(2) = 0 source(2) class(1) parameters    connection request
 *     LI(1) 0xd0 destination(2)     source(2) class(1) parameters    connection confirm
 *     LI(1) = 2  0xf0 EOT(1)                                         data
 *
 * LI does not count itself.
 */
#ifndef CDPI_FRAMING_TPKT_H
#define CDPI_FRAMING_TPKT_H

#include "core/cursor.h"

enum {
    TPKT_HEADER = 4,
    COTP_REQUEST = 0xe0,
    COTP_CONFIRM = 0xd0,
    COTP_DISCONNECT = 0x80,
    COTP_DATA = 0xf0
};

struct tpkt {
    uint32_t end;    /* where the packet ends in its stream */
    uint8_t type;    /* COTP_* */
    uint32_t params; /* where a connection's parameters begin */
    uint32_t body;   /* where user data begins */
};

/* Version, zero and length. False: it is none. */
static inline bool tpkt_header(struct cursor *c, struct tpkt *t)
{
    uint32_t began = c->at;
    *t = (struct tpkt){.end = 0};
    if (!cursor_may_start_with(c, "\x03\x00"))
        return false;
    cursor_skip(c, 2);
    uint16_t size = cursor_u16(c);
    t->end = began + size;
    return c->ran_short || size >= 7;
}

static inline bool cotp_connection(struct cursor *c, struct tpkt *t, uint8_t indicator)
{
    uint16_t destination = cursor_u16(c);
    cursor_skip(c, 2);
    uint8_t class = cursor_u8(c);
    if (c->ran_short)
        return true;
    t->params = c->at;
    /* X.224 13.3.3: a request's destination is 0; class 0 to 4, options in the low half. A
     * disconnect request has a reason there. */
    if (t->type == COTP_REQUEST && destination != 0)
        return false;
    return indicator >= 6 && (class >> 4 <= 4 || t->type == COTP_DISCONNECT);
}

/* TPKT and transport PDU heads. False: not those. c->ran_short: more are needed. */
static inline bool tpkt_read(struct cursor *c, struct tpkt *t)
{
    if (!tpkt_header(c, t))
        return false;
    if (c->ran_short)
        return true;
    uint32_t began = c->at;
    uint8_t indicator = cursor_u8(c);
    uint8_t type = cursor_u8(c);
    if (c->ran_short)
        return true;
    t->type = type == COTP_DATA ? type : type & 0xf0;
    t->body = began + indicator + 1u;
    if (t->body > t->end || indicator == 0xff)
        return false;
    if (t->type == COTP_DATA) {
        uint8_t number = cursor_u8(c);
        return c->ran_short || (indicator == 2 && (number == 0x80 || number == 0));
    }
    if (t->type != COTP_REQUEST && t->type != COTP_CONFIRM && t->type != COTP_DISCONNECT)
        return false;
    return cotp_connection(c, t, indicator);
}

/* Parameters of a connection PDU, X.224 13.3.4: code, length, value, up to the user data
 * exactly. */
static inline bool cotp_parameters(struct cursor *c, const struct tpkt *t)
{
    cursor_seek(c, t->params);
    while (!c->ran_short && c->at < t->body) {
        uint8_t code = cursor_u8(c);
        uint8_t size = cursor_u8(c);
        cursor_skip(c, size);
        if (!c->ran_short && (code < 0x80 || code == 0xff))
            return false;
    }
    return c->ran_short || c->at == t->body;
}

/* Passes over connection PDUs and empty data, to the user data of the first data PDU that has
 * some. */
static inline bool tpkt_first_data(struct cursor *c, struct tpkt *t)
{
    for (unsigned packets = 0; packets < 4; packets++) {
        if (!tpkt_read(c, t))
            return false;
        if (!c->ran_short && t->type == COTP_DATA && t->body < t->end)
            return true;
        cursor_seek(c, t->end);
        if (c->ran_short)
            return true;
    }
    return false;
}

#endif
