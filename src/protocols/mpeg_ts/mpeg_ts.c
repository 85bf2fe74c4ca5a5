/* SPDX-License-Identifier: MIT */
/*
 * MPEG transport streams in datagrams, ISO/IEC 13818-1 section 2.4.3: packets of 188 bytes, each
 *
 *     47, error, start, priority, packet identifier(2) scrambling, adaptation, counter(1) ...
 *
 * one or more in a datagram, as a rule seven. A packet's counter goes on from the last one's with
 * the same identifier. RTP around it is RTP.
 */
#include "protocols/protocol.h"

enum { PACKET = 188, PACKETS = 8, SYNC = 0x47, BITS_EACH = 9, NULL_PACKET = 0x1fff };

/* Bits of one datagram's packets; 0 where one is none. */
static unsigned weigh(struct cursor c, uint32_t wire)
{
    unsigned bits = 0;
    if (wire == 0 || wire % PACKET)
        return 0;
    for (unsigned i = 0; i < PACKETS && cursor_left(&c) >= 4; i++, cursor_skip(&c, PACKET)) {
        uint32_t header = cursor_peek_u32(&c, 0);
        unsigned adaptation = header >> 4 & 3;
        if (header >> 24 != SYNC || header >> 23 & 1 || adaptation == 0)
            return 0;
        bits += BITS_EACH;
        if (cursor_left(&c) < PACKET)
            break;
    }
    return bits;
}

static enum answer validate(struct inspection *in)
{
    unsigned bits = 0;
    if (in->server.size && in->client.size)
        return NO; /* streams go one way */
    struct cursor c = in->client.size ? in->client : in->server;
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        unsigned more = weigh(inspection_datagram(in, i), in->datagrams[i].wire_size);
        if (more == 0)
            return NO;
        bits += more + 7; /* the size */
    }
    cursor_skip(&c, 4);
    return answer_by_bits(in, bits, "packets", &c) == YES ? YES
           : in->is_final && bits >= BITS_FOR_LIKELY      ? likely(in, "packets", &c)
           : in->is_final                                 ? NO
                                                          : MORE;
}

static const struct signature signatures[] = {
    {.size = 1, .bytes = "\x47", .min_size = PACKET},
};

const struct cdpi_protocol cdpi_protocol_mpeg_ts = {
    .name = "MPEG-TS",
    .reference = "ISO/IEC 13818-1 section 2.4.3 (ITU-T H.222.0)",
    .transports = OVER_UDP,
    .category = CATEGORY_STREAMING,
    .is_one_sided = true,
    .udp_ports = PORTS(1234),
    SIGNATURES(signatures),
    .validate = validate,
};
