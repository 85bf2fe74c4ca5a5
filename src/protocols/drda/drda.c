/* SPDX-License-Identifier: MIT */
/*
 * DRDA, of Db2, Derby, Informix (The Open Group, DRDA version 5 volume 3: DDM Architecture, "Data
 * Stream Structures"): size(2) d0 format(1) correlation(2), then an object of size(2) and code
 * point(2), whose size is six less where there is only one.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 6,
    MAGIC = 0xd0,
    REQUEST = 1,
    REPLY = 2,
    OBJECT = 3,
    EXCSAT = 0x1041,
    EXCSATRD = 0x1443,
    MESSAGES = 8
};

/* Format: 0x40 another follows, 0x20 goes on after an error, 0x10 with the same correlation. */
static bool is_format(uint8_t format)
{
    uint8_t type = format & 15;
    return !(format & 0x80) && type >= REQUEST && type <= 5;
}

/* The classes of commands, replies and objects, DDM's "code points". */
static bool is_code(uint16_t code)
{
    uint8_t class = (uint8_t)(code >> 8);
    return class == 0x10 || class == 0x11 || class == 0x12 || class == 0x14 || class == 0x20 ||
           class == 0x21 || class == 0x22 || class == 0x23 || class == 0x24 || class == 0x00;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < MESSAGES && !cursor_at_end(&c); i++) {
        uint16_t size = cursor_u16(&c);
        uint8_t magic = cursor_u8(&c), format = cursor_u8(&c);
        if (!c.ran_short && (size < HEADER + 4 || magic != MAGIC || !is_format(format)))
            return NO;
        cursor_skip(&c, 2);
        uint16_t object = cursor_u16(&c), code = cursor_u16(&c);
        if (c.ran_short)
            break;
        if (object > size - HEADER || object < 4 || !is_code(code))
            return NO;
        bits += object == size - HEADER ? 33u : 19u;
        if (i == 0 && code == (c.side == CLIENT ? EXCSAT : EXCSATRD))
            bits += 11;
        cursor_skip(&c, size - (uint32_t)HEADER - 4);
        if (c.ran_short)
            break;
    }
    return answer_by_bits(in, bits, c.side == CLIENT ? "commands" : "replies", &c);
}

static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    if (answer == LIKELY && both_spoke(in))
        return answer_at(in, YES, "commands and replies", SERVER, 0, HEADER);
    return answer == NO ? judge_joined(in, judge, judge) : answer;
}

static const struct signature signatures[] = {
    {.offset = 2, .size = 2, .bytes = "\xd0\0", .mask = "\xff\x88"},
};

const struct cdpi_protocol cdpi_protocol_drda = {
    .name = "DRDA",
    .reference = "The Open Group: DRDA version 5 volume 3, Data Stream Structures",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(446, 50000, 1527),
    SIGNATURES(signatures),
    .validate = validate,
};
