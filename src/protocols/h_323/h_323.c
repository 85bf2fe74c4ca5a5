/* SPDX-License-Identifier: MIT */
/*
 * H.323. Call signalling is Q.931 in TPKT (H.225.0 section 7.2.1): 08, the call reference's size
 * and value, a message type, information elements up to the user-user one, 7e size(2) 05. H.245 in
 * a TPKT of its own and RAS over UDP are PER; they are told by the object identifiers that their
 * first messages name: 0.0.8.245.0.n and 0.0.8.2250.0.n.
 */
#include "protocols/protocol.h"

enum {
    Q931 = 8,
    USER_USER = 0x7e,
    DISCRIMINATOR = 5, /* H.225.0 7.2.2.31: X.208 and X.209 coded user information */
    ELEMENTS = 16,
    DETERMINATION = 11, /* a packet with H.245's masterSlaveDetermination */
    LAST_NAMED_CHOICE = 5
};

/* Q.931 table 4-2, as far as H.225.0 uses it. */
static bool is_message_type(uint8_t type)
{
    static const uint8_t types[] = {0x01, 0x02, 0x03, 0x05, 0x07, 0x0d, 0x0f, 0x45,
                                    0x4d, 0x5a, 0x62, 0x6e, 0x75, 0x7b, 0x7d};
    for (size_t i = 0; i < sizeof types; i++) {
        if (types[i] == type)
            return true;
    }
    return false;
}

/* Elements with the high bit are one byte; others have a size; the user-user one has two bytes of
 * it. */
static bool find_user_user(struct cursor *c)
{
    for (unsigned i = 0; i < ELEMENTS && !c->ran_short; i++) {
        uint8_t element = cursor_u8(c);
        if (element == USER_USER) {
            uint16_t size = cursor_u16(c);
            uint8_t discriminator = cursor_u8(c);
            return c->ran_short || (size >= 2 && discriminator == DISCRIMINATOR);
        }
        if (!(element & 0x80))
            cursor_skip(c, cursor_u8(c));
    }
    return c->ran_short;
}

/* Elements up to the packet's end, at least one, the user-user one not among them. */
static bool elements_fill(struct cursor c, uint32_t end)
{
    unsigned count = 0;
    for (; c.at < end && !c.ran_short; count++) {
        uint8_t element = cursor_u8(&c);
        if (element == USER_USER)
            return false;
        if (!(element & 0x80))
            cursor_skip(&c, cursor_u8(&c));
    }
    return !c.ran_short && count > 0 && c.at == end;
}

static enum answer judge_signalling(struct inspection *in, struct cursor c, uint32_t end)
{
    cursor_skip(&c, 1);
    uint8_t reference = cursor_u8(&c);
    if (!c.ran_short && reference != 2)
        return NO;
    cursor_skip(&c, 2);
    uint8_t type = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (!is_message_type(type))
        return NO;
    if (elements_fill(c, end)) /* Q.931 without its user-user element */
        return likely(in, "call signalling", &c);
    if (!find_user_user(&c))
        return NO;
    return c.ran_short ? short_of(in, &c) : yes(in, "call signalling", &c);
}

/* H.245's terminalCapabilitySet: 02, bits (none of a set that asks for a pause), a number, and the
 * protocol's identifier. */
static enum answer judge_control(struct inspection *in, struct cursor c, uint16_t size)
{
    if (size == DETERMINATION && cursor_starts_with(&c, "\x01\x00")) {
        cursor_skip(&c, 3);
        uint8_t bits = cursor_u8(&c); /* how long the number is, in aligned PER */
        if (c.ran_short)
            return short_of(in, &c);
        return !(bits & 0x3f) ? likely(in, "who is master", &c) : NO;
    }
    uint8_t choice = cursor_u8(&c), tables = cursor_u8(&c); /* which of three are there */
    if (choice != 2 || tables & 0x8f)
        return NO;
    cursor_skip(&c, 1);
    if (c.ran_short)
        return short_of(in, &c);
    if (!cursor_may_start_with(&c, "\x06\x00\x08\x81\x75\x00"))
        return NO;
    cursor_skip(&c, 6);
    return c.ran_short ? short_of(in, &c) : yes(in, "capabilities", &c);
}

static enum answer judge_stream(struct inspection *in, struct cursor c)
{
    while (cursor_accept_text(&c, "\x03\0\0\x04")) /* empty packets keep a call's stream open */
        ;
    if (!cursor_may_start_with(&c, "\x03\x00"))
        return NO;
    uint32_t began = c.at;
    cursor_skip(&c, 2);
    uint16_t size = cursor_u16(&c);
    if (c.ran_short || cursor_left(&c) == 0)
        return short_of(in, &c);
    if (size < 9)
        return NO;
    return cursor_peek(&c, 0) == Q931 ? judge_signalling(in, c, began + size)
                                      : judge_control(in, c, size);
}

