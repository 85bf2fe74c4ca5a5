/* SPDX-License-Identifier: MIT */
/*
 * PCEP. RFC 5440 section 6.1 and 7.2:
 *
 *     version(3)+flags(5) = 20 type(1) length(2) of the whole, then objects: class(1)
 *       type+flags(1) length(2)
 *
 * objects fill the message and are multiples of 4; a session begins with open (1) and keep-alive
 * (2).
 */
#include "protocols/protocol.h"

enum { HEADER = 4, OPEN = 1, KEEPALIVE = 2, LAST_TYPE = 13, MESSAGES = 8, LAST_CLASS = 64 };

/* -1: not objects up to the end; else how many. */
static int count_objects(struct cursor c)
{
    int count = 0;
    for (; !cursor_at_end(&c); count++) {
        uint8_t class = cursor_u8(&c);
        cursor_skip(&c, 1);
        uint16_t size = cursor_u16(&c);
        if (class == 0 || class > LAST_CLASS || size < 4 || size % 4 || !cursor_skip(&c, size - 4u))
            return -1;
    }
    return count;
}

/* Section 7.3: class 1, type 1, version 1 again. */
static bool is_open(struct cursor c)
{
    uint8_t class = cursor_u8(&c), type = cursor_u8(&c) & 0xf0;
    cursor_skip(&c, 2);
    return class == 1 && type == 0x10 && cursor_u8(&c) >> 5 == 1;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    unsigned bits = 0;
    for (int i = 0; i < MESSAGES && !cursor_at_end(&c); i++) {
        uint8_t version = cursor_u8(&c), type = cursor_u8(&c);
        uint16_t length = cursor_u16(&c);
        if (version != 0x20)
            return NO;
        if (c.ran_short)
            break;
        if (type < OPEN || type > LAST_TYPE || length < HEADER || length % 4)
            return NO;
        struct cursor body = cursor_take(&c, length - (uint32_t)HEADER);
        if (c.ran_short)
            break;
        int objects = count_objects(body);
        bool is_kept = type == KEEPALIVE;
        if (objects < 0 || is_kept != (objects == 0) || (type == OPEN && !is_open(body)))
            return NO;
        bits += is_kept ? 24 : type == OPEN ? 45 : 26;
    }
    return answer_by_bits(in, bits, "messages", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {SIGNATURE_MASKED(0, "\x20\0", "\xff\xf0")};

const struct cdpi_protocol cdpi_protocol_pcep = {
    .name = "PCEP",
    .reference = "RFC 5440 sections 6.1, 7.2, 7.3",
    .transports = OVER_TCP,
    .category = CATEGORY_ROUTING,
    .tcp_ports = PORTS(4189),
    SIGNATURES(signatures),
    .validate = validate,
};
