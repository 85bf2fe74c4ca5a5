/* SPDX-License-Identifier: MIT */
/*
 * LINE's calls. No public specification; as seen in recorded traffic. Beside RTP and RTCP on the
 * same ports, datagrams whose first two bytes are a kind (5 bits) and the size of what follows the
 * four bytes of the header (11 bits); then a number (2) that grows by one.
 */
#include "protocols/protocol.h"

enum { HEADER = 4, KIND_DATA = 0x1a, KIND_SIGNAL = 0x1b, SIZE_BITS = 11, LEAST = 3, NEAR = 16 };

struct piece {
    uint16_t size, number;
    uint8_t side;
};

static bool piece_read(struct cursor c, uint32_t wire, struct piece *p)
{
    uint16_t head = cursor_u16(&c);
    p->number = cursor_u16(&c);
    p->size = head & ((1 << SIZE_BITS) - 1);
    p->side = c.side;
    uint16_t kind = head >> SIZE_BITS;
    return !c.ran_short && (kind == KIND_DATA || kind == KIND_SIGNAL) && p->size > 0 &&
           p->size + (uint32_t)HEADER == wire;
}

/* RFC 3550 section 5.1: version 2. */
static bool may_be_rtp(struct cursor c)
{
    return cursor_u8(&c) >> 6 == 2;
}

static bool follows(const struct piece *earlier, const struct piece *later)
{
    return earlier->side == later->side && (uint16_t)(later->number - earlier->number) < NEAR;
}

static enum answer validate(struct inspection *in)
{
    struct piece pieces[8];
    uint32_t n = 0, followers = 0;
    bool differ = false;
    for (uint32_t i = 0; i < in->datagram_count && n < 8; i++) {
        struct cursor c = inspection_datagram(in, i);
        if (!piece_read(c, in->datagrams[i].wire_size, &pieces[n])) {
            if (!may_be_rtp(c))
                return NO;
            continue;
        }
        bool is_next = false;
        for (uint32_t k = 0; k < n; k++) {
            is_next |= follows(&pieces[k], &pieces[n]);
            differ |= pieces[k].size != pieces[n].size;
        }
        followers += is_next;
        n++;
    }
    if (n == 0)
        return NO;
    struct cursor c = in->client.size ? in->client : in->server;
    /* Each: 4 bits of the kind, 11 of the size; 12 of a number that follows another. */
    if (n >= LEAST && differ && followers > 0)
        return answer_at(in, YES, "sizes and numbers", (enum side)c.side, 0, HEADER);
    return wants(in, (enum side)c.side, c.size + 1);
}

static const struct signature signatures[] = {
    {.offset = 0, .size = 1, .bytes = "\xd0", .mask = "\xf0", .min_size = HEADER + 1},
};

const struct cdpi_protocol cdpi_protocol_linecall = {
    .name = "LineCall",
    .reference = "as seen in recorded traffic of the application",
    .transports = OVER_UDP,
    .category = CATEGORY_VOICE,
    .is_encrypted = true,
    SIGNATURES(signatures),
    .validate = validate,
};