/* RAS: the messages that name the protocol are choices 0 to 5 (gatekeeper and registration); in
 * aligned PER these take two bytes with their optional fields' bits, the number two more, then
 * comes the identifier. */
static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    uint8_t choice = cursor_u8(&c) >> 2;
    cursor_skip(&c, 3);
    if (choice > LAST_NAMED_CHOICE || !cursor_accept_text(&c, "\x06\x00\x08\x91\x4a\x00"))
        return NO;
    uint8_t version = cursor_u8(&c);
    return !c.ran_short && version >= 1 && version <= 8 ? yes(in, "RAS", &c) : NO;
}

/* RAS answers without the identifier are borne by the question, whose number they repeat (bytes 1
 * and 2 or so). */
static enum answer judge_any(struct inspection *in, struct cursor c)
{
    enum answer answer = judge_datagram(in, c);
    return answer == NO && both_spoke(in) ? likely(in, "RAS", &c) : answer;
}

static enum answer validate(struct inspection *in)
{
    if (!is_udp(in))
        return judge_sides(in, judge_stream, judge_stream);
    enum answer client = in->client.size ? judge_any(in, in->client) : NO;
    enum answer server = in->server.size ? judge_any(in, in->server) : NO;
    if (client != YES && server != YES)
        return NO;
    return client == LIKELY || server == LIKELY ? LIKELY : YES;
}

/* ---- where H.245 will be ----------------------------------------------------------------- */

enum { SETUP = 0, CONNECT = 2, FOLLOWED_PAYLOADS = 64 };

/* H.225.0's user-user element in aligned PER: a byte whose low half is the message's choice, a byte
 * with the bits of the optional fields, of which h245Address is the first, and the protocol's
 * identifier; then a transport address: its choice, 0 is IP, address and port. */
static bool h245_address(struct cursor c, uint8_t address[4], uint16_t *port)
{
    int32_t found = cursor_find_text(&c, "\x06\x00\x08\x91\x4a\x00", 1024);
    if (found < 3 || !cursor_skip(&c, (uint32_t)found - 3))
        return false;
    uint8_t discriminator = cursor_u8(&c), message = cursor_u8(&c) & 15, fields = cursor_u8(&c);
    cursor_skip(&c, 7);
    uint8_t kind = cursor_u8(&c);
    const uint8_t *ip = cursor_bytes(&c, 4);
    *port = cursor_u16(&c);
    if (c.ran_short || discriminator != DISCRIMINATOR || (message != SETUP && message != CONNECT) ||
        !(fields & 0x40) || kind != 0)
        return false;
    memcpy(address, ip, 4);
    return true;
}

static enum follow_answer follow(struct follow *f, struct cursor *payload)
{
    uint8_t address[4];
    uint16_t port;
    struct announcement *a = NULL;
    if (h245_address(*payload, address, &port))
        a = announce(f, "H.323", OVER_TCP, port);
    if (a)
        memcpy(a->address, address, 4);
    return ++f->state[0] < FOLLOWED_PAYLOADS ? FOLLOW_ON : FOLLOW_DONE;
}

static const struct signature signatures[] = {
    {.transports = OVER_TCP,
     .size = 9,
     .bytes = "\x03\0\0\0\x08\x02\0\0\0",
     .mask = "\xff\xff\0\0\xff\xff\0\0\x80"},
    {.transports = OVER_TCP,
     .size = 13,
     .bytes = "\x03\0\0\0\x02\0\0\x06\0\x08\x81\x75\0",
     .mask = "\xff\xff\0\0\xff\x8f\0\xff\xff\xff\xff\xff\xff"},
    {.transports = OVER_TCP, .size = 6, .bytes = "\x03\0\0\x0b\x01\0"},
    {.transports = OVER_TCP, .size = 6, .bytes = "\x03\0\0\x04\x03\0"},
    {.transports = OVER_UDP, .offset = 4, .size = 6, .bytes = "\x06\0\x08\x91\x4a\0"},
};

const struct cdpi_protocol cdpi_protocol_h_323 = {
    .name = "H.323",
    .reference = "ITU-T H.225.0 section 7, Q.931 section 4, H.245",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_VOICE,
    .tcp_ports = PORTS(1720),
    .udp_ports = PORTS(1719, 1718),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow,
    .refines = "TPKT",
};
