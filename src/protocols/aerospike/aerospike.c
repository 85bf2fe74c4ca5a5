/* SPDX-License-Identifier: MIT */
/*
 * Aerospike (its wire protocol as the published clients have it, as_proto.h): version(1) = 2
 * type(1) size(6), of type 1 text ("build\n", answered by "build\t6.3\n"), 2 login, 3 message
 * (whose header of 22 bytes begins with that number), 4 one that is packed: its size unpacked (8),
 * and a stream of zlib's (RFC 1950).
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum {
    VERSION = 2,
    INFO = 1,
    SECURITY = 2,
    MESSAGE = 3,
    PACKED = 4,
    MESSAGE_HEADER = 22,
    SIZE_LIMIT = 1 << 27
};

/* Lines of a name, and on the server a tab and a value. */
static enum answer judge_info(struct inspection *in, struct cursor c)
{
    for (unsigned i = 0; i < 3; i++) {
        uint8_t byte = cursor_u8(&c);
        if (c.ran_short)
            return short_of(in, &c);
        if (!text_is_plain(byte) && byte != '\n')
            return NO;
    }
    return yes(in, "information", &c);
}

/* RFC 1950 section 2.2: deflate, a window of 32 KiB, and a check of both bytes. */
static enum answer judge_packed(struct inspection *in, struct cursor c, uint32_t size)
{
    uint64_t unpacked = cursor_u64(&c);
    uint16_t zlib = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    bool fits = unpacked > 8 && unpacked <= SIZE_LIMIT && size > 10 && zlib >> 8 == 0x78;
    return fits && zlib % 31 == 0 ? yes(in, "packed message", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t version = cursor_u8(&c), type = cursor_u8(&c);
    uint16_t high = cursor_u16(&c);
    uint32_t size = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (version != VERSION || high != 0 || size > SIZE_LIMIT)
        return NO;
    if (type == INFO) {
        if (size == 0)
            return c.side == CLIENT ? likely(in, "information", &c) : NO;
        return size >= 3 ? judge_info(in, c) : NO;
    }
    if (type == PACKED)
        return judge_packed(in, c, size);
    uint8_t first = cursor_u8(&c), second = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (type == MESSAGE)
        return first == MESSAGE_HEADER && size >= MESSAGE_HEADER ? yes(in, "message", &c) : NO;
    /* Login: zero, result; sixteen bytes of header. */
    if (type != SECURITY || first != 0 || second >= 100 || size < 16 || size >= 4096)
        return NO;
    return both_spoke(in) ? yes(in, "login", &c) : likely(in, "login", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_joined(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x02\x01\0\0\0", "\xff\xff\xff\xff\xf8"),
    SIGNATURE_MASKED(0, "\x02\x02\0\0\0\0\0\0\0", "\xff\xff\xff\xff\xff\xff\xf0\0\xff"),
    SIGNATURE_MASKED(0, "\x02\x03\0\0\0\0\0\0\x16", "\xff\xff\xff\xff\xf8\0\0\0\xff"),
    SIGNATURE_MASKED(0, "\x02\x04\0\0\0\0\0\0\0\0\0\0",
                     "\xff\xff\xff\xff\xf8\0\0\0\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_aerospike = {
    .name = "Aerospike",
    .reference = "aerospike-client-c: as_proto.h",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(3000),
    SIGNATURES(signatures),
    .validate = validate,
};
