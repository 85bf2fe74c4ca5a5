/* SPDX-License-Identifier: MIT */
/*
 * NetFlow 1, 5, 7, 8 (Cisco's formats), 9 (RFC 3954 section 5), and IPFIX (RFC 7011 section 3),
 * which is version 10. Versions 1 to 7 have a count of records of one size. Version 9 and IPFIX
 * have sets: id(2) size(2), where ids 0 to 3 are templates and those from 256 on data; IPFIX has
 * its own size. SCTP and TCP carry IPFIX too (section 10).
 */
#include "protocols/protocol.h"

enum {
    IPFIX = 10,
    IPFIX_HEADER = 16,
    V8_HEADER = 28,
    V9_HEADER = 20,
    BILLION = 1000000000,
    RECORDS_LIMIT = 30,
    FIRST_DATA = 256,
    YEAR_2000 = 946684800,
    SETS_LIMIT = 64,
    STREAM_LIMIT = 4096 /* of a message that is waited for */
};

static bool is_fixed(struct inspection *in, const struct cursor *c, uint16_t version,
                     uint16_t count)
{
    static const struct {
        uint8_t version, header, record;
    } formats[] = {{1, 16, 52}, {5, 24, 48}, {7, 24, 52}};
    for (unsigned i = 0; i < 3; i++) {
        if (formats[i].version == version)
            return count >= 1 && count <= RECORDS_LIMIT &&
                   fills_datagram(in, c, formats[i].header + count * (uint32_t)formats[i].record);
    }
    return false;
}

/* Version 8 has records of what was added up: by AS, protocol and port, prefixes. Method and
 * version 2 of it stand in the header. */
static enum answer judge_v8(struct inspection *in, struct cursor c, uint16_t count)
{
    static const uint8_t records[] = {28, 28, 32, 32, 40};
    cursor_skip(&c, 18);
    uint8_t method = cursor_u8(&c), version = cursor_u8(&c);
    if (cursor_u32(&c) != 0 || c.ran_short || version != 2 || method < 1 || method > 5)
        return NO;
    bool fits =
        count >= 1 && fills_datagram(in, &c, V8_HEADER + count * (uint32_t)records[method - 1]);
    return fits ? yes(in, "version 8", &c) : NO;
}

/* Sets to the end. How many, or -1. */
static int count_sets(struct inspection *in, struct cursor c, uint16_t version)
{
    int sets = 0;
    while (cursor_left(&c) >= 4 && sets < SETS_LIMIT) {
        uint16_t id = cursor_u16(&c), size = cursor_u16(&c);
        bool is_template = version == IPFIX ? id == 2 || id == 3 : id <= 1;
        if ((!is_template && id < FIRST_DATA) || size < 4)
            return -1;
        if (!cursor_skip(&c, size - 4u))
            return is_cut(in, &c) ? sets + 1 : -1;
        sets++;
    }
    return cursor_left(&c) < 4 ? sets : -1;
}

static enum answer judge_v9(struct inspection *in, struct cursor c, uint16_t count)
{
    cursor_skip(&c, 4);
    uint32_t time = cursor_u32(&c);
    cursor_skip(&c, 8);
    if (c.ran_short || time < YEAR_2000 || count == 0)
        return NO;
    int sets = count_sets(in, c, 9);
    return sets > 0 && sets <= count + 1 ? yes(in, "version 9", &c) : NO;
}

static enum answer judge_ipfix(struct inspection *in, struct cursor c, uint16_t size)
{
    uint32_t time = cursor_u32(&c);
    cursor_skip(&c, 8);
    if (c.ran_short)
        return short_of(in, &c);
    if (time < YEAR_2000 || size < IPFIX_HEADER)
        return NO;
    if (is_udp(in) && !fills_datagram(in, &c, size))
        return NO;
    if (c.size < size && !is_udp(in))
        return size > STREAM_LIMIT || in->is_final ? NO : wants(in, (enum side)c.side, size);
    if (c.size > size)
        c.size = size;
    return count_sets(in, c, IPFIX) > 0 ? yes(in, "IPFIX", &c) : NO;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint16_t version = cursor_u16(&c), count = cursor_u16(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (version == IPFIX)
        return judge_ipfix(in, c, count);
    if (!is_udp(in))
        return NO;
    if (version == 9)
        return judge_v9(in, c, count);
    if (version == 8)
        return judge_v8(in, c, count);
    if (!is_fixed(in, &c, version, count))
        return NO;
    cursor_skip(&c, 4);
    uint32_t time = cursor_u32(&c);
    uint32_t nanoseconds = cursor_u32(&c);
    if (c.ran_short || nanoseconds >= BILLION)
        return NO;
    /* A router whose clock was never set counts from 1970 or 1993. */
    return time >= YEAR_2000 ? yes(in, "records of one size", &c)
                             : likely(in, "records of one size", &c);
}

/* Collectors do not answer. */
static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    {.transports = OVER_UDP, .size = 3, .bytes = "\0\x05\0", .min_size = 72},
    {.transports = OVER_UDP, .size = 3, .bytes = "\0\x07\0", .min_size = 76},
    {.transports = OVER_UDP, .size = 3, .bytes = "\0\x01\0", .min_size = 68},
    {.transports = OVER_UDP, .size = 3, .bytes = "\0\x08\0", .min_size = 56},
    {.transports = OVER_UDP, .size = 3, .bytes = "\0\x09\0", .min_size = V9_HEADER + 4},
    {.transports = OVER_UDP,
     .size = 2,
     .bytes = "\0\x0a",
     .min_size = IPFIX_HEADER + 4,
     .length = {2, 2, false, 0}},
    {.transports = OVER_TCP | OVER_SCTP, .size = 2, .bytes = "\0\x0a"},
};

const struct cdpi_protocol cdpi_protocol_netflow = {
    .name = "NetFlow",
    .reference = "RFC 3954 section 5, RFC 7011 section 3, Cisco NetFlow FlowCollector formats",
    .transports = OVER_TCP | OVER_UDP | OVER_SCTP,
    .category = CATEGORY_MANAGEMENT,
    .is_one_sided = true,
    .tcp_ports = PORTS(4739),
    .udp_ports = PORTS(2055, 4739, 9995),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
