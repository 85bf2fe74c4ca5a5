/* SPDX-License-Identifier: MIT */
/*
 * Record headers of TLS (RFC 8446 section 5.1) and DTLS (RFC 6347 section 4.1).
 */
#ifndef CDPI_FRAMING_TLS_H
#define CDPI_FRAMING_TLS_H

#include "core/cursor.h"

enum {
    TLS_CHANGE_CIPHER = 20,
    TLS_ALERT = 21,
    TLS_HANDSHAKE = 22,
    TLS_APPLICATION = 23,
    TLS_HEARTBEAT = 24,
    DTLS_CONNECTION_ID = 25,  /* RFC 9146 section 4 */
    DTLS_ACK = 26,            /* RFC 9147 section 7 */
    TLS_RECORD_LIMIT = 0x4800 /* 2^14 + 2048, RFC 5246 section 6.2.3 */
};

struct tls_record {
    uint8_t type;
    uint16_t version, length;
};

static inline bool tls_is_version(uint16_t version)
{
    return version >= 0x300 && version <= 0x304;
}

/* Reads a header; false where there is none. What is missing is not refused: ask c->ran_short. */
static inline bool tls_record(struct cursor *c, struct tls_record *r)
{
    if (cursor_left(c) < 5) {
        int type = cursor_peek(c, 0), major = cursor_peek(c, 1), minor = cursor_peek(c, 2);
        c->ran_short = true;
        return (type < 0 || (type >= TLS_CHANGE_CIPHER && type <= TLS_HEARTBEAT)) &&
               (major < 0 || major == 3) && (minor < 0 || minor <= 4);
    }
    r->type = cursor_u8(c);
    r->version = cursor_u16(c);
    r->length = cursor_u16(c);
    return r->type >= TLS_CHANGE_CIPHER && r->type <= TLS_HEARTBEAT && tls_is_version(r->version) &&
           r->length > 0 && r->length <= TLS_RECORD_LIMIT;
}

/* A client hello's record stands here: what STARTTLS leads to. */
static inline bool tls_begins(const struct cursor *c)
{
    return cursor_peek(c, 0) == TLS_HANDSHAKE && cursor_peek(c, 1) == 3 && cursor_peek(c, 2) <= 4 &&
           cursor_peek(c, 5) == 1;
}

struct dtls_record {
    uint8_t type;
    uint16_t version, epoch, length;
    uint64_t sequence;
};

/* As tls_record. Versions: 1.0, 1.2, and OpenSSL's of before the standard, 0x0100. */
static inline bool dtls_record(struct cursor *c, struct dtls_record *r)
{
    r->type = cursor_u8(c);
    r->version = cursor_u16(c);
    r->epoch = cursor_u16(c);
    r->sequence = (uint64_t)cursor_u16(c) << 32;
    r->sequence |= cursor_u32(c);
    r->length = cursor_u16(c);
    if (c->ran_short)
        return true;
    return r->type >= TLS_CHANGE_CIPHER && r->type <= DTLS_ACK &&
           (r->version == 0xfeff || r->version == 0xfefd || r->version == 0x100) &&
           r->length <= TLS_RECORD_LIMIT;
}

#endif
