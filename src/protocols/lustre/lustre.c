/* SPDX-License-Identifier: MIT */
/*
 * Lustre's network over TCP (lustre's lnet/include/uapi: lnet-types.h, socklnd.h), in the sender's
 * byte order. A connection begins with a request to the acceptor, magic(4) = acce7100 version(4)
 * nid(8), and a greeting each way, magic(4) = 45726963 version(4) ...; messages after it are
 *
 *     c1(4) checksum(4) cookies(16), then to(8) from(8) pid to(4) pid from(4) type(4) size(4)
 */
#include "protocols/protocol.h"

enum { MESSAGE = 0xc1, LAST_TYPE = 4, KERNEL_PID = 12345, LAST_VERSION = 4 };
static const uint32_t ACCEPTOR = 0xacce7100, GREETING = 0x45726963;

static uint32_t number(struct cursor *c, bool is_little)
{
    return is_little ? cursor_le32(c) : cursor_u32(c);
}

/* One of the two ends at least is a kernel. */
static enum answer judge_message(struct inspection *in, struct cursor c, bool is_little)
{
    cursor_skip(&c, 4 + 16 + 8 + 8);
    uint32_t to = number(&c, is_little), from = number(&c, is_little);
    uint32_t type = number(&c, is_little), size = number(&c, is_little);
    if (c.ran_short)
        return short_of(in, &c);
    if ((to != KERNEL_PID && from != KERNEL_PID) || type > LAST_TYPE || size > 1 << 20)
        return NO;
    return yes(in, "message", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    bool is_little = cursor_peek(&c, 0) != 0xac && cursor_peek(&c, 0) != 0x45 &&
                     (cursor_peek(&c, 0) != 0 || cursor_peek(&c, 1) == 0x71);
    uint32_t magic = number(&c, is_little);
    if (c.ran_short)
        return short_of(in, &c);
    if (magic == MESSAGE)
        return judge_message(in, c, is_little);
    uint32_t version = number(&c, is_little);
    if (c.ran_short)
        return short_of(in, &c);
    if ((magic != ACCEPTOR && magic != GREETING) || version == 0 || version > LAST_VERSION)
        return NO;
    return yes(in, magic == ACCEPTOR ? "connection request" : "greeting", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "\x00\x71\xce\xac"), SIGNATURE(0, "\xac\xce\x71\x00"), SIGNATURE(0, "cirE"),
    SIGNATURE(0, "Eric\0\0\0"),       SIGNATURE(0, "\xc1\0\0\0"),
};

const struct cdpi_protocol cdpi_protocol_lustre = {
    .name = "Lustre",
    .reference = "Lustre: lnet/include/uapi/linux/lnet/lnet-types.h, socklnd.h",
    .transports = OVER_TCP,
    .category = CATEGORY_CLUSTER,
    .tcp_ports = PORTS(988),
    SIGNATURES(signatures),
    .validate = validate,
};
