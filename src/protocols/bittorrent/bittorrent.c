/* SPDX-License-Identifier: MIT */
/*
 * BitTorrent: the peers' handshake (BEP 3), and over UDP the DHT (BEP 5), uTP (BEP 29), trackers
 * (BEP 15) and the search for peers nearby (BEP 14). Encrypted streams (MSE) have no structure and
 * are not named.
 */
#include "framing/bencode.h"
#include "protocols/protocol.h"

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
static enum answer judge_peer(struct inspection *in, struct cursor c)
{
    return cursor_peek(&c, 0) == 0 ? judge_messages(in, c) : judge_handshake(in, c);
}

/* ---- DHT --------------------------------------------------------------------------------- */

/* What a capture cut: the arguments of a question or an answer, behind the address that some
 * (BEP 42) begin with. */
static bool begins_message(struct cursor c)
{
    cursor_skip(&c, 1);
    if (cursor_accept_text(&c, "2:ip6:"))
        cursor_skip(&c, 6);
    return cursor_starts_with(&c, "1:ad2:id") || cursor_starts_with(&c, "1:rd2:id");
}

/* BEP 5: y is q, r or e; t is the transaction; q has a name and a, r is a dictionary, e a list. */
static enum answer judge_krpc(struct inspection *in, struct cursor c)
{
    struct cursor key, value, start = c;
    uint8_t kind = 0;
    bool has_transaction = false, has_body = false;
    cursor_skip(&c, 1);
    while (cursor_peek(&c, 0) != 'e') {
        if (!bencode_string(&c, &key) || key.size == 0)
            break;
        uint8_t name = key.size == 1 ? cursor_u8(&key) : 0;
        value = c;
        if (!bencode_skip(&c))
            break;
        if ((name == 'a' || name == 'r') && cursor_peek(&value, 0) == 'd')
            has_body = true;
        if (name == 'e' && cursor_peek(&value, 0) == 'l')
            has_body = true;
        if (name == 't' && text_is_digit(cursor_peek(&value, 0)))
            has_transaction = true;
        if (name == 'y' && cursor_accept_text(&value, "1:"))
            kind = cursor_u8(&value);
    }
    if (!has_body && is_cut(in, &c))
        return begins_message(start) ? likely(in, "DHT message", &start) : NO;
    if (!has_body)
        return NO;
    if (is_cut(in, &c) && c.ran_short)
        return likely(in, "DHT message", &c);
    if (cursor_u8(&c) != 'e' || !has_transaction || !cursor_at_end(&c))
        return NO;
    return kind == 'q' || kind == 'r' || kind == 'e' ? yes(in, "DHT message", &c) : NO;
}

/* ---- trackers ---------------------------------------------------------------------------- */

enum { CONNECT_SIZE = 16, ANNOUNCE_SIZE = 98 };

/* BEP 15: the number that a connect begins with. Trackers of JavaScript's bittorrent-tracker give
 * it out for every connection: what else is asked begins with it too. */
#define CONNECT "\0\0\x04\x17\x27\x10\x19\x80"

static enum answer judge_connect(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 8);
    return cursor_u32(&c) <= 2 ? yes(in, "tracker connect", &c) : NO;
}

/* BEP 15: action 1; bytes so far, left and sent below 2^48; an event of four; a port. */
static enum answer judge_announce(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 8);
    uint32_t action = cursor_u32(&c);
    cursor_skip(&c, 4 + 20 + 20);
    uint64_t downloaded = cursor_u64(&c), left = cursor_u64(&c), uploaded = cursor_u64(&c);
    uint32_t event = cursor_u32(&c);
    cursor_skip(&c, 12);
    uint16_t port = cursor_u16(&c);
    if (c.ran_short || action != 1 || event > 3 || port == 0)
        return NO;
    if (downloaded >> 48 || uploaded >> 48 || (left >> 48 && left >> 48 != 0x7fff))
        return NO;
    return yes(in, "tracker announce", &c);
}

/* BEP 15: action 2, one hash or more. Its answer brings the transaction back. The connection is a
 * number drawn at random: SunRPC's call has a 0 there. */
