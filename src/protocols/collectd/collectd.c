/* SPDX-License-Identifier: MIT */
/*
 * collectd's binary protocol (collectd's wiki: "Binary protocol"): parts of type(2) size(2),
 *
 *     0, 2, 3, 4, 5, 0x100 texts with a zero at the end; 1, 7, 8, 9, 0x101 numbers of eight bytes;
 *     6 values: count(2), a type for each, eight bytes for each
 *     0x200 signature: hash(32), user; 0x210 encrypted: user size(2), user, vector(16) and the rest
 *
 * that fill the datagram.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 4,
    VALUES = 6,
    MESSAGE = 0x100,
    SEVERITY = 0x101,
    SIGNATURE_PART = 0x200,
    ENCRYPTED = 0x210,
    BITS_OF_NUMBER = 30,
    BITS_OF_TEXT = 24
};

static bool is_number(uint16_t type)
{
    return type == 1 || (type >= 7 && type <= 9) || type == SEVERITY;
}

static bool is_text(uint16_t type)
{
    return type == 0 || (type >= 2 && type <= 5) || type == MESSAGE;
}

static bool is_string(struct cursor c)
{
    while (cursor_left(&c) > 1) {
        uint8_t byte = cursor_u8(&c);
        if (byte < ' ' || byte == 0x7f)
            return false;
    }
    return cursor_u8(&c) == 0 && !c.ran_short;
}

/* Counter, gauge, derive, absolute: 0 to 3. */
static bool is_values(struct cursor c)
{
    uint16_t count = cursor_u16(&c);
    if (c.size != 2u + 9u * count || count == 0)
        return false;
    while (count-- > 0) {
        if (cursor_u8(&c) > 3)
            return false;
    }
    return true;
}

/* What a part is worth, or 0 where it is none. */
static unsigned weigh_part(uint16_t type, struct cursor part)
{
    if (is_number(type))
        return part.size == 8 ? BITS_OF_NUMBER : 0;
    if (is_text(type))
        return is_string(part) ? BITS_OF_TEXT : 0;
    if (type == VALUES)
        return is_values(part) ? BITS_OF_NUMBER : 0;
    if (type == SIGNATURE_PART)
        return part.size > 32 && part.size < 32 + 256 ? 16 : 0;
    return 0;
}

/* All of the datagram is one part, which begins with the user's name. */
static enum answer judge_encrypted(struct inspection *in, struct cursor c, uint16_t size)
{
    uint16_t user = cursor_u16(&c);
    struct cursor name = cursor_take(&c, user);
    if (c.ran_short || user == 0 || user > 255 || size < 4 + 2 + user + 16 + 20)
        return NO;
    while (!cursor_at_end(&name)) {
        uint8_t byte = cursor_u8(&name);
        if (byte < ' ' || byte > '~')
            return NO;
    }
    return user >= 4 ? yes(in, "encrypted part", &c) : likely(in, "encrypted part", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    unsigned bits = 0;
    while (!cursor_at_end(&c)) {
        uint32_t begin = c.at;
        uint16_t type = cursor_u16(&c), size = cursor_u16(&c);
        if (type == ENCRYPTED && begin == 0)
            return fills_datagram(in, &c, size) ? judge_encrypted(in, c, size) : NO;
        if (size <= HEADER)
            return NO;
        struct cursor part = cursor_take(&c, size - (uint32_t)HEADER);
        if (c.ran_short) {
            if (!is_cut(in, &c))
                return NO;
            break;
        }
        unsigned worth = weigh_part(type, part);
        if (worth == 0)
            return NO;
        bits += worth;
    }
    return answer_by_bits(in, bits, "parts", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.size = 3, .bytes = "\0\0\0", .min_size = 24},
    {.size = 3, .bytes = "\x02\0\0", .min_size = 52},
    {.size = 2, .bytes = "\x02\x10", .min_size = 46, .length = {.width = 2, .offset = 2}},
};

const struct cdpi_protocol cdpi_protocol_collectd = {
    .name = "collectd",
    .reference = "collectd's wiki: Binary protocol",
    .transports = OVER_UDP,
    .category = CATEGORY_MANAGEMENT,
    .is_one_sided = true,
    .udp_ports = PORTS(25826),
    SIGNATURES(signatures),
    .validate = validate,
};
