/* SPDX-License-Identifier: MIT */
/*
 * NRPE, Nagios' remote plugin executor (nrpe's docs, "NRPE Packet"): without TLS one packet each
 * way,
 *
 *     version(2) type(2) crc32(4) result(2), then a text in 1026 bytes (version 2), or
 *     alignment(2) size(4) and so many bytes (versions 3 and 4; 3 pads by three)
 *
 * whose checksum is taken with its own field zero.
 */
#include "framing/crc.h"
#include "protocols/protocol.h"

enum {
    QUERY = 1,
    RESPONSE = 2,
    QUERY_MORE = 3,
    RESPONSE_MORE = 4,
    OLD_SIZE = 1036,
    CHECKSUM = 4,
    TEXT_LIMIT = 65536
};

/* All of the packet, zeros for its checksum. */
static uint32_t checksum(struct cursor packet)
{
    struct cursor head = cursor_take(&packet, CHECKSUM);
    uint32_t crc = crc32_add(UINT32_MAX, head);
    crc = crc32_add(crc, cursor_over("\0\0\0", 4));
    cursor_skip(&packet, 4);
    return ~crc32_add(crc, packet);
}

static enum answer judge(struct inspection *in, struct cursor c, uint16_t first, uint16_t next)
{
    struct cursor all = c;
    uint16_t version = cursor_u16(&c), type = cursor_u16(&c);
    uint32_t crc = cursor_u32(&c), size = OLD_SIZE;
    if (version < 2 || version > 4 || (type != first && type != next))
        return c.ran_short ? short_of(in, &c) : NO;
    cursor_skip(&c, 4);
    if (version > 2) {
        uint32_t text = cursor_u32(&c);
        if (text > TEXT_LIMIT || (!c.ran_short && text == 0))
            return NO;
        size = text + (version == 3 ? 19 : 16);
    }
    if (c.ran_short)
        return short_of(in, &c);
    if (size > 4096) /* more than is kept; 80 of the head's bits are known */
        return likely(in, "long packet", &c);
    struct cursor packet = cursor_take(&all, size);
    if (all.ran_short)
        return short_of(in, &all);
    return checksum(packet) == crc ? yes(in, "checksum", &all) : NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    return judge(in, c, QUERY, QUERY_MORE);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    return judge(in, c, RESPONSE, RESPONSE_MORE);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\x02\0\0", "\xff\xfe\xff\xf8"),
    SIGNATURE_MASKED(0, "\0\x04\0\0", "\xff\xff\xff\xf8"),
};

const struct cdpi_protocol cdpi_protocol_nrpe = {
    .name = "NRPE",
    .reference = "NRPE's include/common.h: packet versions 2, 3, 4",
    .transports = OVER_TCP,
    .category = CATEGORY_MANAGEMENT,
    .tcp_ports = PORTS(5666),
    SIGNATURES(signatures),
    .validate = validate,
};