static enum answer judge_scrape(struct inspection *in, struct cursor c)
{
    bool fits = cursor_peek_u32(&c, 0) != 0 && cursor_peek_u32(&c, 4) != 0 &&
                cursor_left(&c) >= 16 + 20 && (cursor_left(&c) - 16) % 20 == 0;
    cursor_skip(&c, 16);
    if (!fits)
        return NO;
    return in->server.size ? MORE : wants(in, SERVER, 1);
}

/* ---- Vuze -------------------------------------------------------------------------------- */

enum { VUZE_FIRST = 1024, VUZE_LAST = 1035, VUZE_OLDEST = 8, VUZE_NEWEST = 64 };

/* Vuze's own hash table (wiki.vuze.com, Distributed hash table). A question (even actions) has a
 * connection with the highest bit set, action, transaction; an answer has action, transaction,
 * connection. Then version, vendor (0 or 1), and the network (0 or 1). */
static enum answer judge_vuze(struct inspection *in, struct cursor c)
{
    bool asks = cursor_peek(&c, 0) >= 0x80;
    cursor_skip(&c, asks ? 8 : 0);
    uint32_t action = cursor_u32(&c);
    cursor_skip(&c, asks ? 4 : 12);
    uint8_t version = cursor_u8(&c), vendor = cursor_u8(&c);
    uint32_t network = cursor_u32(&c);
    if (c.ran_short || action < VUZE_FIRST || action > VUZE_LAST || (action % 2 == 0) != asks)
        return NO;
    if (version < VUZE_OLDEST || version > VUZE_NEWEST || vendor > 1 || network > 1)
        return NO;
    return yes(in, "Vuze's hash table", &c);
}

/* ---- uTP --------------------------------------------------------------------------------- */

enum { UTP_HEADER = 20, UTP_STATE = 2, UTP_SYN = 4, UTP_EXTENSIONS = 3, NEAR = 64 };

struct utp {
    uint8_t type, side;
    uint16_t connection, sequence, ack;
    uint32_t difference;
    bool begins; /* a SYN: libutp counts from 1, libtorrent from any number; neither has heard */
};

/* BEP 29 and libutp: selective acknowledgements are words of 32 bits, the other two have one size.
 */
static bool utp_extension_fits(uint8_t kind, uint8_t size)
{
    return kind == 1 ? size >= 4 && size % 4 == 0 : kind == 2 ? size == 8 : size == 4;
}

/* BEP 29: type and version 1, a clock of microseconds, numbers that begin with 1, a chain of
 * extensions, which fit. A state, a reset and a SYN carry no data. */
static bool utp_read(struct cursor c, struct utp *u)
{
    uint8_t first = cursor_u8(&c), extension = cursor_u8(&c);
    u->side = c.side;
    u->type = first >> 4;
    u->connection = cursor_u16(&c);
    uint32_t clock = cursor_u32(&c);
    u->difference = cursor_u32(&c);
    uint32_t window = cursor_u32(&c);
    u->sequence = cursor_u16(&c);
    u->ack = cursor_u16(&c);
    u->begins = u->sequence == 1 || (u->ack == 0 && window != 0 && cursor_at_end(&c));
    if (c.ran_short || (first & 0xf) != 1 || u->type > UTP_SYN || !clock || !(u->sequence | u->ack))
        return false;
    while (extension) {
        uint8_t kind = extension;
        extension = cursor_u8(&c);
        uint8_t size = cursor_u8(&c);
        if (c.ran_short || kind > UTP_EXTENSIONS || !utp_extension_fits(kind, size) ||
            !cursor_skip(&c, size))
            return false;
    }
    bool is_bare = u->type >= UTP_STATE;
    return !is_bare || cursor_at_end(&c);
}

static bool is_near(uint16_t number, uint16_t other)
{
    return (uint16_t)(number - other + NEAR) < 2 * NEAR;
}

/* Bits that a packet shares with an earlier one: the connection's id is the same from one side, and
 * one apart between the sides; a side counts on, and acknowledges what the other counts. 0: they
 * are not of one connection. */
