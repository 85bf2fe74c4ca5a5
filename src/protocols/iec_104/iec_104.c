/* SPDX-License-Identifier: MIT */
/*
 * IEC 60870-5-104. Clause 5: each APDU begins with
 *
 *     68 length(1) control(4)
 *
 * I format (lowest bits 0): sequence numbers, and an ASDU of IEC 60870-5-101 clause 7.2 follows; S
 * format (01 00): acknowledges, length 4; U format (lowest bits 3): starts, stops, tests, length 4
 * and the rest zero.
 */
#include "protocols/protocol.h"

enum {
    START = 0x68,
    LEAST = 4,
    MOST = 253,
    APDUS = 16,
    ASDU_HEADER = 6,
    OBJECT_ADDRESS = 3,
    VENDORS = 1
};

/* Octets of an information element by type, IEC 60870-5-101 clause 7.3; time tags included. */
static int element_size(uint8_t type)
{
    static const struct {
        uint8_t type, size;
    } elements[] = {
        {1, 1},   {2, 4},   {3, 1},   {4, 4},   {5, 2},   {6, 5},   {7, 5},   {8, 8},
        {9, 3},   {10, 6},  {11, 3},  {12, 6},  {13, 5},  {14, 8},  {15, 5},  {16, 8},
        {20, 5},  {21, 2},  {30, 8},  {31, 8},  {32, 9},  {33, 12}, {34, 10}, {35, 10},
        {36, 12}, {37, 12}, {38, 10}, {39, 11}, {40, 11}, {45, 1},  {46, 1},  {47, 1},
        {48, 3},  {49, 3},  {50, 5},  {51, 4},  {58, 8},  {59, 8},  {60, 8},  {61, 10},
        {62, 10}, {63, 12}, {64, 11}, {70, 1},  {100, 1}, {101, 1}, {102, 0}, {103, 7},
        {104, 2}, {105, 1}, {106, 2}, {107, 9}, {110, 3}, {111, 3}, {112, 5}, {113, 1},
    };
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
        if (elements[i].type == type)
            return elements[i].size;
    }
    return -1;
}

/* The objects that the header announces fill the ASDU exactly, which needs not be all there. File
 * transfer (120 and up) has sizes of its own. */
static unsigned asdu_bits(struct cursor c, uint32_t whole)
{
    uint8_t type = cursor_u8(&c), qualifier = cursor_u8(&c), cause = cursor_u8(&c) & 0x3f;
    uint32_t count = qualifier & 0x7f;
    if (whole < ASDU_HEADER || cause == 0 || count == 0)
        return 0;
    if (type >= 120 && type <= 127)
        return 8;
    int size = element_size(type);
    if (size < 0) /* a vendor's */
        return whole > ASDU_HEADER + OBJECT_ADDRESS && cause <= 47 ? VENDORS : 0;
    uint32_t element = (uint32_t)size;
    uint32_t objects =
        qualifier & 0x80 ? OBJECT_ADDRESS + count * element : count * (OBJECT_ADDRESS + element);
    return whole == ASDU_HEADER + objects ? cause <= 47 ? 12 : VENDORS : 0;
}

/* U formats, clause 5.1: one of three functions, activated or confirmed. */
static bool is_function(uint8_t control)
{
    return control == 0x07 || control == 0x0b || control == 0x13 || control == 0x23 ||
           control == 0x43 || control == 0x83;
}

/* How many bits of constraint an APDU after its length meets; 0: it is none. */
static unsigned apdu_bits(struct cursor c, uint32_t size)
{
    uint8_t first = cursor_u8(&c), second = cursor_u8(&c), third = cursor_u8(&c);
    uint8_t fourth = cursor_u8(&c);
    if ((first & 1) == 0) {
        unsigned found = asdu_bits(cursor_take(&c, cursor_left(&c)), size - LEAST);
        if (third & 1 || found <= VENDORS)
            return third & 1 ? 0 : found;
        return 16 + found;
    }
    if (size != LEAST || third & 1)
        return 0;
    if (first == 1)
        return second == 0 ? 33 : 0;
    return is_function(first) && second == 0 && third == 0 && fourth == 0 ? 45 : 0;
}

/* Start, length and what the control field holds add up over the APDUs; -1: something else. */
static int weigh(struct cursor c, bool *is_short)
{
    unsigned bits = 0;
    for (int i = 0; i < APDUS && !cursor_at_end(&c); i++) {
        uint8_t start = cursor_u8(&c), length = cursor_u8(&c);
        if (start != START || (!c.ran_short && (length < LEAST || length > MOST)))
            return -1;
        if (c.ran_short || cursor_left(&c) < (length == LEAST ? LEAST : LEAST + ASDU_HEADER)) {
            c.ran_short = true;
            break;
        }
        uint32_t there = cursor_left(&c) < length ? cursor_left(&c) : length;
        unsigned found = apdu_bits(cursor_take(&c, there), length);
        if (found == 0) /* what is malformed comes after what is not */
            return bits >= BITS_FOR_YES ? BITS_FOR_LIKELY : -1;
        bits += found;
    }
    *is_short = c.ran_short;
    return (int)bits;
}

static enum answer validate(struct inspection *in)
{
    bool is_short = false;
    int client = weigh(in->client, &is_short), server = weigh(in->server, &is_short);
    if (is_short && client >= 0 && server >= 0 && client + server < BITS_FOR_LIKELY)
        return in->is_final ? NO : MORE;
    return answer_by_sides(in, client, server, "APDUs");
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x68\0\0", "\xff\0\x01"), /* I */
    SIGNATURE(0, "\x68\x04"),                      /* S, U */
};

const struct cdpi_protocol cdpi_protocol_iec_104 = {
    .name = "IEC-104",
    .reference = "IEC 60870-5-104 clause 5; IEC 60870-5-101 clause 7",
    .transports = OVER_TCP,
    .category = CATEGORY_INDUSTRIAL,
    .tcp_ports = PORTS(2404),
    SIGNATURES(signatures),
    .validate = validate,
};
