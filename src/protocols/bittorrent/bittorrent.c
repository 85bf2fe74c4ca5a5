/* SPDX-License-Identifier: MIT */
/*
 * BitTorrent: the peers' handshake (BEP 3), and over UDP the DHT (BEP 5), uTP (BEP 29), trackers
 * (BEP 15) and the search for peers nearby (BEP 14). Encrypted streams (MSE) have no structure and
 * are not named.
 */
#include "framing/bencode.h"
#include "peer.h"
#include "protocols/protocol.h"
#include "utp.h"

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

/* ---- datagrams --------------------------------------------------------------------------- */

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
        return judge_joined(in, bittorrent_judge_peer, bittorrent_judge_peer);
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