static unsigned utp_agreement(const struct utp *a, const struct utp *b)
{
    int apart = (int)a->connection - (int)b->connection;
    if (apart < -1 || apart > 1)
        return 0;
    if (a->side == b->side)
        return is_near(b->sequence, a->sequence) ? 23 : 0;
    unsigned near = (unsigned)is_near(a->sequence, b->ack) + is_near(b->sequence, a->ack);
    return near ? 14 + 9 * near : 0;
}

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) == 'd' && text_is_digit(cursor_peek(&c, 1)))
        return judge_krpc(in, c);
    if (cursor_starts_with(&c, CONNECT) && c.size >= CONNECT_SIZE)
        return judge_connect(in, c);
    if (cursor_starts_with(&c, "BT-SEARCH * HTTP/"))
        return yes(in, "search for local peers", &c);
    if (cursor_starts_with(&c, "BSYNC\0d1:"))
        return yes(in, "BitTorrent Sync", &c);
    if (c.size >= ANNOUNCE_SIZE && cursor_peek_u32(&c, 8) == 1)
        return judge_announce(in, c);
    if (cursor_peek_u32(&c, 8) == 2)
        return judge_scrape(in, c);
    return judge_vuze(in, c);
}

/* Peers ask each other's hash table on the port of their uTP: such messages may come between. What
 * was said of the newest datagrams is known. */
static enum answer judge_utp(struct inspection *in, enum answer client, enum answer server)
{
    struct utp first = {0}, next;
    unsigned bits = 0, packets = 0;
    bool has_message = false;
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor c = inspection_datagram(in, i);
        enum answer answer = c.data == in->client.data   ? client
                             : c.data == in->server.data ? server
                                                         : judge_datagram(in, c);
        if (answer == YES) {
            has_message = true;
            continue;
        }
        if (!utp_read(c, &next))
            return NO;
        unsigned agreed = packets ? utp_agreement(&first, &next) : 0;
        if (packets && agreed == 0)
            return NO;
        bits += 11 + agreed;
        if (packets++ == 0)
            first = next;
    }
    struct cursor c = inspection_datagram(in, 0);
    cursor_skip(&c, UTP_HEADER);
    if (has_message && packets)
        return yes(in, "uTP beside DHT messages", &c);
    if (packets >= 2 && bits >= BITS_FOR_YES)
        return yes(in, "uTP packets of one connection", &c);
    if (first.type == UTP_SYN && first.difference == 0 && first.begins)
        return likely(in, "uTP SYN", &c);
    return in->is_final ? NO : wants(in, CLIENT, in->client.size + 1);
}

/* A tracker answers with the transaction of the request, BEP 15. */
static bool answers(struct cursor request, struct cursor reply)
{
    uint32_t action = cursor_peek_u32(&request, 8);
    return reply.size >= 8 &&
           (cursor_peek_u32(&reply, 0) == action || cursor_peek_u32(&reply, 0) == 3) &&
           cursor_peek_u32(&reply, 4) == cursor_peek_u32(&request, 12);
}

static enum answer validate(struct inspection *in)
{
    if (!is_udp(in))
        return judge_joined(in, judge_peer, judge_peer);
    enum answer client = in->client.size ? judge_datagram(in, in->client) : NO;
    enum answer server = in->server.size ? judge_datagram(in, in->server) : NO;
    if (client == MORE && server == NO && in->server.size)
        return answers(in->client, in->server) ? answer_at(in, YES, "tracker scrape", CLIENT, 0, 16)
                                               : NO;
    if (client == YES && server == NO && in->server.size)
        return answers(in->client, in->server) || judge_utp(in, client, server) == YES ? YES
                                                                                       : LIKELY;
    if (client == NO && server == YES && in->client.size)
        return judge_utp(in, client, server) == YES ? YES : LIKELY;
    if (client != NO || server != NO)
        return client > server ? client : server;
    return judge_utp(in, client, server);
}

