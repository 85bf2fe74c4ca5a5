/* SPDX-License-Identifier: MIT */
/*
 * Protocols that go over to TLS within their connection (STARTTLS, or whatever they call it): the
 * client's hello tells it, so a follower need not know how it was asked for and granted.
 */
#ifndef CDPI_PROTOCOLS_STARTTLS_H
#define CDPI_PROTOCOLS_STARTTLS_H

#include "framing/tls.h"
#include "protocols/protocol.h"

enum { STARTTLS_PAYLOADS = 16, STARTTLS_REACH = 1024 };

/* A client hello stands here: RFC 8446 sections 5.1 and 4.1.2. */
static inline bool starttls_is_here(const struct cursor *c)
{
    return tls_begins(c) && cursor_peek(c, 6) == 0 && cursor_peek(c, 9) == 3 &&
           cursor_peek(c, 10) <= 3 && cursor_peek_u16(c, 7) + 4u >= cursor_peek_u16(c, 3);
}

/* The cursor goes on to the hello; what came before the verdict may stand in front of it. */
static inline bool starttls_find(struct cursor *c)
{
    struct cursor at = *c;
    while (at.at - c->at < STARTTLS_REACH) {
        int32_t next = cursor_find(&at, TLS_HANDSHAKE, STARTTLS_REACH);
        if (next < 0 || !cursor_skip(&at, (uint32_t)next))
            return false;
        if (starttls_is_here(&at)) {
            *c = at;
            return true;
        }
        cursor_skip(&at, 1);
    }
    return false;
}

/* A follower by itself, and the end of those that look at more. It counts in state[31]. */
static inline enum follow_answer follow_starttls(struct follow *f, struct cursor *payload)
{
    if (f->transport != OVER_TCP)
        return FOLLOW_DONE;
    if (!tls_begins(payload) && !starttls_find(payload))
        return ++f->state[31] < STARTTLS_PAYLOADS ? FOLLOW_ON : FOLLOW_DONE;
    f->speaks = "TLS";
    return FOLLOW_SPEAKS;
}

#endif
