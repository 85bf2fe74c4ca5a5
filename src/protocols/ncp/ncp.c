/* SPDX-License-Identifier: MIT */
/*
 * NCP over IP, Novell's NetWare ("NetWare Core Protocols", NCP over TCP): a request begins with
 * "DmdT", size(4), version(4) = 1, size of the answer(4); an answer with "tNcP", size(4). Within
 * are requests 1111, 2222, 5555, 7777 and answers 3333, 9999. Over UDP these stand alone and say
 * too little.
 */
#include "protocols/protocol.h"

enum { SIZE_LIMIT = 0x100000 };

static bool is_request_type(uint16_t type)
{
    return type == 0x1111 || type == 0x2222 || type == 0x5555 || type == 0x7777;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "DmdT"))
        return NO;
    cursor_skip(&c, 4);
    uint32_t size = cursor_u32(&c), version = cursor_u32(&c);
    cursor_skip(&c, 4);
    uint16_t type = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size > SIZE_LIMIT || version > 1)
        return NO;
    return is_request_type(type) ? yes(in, "request", &c) : likely(in, "request", &c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "tNcP"))
        return NO;
    cursor_skip(&c, 4);
    uint32_t size = cursor_u32(&c);
    uint16_t type = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size > SIZE_LIMIT)
        return NO;
    return type == 0x3333 || type == 0x9999 ? yes(in, "answer", &c) : likely(in, "answer", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {SIGNATURE(0, "DmdT\0"), SIGNATURE(0, "tNcP\0")};

const struct cdpi_protocol cdpi_protocol_ncp = {
    .name = "NCP",
    .reference = "Novell, NetWare Core Protocols over TCP",
    .transports = OVER_TCP,
    .category = CATEGORY_FILE_SHARING,
    .tcp_ports = PORTS(524),
    SIGNATURES(signatures),
    .validate = validate,
};