static const struct signature signatures[] = {
    {.transports = OVER_TCP,
     .size = 8,
     .bytes = "\x13"
              "BitTorr"},
    /* Peer messages: a block is asked for, taken back, refused, brought; pieces, states, a port. */
    {.transports = OVER_TCP, .size = 5, .bytes = "\0\0\0\x0d\x06"},
    {.transports = OVER_TCP, .size = 5, .bytes = "\0\0\0\x0d\x08"},
    {.transports = OVER_TCP, .size = 5, .bytes = "\0\0\0\x0d\x10"},
    {.transports = OVER_TCP, .size = 5, .bytes = "\0\0\x40\x09\x07"},
    {.transports = OVER_TCP, .size = 5, .bytes = "\0\0\0\5\4"},
    {.transports = OVER_TCP, .size = 5, .bytes = "\0\0\0\5\x0d"},
    {.transports = OVER_TCP, .size = 5, .bytes = "\0\0\0\5\x11"},
    {.transports = OVER_TCP, .size = 5, .bytes = "\0\0\0\1\0", .mask = "\xff\xff\xff\xff\xfc"},
    {.transports = OVER_TCP, .size = 5, .bytes = "\0\0\0\1\x0e", .mask = "\xff\xff\xff\xff\xfe"},
    {.transports = OVER_TCP, .size = 5, .bytes = "\0\0\0\3\x09"},
    {.transports = OVER_TCP,
     .size = 7,
     .bytes = "\0\0\0\0\x14\0d",
     .mask = "\xff\xff\0\0\xff\xe0\xff"},
    {.transports = OVER_UDP, .size = 5, .bytes = "d1:ad"},
    {.transports = OVER_UDP, .size = 5, .bytes = "d1:el"},
    {.transports = OVER_UDP, .size = 5, .bytes = "d1:rd"},
    {.transports = OVER_UDP, .size = 5, .bytes = "d2:ip"},
    /* Keys in another order than BEP 3 asks for. */
    {.transports = OVER_UDP, .size = 6, .bytes = "d1:q4:"},
    {.transports = OVER_UDP, .size = 6, .bytes = "d1:q9:"},
    {.transports = OVER_UDP, .size = 4, .bytes = "d1:t"},
    {.transports = OVER_UDP, .size = 6, .bytes = "d1:y1:"},
    {.transports = OVER_UDP, .size = 11, .bytes = CONNECT "\0\0\0", .min_size = CONNECT_SIZE},
    {.transports = OVER_UDP,
     .offset = 8,
     .size = 4,
     .bytes = "\0\0\0\1",
     .min_size = ANNOUNCE_SIZE},
    {.transports = OVER_UDP, .offset = 8, .size = 4, .bytes = "\0\0\0\2", .min_size = 36},
    {.transports = OVER_UDP, .size = 9, .bytes = "BSYNC\0d1:"},
    /* Vuze: an action from 1024 on, in questions and in answers; the network. */
    {.transports = OVER_UDP,
     .offset = 8,
     .size = 14,
     .bytes = "\0\0\4\0\0\0\0\0\0\0\0\0\0\0",
     .mask = "\xff\xff\xff\xf0\0\0\0\0\xc0\xfe\xff\xff\xff\xfe"},
    {.transports = OVER_UDP,
     .offset = 0,
     .size = 4,
     .bytes = "\0\0\4\0",
     .mask = "\xff\xff\xff\xf0",
     .min_size = 22},
    {.transports = OVER_UDP, .size = 16, .bytes = "BT-SEARCH * HTTP"},
    {.transports = OVER_UDP, .size = 2, .bytes = "\x01\0", .mask = "\xff\xfc", .min_size = 20},
    {.transports = OVER_UDP, .size = 2, .bytes = "\x11\0", .mask = "\xff\xfc", .min_size = 20},
    {.transports = OVER_UDP, .size = 2, .bytes = "\x21\0", .mask = "\xff\xfc", .min_size = 20},
    {.transports = OVER_UDP, .size = 2, .bytes = "\x31\0", .mask = "\xff\xfc", .min_size = 20},
    {.transports = OVER_UDP, .size = 2, .bytes = "\x41\0", .mask = "\xff\xfc", .min_size = 20},
};

const struct cdpi_protocol cdpi_protocol_bittorrent = {
    .name = "BitTorrent",
    .reference = "BEP 3, BEP 5, BEP 14, BEP 15, BEP 29",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_FILE_SHARING,
    .tcp_ports = PORTS(6881, 6882, 6883, 6884, 6885),
    .udp_ports = PORTS(6771, 6881),
    SIGNATURES(signatures),
    .validate = validate,
};
