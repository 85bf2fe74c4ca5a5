/* SPDX-License-Identifier: MIT */
/*
 * NBD, the network block device (nbd's doc/proto.md): the server begins with "NBDMAGIC" and
 * "IHAVEOPT", or the old way with 00 00 42 02 81 86 12 53; the client with flags(4) and options of
 * "IHAVEOPT", which are answered with 0003e889045565a9. Later, requests begin with 25609513 and
 * replies with 67446698.
 */
#include "protocols/protocol.h"
#include "protocols/starttls.h"

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (cursor_accept_text(&c, "IHAVEOPT"))
        return likely(in, "option", &c);
    uint32_t flags = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (flags == 0x25609513) { /* flags, command of 0 to 7 */
        uint16_t bits = cursor_u16(&c), command = cursor_u16(&c);
        if (c.ran_short)
            return short_of(in, &c);
        return bits < 0x40 && command <= 7 ? yes(in, "request", &c) : NO;
    }
    if (flags > 7 || !cursor_may_start_with(&c, "IHAVEOPT"))
        return NO;
    return cursor_skip(&c, 8) ? yes(in, "option", &c) : short_of(in, &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (cursor_may_start_with(&c, "\x67\x44\x66\x98")) {
        cursor_skip(&c, 4);
        uint32_t error = cursor_u32(&c);
        if (c.ran_short)
            return short_of(in, &c);
        return error < 200 ? yes(in, "reply", &c) : NO;
    }
    if (cursor_may_start(&c, "\0\x03\xe8\x89\x04\x55\x65\xa9", 8))
        return cursor_skip(&c, 8) ? yes(in, "option's reply", &c) : short_of(in, &c);
    if (!cursor_may_start_with(&c, "NBDMAGIC"))
        return NO;
    if (!cursor_skip(&c, 8))
        return short_of(in, &c);
    if (!cursor_may_start_with(&c, "IHAVEOPT") &&
        !cursor_may_start(&c, "\0\0\x42\x02\x81\x86\x12\x53", 8))
        return NO;
    return cursor_skip(&c, 8) ? yes(in, "greeting", &c) : short_of(in, &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "NBDMAGIC"),
    SIGNATURE(0, "IHAVEOPT"),
    SIGNATURE(0, "\0\x03\xe8\x89\x04\x55\x65\xa9"),
    SIGNATURE_MASKED(0, "\0\0\0\0IHAVEOPT", "\xff\xff\xff\xf8\xff\xff\xff\xff\xff\xff\xff\xff"),
    SIGNATURE(0, "\x25\x60\x95\x13\0"),
    SIGNATURE(0, "\x67\x44\x66\x98\0"),
};

const struct cdpi_protocol cdpi_protocol_nbd = {
    .name = "NBD",
    .reference = "nbd: doc/proto.md",
    .transports = OVER_TCP,
    .category = CATEGORY_CLUSTER,
    .tcp_ports = PORTS(10809),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow_starttls, /* NBD_OPT_STARTTLS */
};
