/* SPDX-License-Identifier: MIT */
/*
 * Apache Pulsar (Pulsar binary protocol specification): size(4) command size(4) command, a Protocol
 * Buffers message whose field 1 is its type and whose field of that command follows. A
 * connection begins with CONNECT (type 2, field 2) and CONNECTED (type 3, field 3).
 */
#include "protocols/protocol.h"

enum {
    TYPE_TAG = 0x08,
    CONNECT = 2,
    CONNECTED = 3,
    CONNECT_TAG = 0x12,
    CONNECTED_TAG = 0x1a,
    ERROR = 15,
    AUTHENTICATE = 36,
    SIZE_LIMIT = 1 << 20
};

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u32(&c), command = cursor_u32(&c);
    uint8_t tag = cursor_u8(&c), type = cursor_u8(&c), next = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (command < 4 || size != command + 4 || size > SIZE_LIMIT || tag != TYPE_TAG)
        return NO;
    if (c.side == CLIENT)
        return type == CONNECT && next == CONNECT_TAG ? yes(in, "connect", &c) : NO;
    if (type == CONNECTED && next == CONNECTED_TAG)
        return yes(in, "connected", &c);
    return type == ERROR || type == AUTHENTICATE ? yes(in, "refused or asked", &c) : NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0\0\0\0\0\0\0\x08\x02\x12", "\xff\xf0\0\0\xff\xf0\0\0\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\0\0\0\0\0\0\0\0\x08\x03\x1a", "\xff\xf0\0\0\xff\xf0\0\0\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_pulsar = {
    .name = "Pulsar",
    .reference = "Apache Pulsar: Binary protocol specification",
    .transports = OVER_TCP,
    .category = CATEGORY_MESSAGING,
    .tcp_ports = PORTS(6650),
    SIGNATURES(signatures),
    .validate = validate,
};
