/* SPDX-License-Identifier: MIT */
/*
 * MapleStory (public server emulators, OdinMS and after): the server speaks first and in clear,
 *
 *     size(2) version(2) length(2) patch(length) receive key(4) send key(4) locale(1)
 *
 * low byte first, size of what follows; the patch is a digit or more as text.
 */
#include "protocols/protocol.h"

enum { FIXED = 13, PATCH_MOST = 3, LAST_VERSION = 400, LAST_LOCALE = 9 };

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint16_t size = cursor_le16(&c), version = cursor_le16(&c), length = cursor_le16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (length < 1 || length > PATCH_MOST || size != FIXED + length || version < 1 ||
        version > LAST_VERSION)
        return NO;
    for (uint16_t i = 0; i < length; i++) {
        uint8_t digit = cursor_u8(&c);
        if (!c.ran_short && (digit < '0' || digit > '9'))
            return NO;
    }
    cursor_skip(&c, 8);
    uint8_t locale = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return locale >= 1 && locale <= LAST_LOCALE && cursor_at_end(&c) ? likely(in, "hello", &c) : NO;
}

/* All that follows is encrypted: the client cannot be told. */
static enum answer validate(struct inspection *in)
{
    return in->server.size ? judge_server(in, in->server) : NO;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x0c\0\0\0\0\0\x30", "\xfc\xff\0\xfe\xfc\xff\xf0"),
    SIGNATURE_MASKED(0, "\x10\0\0\0\x03\0\x30", "\xff\xff\0\xfe\xff\xff\xf0"),
};

const struct cdpi_protocol cdpi_protocol_maplestory = {
    .name = "MapleStory",
    .reference = "no public specification; the hello as public emulators (OdinMS) implement it",
    .transports = OVER_TCP,
    .category = CATEGORY_GAME,
    .tcp_ports = PORTS(8484),
    SIGNATURES(signatures),
    .validate = validate,
};
