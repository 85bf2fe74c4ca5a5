/* SPDX-License-Identifier: MIT */
/*
 * TACACS+, RFC 8907 section 4.1:
 *
 *     version(1) 0xc0 or 0xc1, type(1) 1 to 3, sequence(1), flags(1), session(4), size(4)
 *
 * The client's numbers are odd and begin with 1, the server's are even; both repeat the session.
 */
#include "protocols/protocol.h"

enum { HEADER = 12, FLAGS = 0x05, SIZE_LIMIT = 0x10000 };

static enum answer judge_from(struct inspection *in, struct cursor c, uint8_t sequence)
{
    uint8_t version = cursor_u8(&c), type = cursor_u8(&c);
    uint8_t number = cursor_u8(&c), flags = cursor_u8(&c);
    bool fits = (version & 0xfe) == 0xc0 && (c.size < 2 || (type >= 1 && type <= 3)) &&
                (c.size < 3 || number == sequence) && (flags & ~FLAGS) == 0;
    if (!fits)
        return NO;
    cursor_skip(&c, 4);
    uint32_t size = cursor_u32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size < 5 || size > SIZE_LIMIT)
        return NO;
    return yes(in, sequence == 1 ? "first packet" : "second packet", &c);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    return judge_from(in, c, 1);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    return judge_from(in, c, 2);
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge_client, judge_server);
    bool differ = cursor_peek_u32(&in->client, 4) != cursor_peek_u32(&in->server, 4);
    return answer == YES && both_spoke(in) && differ ? NO : answer;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\xc0\0\x01\0\0\0\0\0\0", "\xfe\xfc\xff\xfa\0\0\0\0\xff"),
    SIGNATURE_MASKED(0, "\xc0\0\x02\0\0\0\0\0\0", "\xfe\xfc\xff\xfa\0\0\0\0\xff"),
};

const struct cdpi_protocol cdpi_protocol_tacacs_ = {
    .name = "TACACS+",
    .reference = "RFC 8907 section 4.1",
    .transports = OVER_TCP,
    .category = CATEGORY_DIRECTORY,
    .tcp_ports = PORTS(49),
    SIGNATURES(signatures),
    .validate = validate,
};
