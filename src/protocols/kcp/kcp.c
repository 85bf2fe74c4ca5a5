/* SPDX-License-Identifier: MIT */
/*
 * KCP. skywind3000/kcp's ikcp.c, low byte first, segments that fill the datagram:
 *
 *     conversation(4) command(1) fragment(1) window(2) time(4) number(4) unacknowledged(4)
 *       length(4) data
 *
 * commands 81 push, 82 acknowledge, 83 asks for the window, 84 tells it; only a push has data.
 * kcp-go (its package's overview, "Packet Format"), from which kcptun is made, puts random(16) and
 * the CRC-32 of all that follows(4) before them, and enciphers both; with cipher "none" it can be
 * read.
 */
#include "framing/crc.h"
#include "protocols/protocol.h"

enum {
    NONCE = 16,
    KCP_GO_HEADER = 20,
    CRC_BITS = 32,
    HEADER = 24,
    PUSH = 81,
    LAST_COMMAND = 84,
    SEGMENTS = 64
};

/* How many bits of constraint the segments of a datagram meet. */
static unsigned segments_bits(struct inspection *in, struct cursor c)
{
    unsigned bits = 0;
    uint32_t conversation = cursor_peek_u32(&c, 0);
    for (int i = 0; i < SEGMENTS && !cursor_at_end(&c); i++) {
        uint32_t own = cursor_u32(&c);
        uint8_t command = cursor_u8(&c), fragment = cursor_u8(&c);
        uint16_t window = cursor_le16(&c);
        cursor_skip(&c, 4);
        uint32_t number = cursor_le32(&c), unacknowledged = cursor_le32(&c);
        uint32_t length = cursor_le32(&c);
        bool is_push = command == PUSH;
        if (c.ran_short || own != conversation || command < PUSH || command > LAST_COMMAND ||
            (!is_push && (length != 0 || fragment != 0)))
            return 0;
        if (!cursor_skip(&c, length) && !is_cut(in, &c))
            return 0;
        bits += 30 + (is_push ? 0u : 8u) + (number < 0x1000000 ? 4u : 0u) +
                (unacknowledged < 0x1000000 ? 4u : 0u) + (window < 0x2000 ? 2u : 0u);
        if (c.ran_short)
            break;
    }
    return bits;
}

/* kcp-go's header: what is behind it looks like segments, and only then its checksum is worth
 * taking. */
static bool has_kcp_go_header(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, NONCE);
    uint32_t sum = cursor_le32(&c);
    struct cursor rest = cursor_take(&c, cursor_left(&c));
    rest.side = c.side;
    return rest.size >= HEADER && segments_bits(in, rest) > 0 && crc32_ethernet(rest) == sum;
}

static enum answer judge(struct inspection *in, struct cursor c, uint32_t *conversation)
{
    bool is_kcp_go = has_kcp_go_header(in, c);
    cursor_skip(&c, is_kcp_go ? KCP_GO_HEADER : 0);
    *conversation = cursor_peek_u32(&c, 0);
    unsigned bits = segments_bits(in, c);
    bits += is_kcp_go ? CRC_BITS : 0u;
    cursor_skip(&c, HEADER);
    return answer_by_bits(in, bits, "segments", &c);
}

static enum answer validate(struct inspection *in)
{
    uint32_t asked = 0, told = 0;
    enum answer client = in->client.size ? judge(in, in->client, &asked) : YES;
    if (client == NO)
        return NO;
    enum answer server = in->server.size ? judge(in, in->server, &told) : YES;
    if (both_spoke(in) && asked != told)
        return NO;
    return client < server ? client : server;
}

static const struct signature signatures[] = {
    {.offset = 4,
     .size = 1,
     .bytes = "\x50",
     .mask = "\xf8",
     .min_size = HEADER,
     .length = {4, 20, true, HEADER}},
    {.offset = 4, .size = 2, .bytes = "\x50\0", .mask = "\xf8\xff", .min_size = 2 * HEADER},
    {.offset = KCP_GO_HEADER + 4,
     .size = 1,
     .bytes = "\x50",
     .mask = "\xf8",
     .min_size = KCP_GO_HEADER + HEADER},
};

const struct cdpi_protocol cdpi_protocol_kcp = {
    .name = "KCP",
    .reference = "github.com/skywind3000/kcp: ikcp.c",
    .transports = OVER_UDP,
    .category = CATEGORY_NETWORK,
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
