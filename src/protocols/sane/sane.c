/* SPDX-License-Identifier: MIT */
/*
 * SANE, scanners over the network (SANE Standard 1.06 section 5, Network Protocol), in words(4):
 * the client begins with INIT = 0, a version(major 1, minor, build 3), a name's size and the name
 * with its zero, or no name; the server answers status = 0 and its version. The build is the
 * network protocol's version; SANE backends say minor 0 up to 1.0.32 and 1 from 1.1 on.
 */
#include "protocols/protocol.h"

enum { INIT = 0, MINOR = 3, BUILD = 3, NAME_LIMIT = 64 };

/* Major 1, a minor of the one standard, the protocol's build 2 or 3. */
static bool is_version(uint32_t version)
{
    return version >> 24 == 1 && (version >> 16 & 0xff) <= MINOR && (version & 0xffff) >= 2 &&
           (version & 0xffff) <= BUILD;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    uint32_t call = cursor_u32(&c), version = cursor_u32(&c), size = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (call != INIT || !is_version(version) || size > NAME_LIMIT)
        return NO;
    for (uint32_t i = 0; i < size; i++) {
        uint8_t byte = cursor_u8(&c);
        if (c.ran_short)
            return short_of(in, &c);
        if (i + 1 < size ? byte <= ' ' || byte == 0x7f : byte != 0)
            return NO;
    }
    return yes(in, "initialisation", &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint32_t status = cursor_u32(&c), version = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return status <= 11 && is_version(version) ? yes(in, "version", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0\0\0\x01\0\0\x02", "\xff\xff\xff\xf0\xff\xfc\xff\xfe"),
};

const struct cdpi_protocol cdpi_protocol_sane = {
    .name = "SANE",
    .reference = "SANE Standard 1.06 section 5",
    .transports = OVER_TCP,
    .category = CATEGORY_PRINTING,
    .tcp_ports = PORTS(6566),
    SIGNATURES(signatures),
    .validate = validate,
};
