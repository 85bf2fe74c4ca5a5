/* SPDX-License-Identifier: MIT */
/*
 * NDMP, backups of storage (draft-skardal-ndmp4 section 2.3), XDR in records as SunRPC's (RFC 5531
 * section 11):
 *
 *     last fragment(1 bit) length(31)   number(4)  time(4)  kind(4)  message(4)  answered(4)
 *     error(4)  body
 *
 * The server begins with its state (0x502), the client with the version it would speak (0x900).
 */
#include "protocols/protocol.h"

enum {
    LAST_FRAGMENT = 0x80,
    HEADER = 24,
    MOST = 1 << 16,
    CONNECTED = 0x502,
    OPEN = 0x900,
    LAST_CONNECT_MESSAGE = 0x903,
    LAST_STATE = 2,
    LAST_VERSION = 5,
    LAST_ERROR = 0x20
};

static bool body_fits(struct cursor c, uint32_t message, bool is_reply)
{
    if (is_reply)
        return true;
    if (message == CONNECTED) {
        uint32_t state = cursor_u32(&c), version = cursor_u32(&c);
        return c.ran_short || (state <= LAST_STATE && version <= LAST_VERSION);
    }
    if (message == OPEN) {
        uint32_t version = cursor_u32(&c);
        return c.ran_short || (version >= 1 && version <= LAST_VERSION);
    }
    return true;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t last = cursor_u8(&c);
    uint32_t length = cursor_u24(&c);
    cursor_skip(&c, 8);
    uint32_t kind = cursor_u32(&c), message = cursor_u32(&c), answered = cursor_u32(&c);
    uint32_t error = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool is_known = message == CONNECTED || (message >= OPEN && message <= LAST_CONNECT_MESSAGE);
    if (last != LAST_FRAGMENT || length < HEADER || length > MOST || length & 3 || kind > 1 ||
        !is_known || error > LAST_ERROR || (kind == 0 && (answered != 0 || error != 0)))
        return NO;
    uint32_t body = kind == 1 ? 0 : message == CONNECTED ? 8 : message == OPEN ? 4 : 0;
    if (cursor_left(&c) < body) {
        c.at = c.size;
        return likely_at_end(in, "message", &c);
    }
    return body_fits(c, message, kind == 1) ? yes(in, "message", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x80\0\0\0", "\xff\xff\0\x03"),
};

const struct cdpi_protocol cdpi_protocol_ndmp = {
    .name = "NDMP",
    .reference = "draft-skardal-ndmp4-04 sections 2 and 3",
    .transports = OVER_TCP,
    .category = CATEGORY_CLUSTER,
    .tcp_ports = PORTS(10000),
    SIGNATURES(signatures),
    .validate = validate,
};
