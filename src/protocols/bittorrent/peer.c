/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include "framing/text.h"

/* BEP 3: 19, "BitTorrent protocol", 8 reserved bytes, the torrent's hash, the peer's id. */
static enum answer judge_handshake(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "\x13"
                                   "BitTorrent protocol"))
        return NO;
    if (!cursor_skip(&c, 20))
        return c.size >= 8 ? likely_at_end(in, "handshake", &c) : short_of(in, &c);
    return yes(in, "handshake", &c);
}

enum {
    NOT_INTERESTED = 3,
    HAVE,
    BITFIELD,
    REQUEST,
    PIECE,
    CANCEL,
    PORT,
    SUGGEST = 13, /* BEP 6, to ALLOWED */
    HAVE_ALL,
    HAVE_NONE,
    REJECT,
    ALLOWED,
    EXTENDED = 20,
    BLOCK = 0x4000,
    PIECES = 1 << 20,
    STATE_BITS = 13,
    PIECE_BITS = 20,
    MESSAGES = 32
};

/* BEP 10: a number, 0 for the handshake, else what that gave to an extension (ut_pex, ut_metadata);
 * a dictionary that begins with a short key. */
static int extended_bits(struct cursor c, uint32_t length)
{
    uint8_t number = cursor_u8(&c), open = cursor_u8(&c);
    uint8_t digits = cursor_u8(&c), colon = cursor_u8(&c);
    bool fits = length > 8 && length < 0x10000 && open == 'd' && text_is_digit(digits) &&
                (colon == ':' || text_is_digit(colon));
    if (c.ran_short)
        return 0;
    return !fits || number >= 32 ? -1 : number == 0 ? BITS_FOR_YES : BITS_FOR_LIKELY;
}

/* BEP 3: a piece's number, where in it, how much; clients ask for blocks of 16 KiB, but for a
 * torrent's last. */
static int block_bits(struct cursor c, uint8_t type, uint32_t length)
{
    uint32_t piece = cursor_u32(&c), begin = cursor_u32(&c);
    uint32_t size = type == PIECE ? length - 9 : cursor_u32(&c);
    if (c.ran_short)
        return 0;
    if (piece >= PIECES || begin % BLOCK || size == 0 || size > BLOCK)
        return -1;
    if (type != PIECE && length != 13)
        return -1;
    return size == BLOCK ? BITS_FOR_YES : type == PIECE ? STATE_BITS : BITS_FOR_LIKELY;
}

/* What the message behind this length and type is worth, or -1: it is none. 0: it is not all there,
 * or says little. */
static int message_bits(struct cursor c, uint8_t type, uint32_t length)
{
    switch (type) {
    case HAVE:
    case SUGGEST:
    case ALLOWED: {
        bool fits = length == 5 && cursor_u32(&c) < PIECES;
        return fits ? (c.ran_short ? 0 : PIECE_BITS) : -1;
    }
    case BITFIELD:
        return length > 1 && length <= PIECES / 8 ? 0 : -1;
    case REQUEST:
    case PIECE:
    case CANCEL:
    case REJECT:
        return block_bits(c, type, length);
    case PORT:
        return length == 3 ? STATE_BITS : -1;
    case EXTENDED:
        return extended_bits(c, length);
    default:
        return length == 1 && (type <= NOT_INTERESTED || type == HAVE_ALL || type == HAVE_NONE)
                   ? STATE_BITS
                   : -1;
    }
}

/* BEP 3, "peer messages": length (4), type (1). States of one byte come to no more than likely. */
static enum answer judge_messages(struct inspection *in, struct cursor c)
{
    unsigned bits = 0, states = 0;
    const char *rule = "peer messages";
    for (unsigned i = 0; i < MESSAGES && bits + states < BITS_FOR_YES; i++) {
        uint32_t length = cursor_u32(&c);
        if (!c.ran_short && length == 0) /* keeps the connection alive */
            continue;
        uint8_t type = cursor_u8(&c);
        if (c.ran_short)
            break;
        int more = message_bits(c, type, length);
        if (more < 0)
            return NO;
        if (more == BITS_FOR_YES)
            rule = type == EXTENDED ? "extended handshake" : "peer message";
        if (more == STATE_BITS)
            states = states ? BITS_FOR_LIKELY : STATE_BITS;
        else
            bits += (unsigned)more;
        if (!cursor_skip(&c, length - 1))
            break;
    }
    return answer_by_bits(in, bits + states, rule, &c);
}

/* Streams that were joined late begin with a message. */
enum answer bittorrent_judge_peer(struct inspection *in, struct cursor c)
{
    return cursor_peek(&c, 0) == 0 ? judge_messages(in, c) : judge_handshake(in, c);
}
