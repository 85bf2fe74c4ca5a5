/* SPDX-License-Identifier: MIT */
/*
 * Gnutella. Streams begin with a line of text (Gnutella 0.6 draft, section 2):
 *
 *     GNUTELLA CONNECT/0.6 CR LF      GNUTELLA/0.6 200 OK CR LF      GIV index:guid/name LF LF
 *
 * A datagram is one message, or a part of a Gnutella2 packet (g2.doxu.org, "UDP transceiver"):
 *
 *     guid (16)  type  time to live  hops  length (4, little-endian)  payload
 *     "GND"  flags  sequence (2)  part  count  payload
 *
 * gtk-gnutella sends Gnutella's messages the second way too, as "GTA". Type 0x44 is LimeWire's
 * distributed hash table (Mojito), which has its version where the others have time and hops.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

/* ---- streams ----------------------------------------------------------------------------- */

/* 0.4 or 0.6; then a blank, or the line's end. */
static bool passes_version(struct cursor *c)
{
    return text_digits(c, 1, NULL) == 1 && cursor_u8(c) == '.' && text_digits(c, 1, NULL) == 1;
}

static bool is_greeting(struct cursor line)
{
    if (!cursor_accept_text(&line, "GNUTELLA"))
        return false;
    uint32_t code;
    bool is_last;
    if (cursor_accept_text(&line, " CONNECT/"))
        return passes_version(&line) && cursor_at_end(&line);
    if (cursor_accept_text(&line, "/"))
        return passes_version(&line) && cursor_u8(&line) == ' ' &&
               text_reply_code(&line, &code, &is_last);
    return cursor_accept_text(&line, " OK") && cursor_at_end(&line);
}

static bool passes_hex(struct cursor *c, uint32_t digits)
{
    for (uint32_t i = 0; i < digits; i++) {
        int byte = cursor_u8(c);
        if (!text_is_digit(byte) && (byte < 'a' || byte > 'f') && (byte < 'A' || byte > 'F'))
            return false;
    }
    return true;
}

/* A pushed upload: the file's index, the servent's id in hexadecimal, the file's name. */
static bool is_push(struct cursor line)
{
    return cursor_accept_text(&line, "GIV ") && text_digits(&line, 10, NULL) > 0 &&
           cursor_u8(&line) == ':' && passes_hex(&line, 32) && cursor_u8(&line) == '/';
}

enum { LINE_LIMIT = 512 };

static enum answer judge_line(struct inspection *in, struct cursor c)
{
    if (!cursor_may_start_with(&c, "GNUTELLA") && !cursor_may_start_with(&c, "GIV "))
        return NO;
    struct cursor line;
    enum text_line state = text_line(&c, LINE_LIMIT, &line);
    if (state == LINE_BAD)
        return NO;
    if (state == LINE_OPEN) {
        c.at = c.size;
        bool is_telling = cursor_starts_with(&line, "GNUTELLA");
        return is_telling ? likely_at_end(in, "greeting", &c) : short_of(in, &c);
    }
    if (is_greeting(line))
        return yes(in, "greeting", &c);
    return is_push(line) ? yes(in, "push", &c) : NO;
}

/* Who was pushed to asks for the file by HTTP. */
static enum answer judge_other(struct inspection *in, struct cursor c)
{
    if (!cursor_starts_with(&in->client, "GIV "))
        return in->client.size < 4 && cursor_may_start_with(&in->client, "GIV ") && in->client.size
                   ? short_of(in, &in->client)
                   : judge_line(in, c);
    if (!cursor_may_start_with(&c, "GET ") && !cursor_may_start_with(&c, "HEAD"))
        return NO;
    return c.size < 4 ? short_of(in, &c) : answer_at(in, YES, "push", CLIENT, 0, 4);
}

/* ---- messages ---------------------------------------------------------------------------- */

enum { HEADER = 23, DEFLATED = 0x80, MOST_HOPS = 16 };
enum { PING = 0, PONG = 1, VENDOR = 0x31, STANDARD = 0x32, PUSH = 0x40, QUERY = 0x80, HIT = 0x81 };
enum { TABLE = 0x44, GGEP = 0xc3 };

/* RFC 1950: method 8, a window of up to 32 KiB, no dictionary; a multiple of 31. */
static bool is_zlib(const struct cursor *c)
{
    uint16_t head = cursor_peek_u16(c, 0);
    return (head >> 8 & 0xf) == 8 && head >> 12 <= 7 && !(head & 0x20) && head % 31 == 0 && head;
}

/* What follows a message's fixed fields is empty or an extension block. */
static bool is_extension(const struct cursor *c)
{
    return cursor_at_end(c) || cursor_peek(c, 0) == GGEP;
}

static bool is_vendor(struct cursor *c)
{
    if (cursor_peek_u32(c, 0) == 0)
        return cursor_skip(c, 4);
    for (int i = 0; i < 4; i++) {
        uint8_t byte = cursor_u8(c);
        if (byte < '0' || byte > 'z')
            return false;
    }
    return true;
}

static bool is_vendor_message(struct cursor c)
{
    bool has_vendor = is_vendor(&c);
    uint16_t selector = cursor_le16(&c), version = cursor_le16(&c);
    return has_vendor && !c.ran_short && selector < 256 && version < 16;
}

/* Results, a port, an address, a speed; names; the servent's id at the end. */
static bool is_hit(struct cursor c)
{
    uint8_t count = cursor_u8(&c);
    uint16_t port = cursor_le16(&c);
    return count > 0 && port > 0 && cursor_skip(&c, 4 + 4 + 8 + 2 + 16);
}

/* A speed, words that end with a zero, then extensions: GGEP, HUGE's (urn:), or XML's. */
static bool is_query(struct cursor c)
{
    cursor_skip(&c, 2);
    int32_t end = cursor_find(&c, 0, 256);
    if (end < 0)
        return false;
    for (int32_t i = 0; i < end; i++) {
        if (!text_is_plain(cursor_u8(&c)))
            return false;
    }
    cursor_skip(&c, 1);
    int next = cursor_peek(&c, 0);
    return next < 0 || next == GGEP || next == 'u' || next == '{' || next == '<' || next == 0x1c ||
           next == 0;
}

static bool has_modern_guid(struct cursor c)
{
    return cursor_peek(&c, 8) == 0xff;
}

static bool fits_type(uint8_t type, struct cursor body, struct cursor all)
{
    switch (type) {
    case PING:
        return cursor_at_end(&body) ? has_modern_guid(all) : cursor_peek(&body, 0) == GGEP;
    case PONG:
        return cursor_peek_u16(&body, 0) != 0 && cursor_skip(&body, 14) && is_extension(&body);
    case VENDOR:
    case STANDARD:
        return is_vendor_message(body);
    case PUSH:
        return cursor_skip(&body, 26) && is_extension(&body);
    case QUERY:
        return is_query(body);
    case HIT:
        return is_hit(body);
    default:
        return false;
    }
}

/* Mojito: an operation, the sender's vendor, version, key of 20 bytes, and address. */
static bool is_table_message(struct cursor c)
{
    uint8_t operation = cursor_u8(&c);
    if (operation < 1 || operation > 10 || !is_vendor(&c))
        return false;
    cursor_skip(&c, 2 + 20);
    uint8_t family = cursor_u8(&c);
    return (family == 4 || family == 16) && cursor_skip(&c, family + 2u + 2u);
}

/* A capture cut the message: its types and its length tell. */
static enum answer judge_cut(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 16);
    uint8_t type = cursor_u8(&c), life = cursor_u8(&c), hops = cursor_u8(&c);
    uint32_t length = cursor_le24(&c);
    if (c.ran_short || !fills_datagram(in, &c, HEADER + length))
        return NO;
    bool is_table = type == TABLE && life == 0 && hops < 16; /* its version 0.x */
    bool is_type = type <= PONG || type == VENDOR || type == STANDARD || type == PUSH ||
                   type == QUERY || type == HIT;
    if (is_table || (is_type && (life & ~DEFLATED) + hops <= MOST_HOPS))
        return likely(in, "message, cut", &c);
    return NO;
}

static enum answer judge_message(struct inspection *in, struct cursor c)
{
    if (is_cut(in, &c))
        return judge_cut(in, c);
    struct cursor all = c;
    cursor_skip(&c, 16);
    uint8_t type = cursor_u8(&c), life = cursor_u8(&c), hops = cursor_u8(&c);
    uint32_t length = cursor_le32(&c);
    if (c.ran_short || !fills_datagram(in, &c, HEADER + length))
        return NO;
    if (type == TABLE)
        return is_table_message(c) ? yes(in, "hash table message", &c) : NO;
    if ((life & ~DEFLATED) + hops > MOST_HOPS)
        return NO;
    bool fits = life & DEFLATED && is_zlib(&c) ? type <= HIT : fits_type(type, c, all);
    return fits ? yes(in, "message", &c) : NO;
}

/* ---- parts of packets -------------------------------------------------------------------- */

enum { PART_HEADER = 8, PART_DEFLATED = 1, PART_FLAGS = 0x13 };

/* A packet of Gnutella2: control bits, a length of up to 3 bytes, a name of up to 8, the rest. */
static bool is_packet(struct cursor c)
{
    uint8_t control = cursor_u8(&c), width = control >> 6, name = (control >> 3 & 7) + 1;
    uint32_t length = 0;
    for (uint8_t i = 0; i < width; i++)
        length |= (uint32_t)cursor_u8(&c) << 8 * i;
    for (uint8_t i = 0; i < name; i++) {
        uint8_t byte = cursor_u8(&c);
        if (!text_is_digit(byte) && (byte < 'A' || byte > 'Z'))
            return false;
    }
    return !c.ran_short && length == cursor_left(&c);
}

static enum answer judge_part(struct inspection *in, struct cursor c)
{
    bool is_second = cursor_peek(&c, 1) == 'N';
    cursor_skip(&c, 3);
    uint8_t flags = cursor_u8(&c);
    cursor_skip(&c, 2);
    uint8_t part = cursor_u8(&c), count = cursor_u8(&c);
    if (c.ran_short || flags & ~PART_FLAGS || part == 0)
        return NO;
    if (count == 0)
        return flags == 0 && c.size == PART_HEADER ? yes(in, "acknowledgement", &c) : NO;
    if (part > count || cursor_at_end(&c))
        return NO;
    if (part > 1)
        return likely(in, "further part", &c);
    if (flags & PART_DEFLATED)
        return is_zlib(&c) ? yes(in, "deflated part", &c) : NO;
    if (is_cut(in, &c))
        return likely(in, "part", &c);
    if (is_second && count == 1)
        return is_packet(c) ? yes(in, "packet", &c) : NO;
    return likely(in, "part", &c);
}

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    if (cursor_starts_with(&c, "GND") || cursor_starts_with(&c, "GTA"))
        return judge_part(in, c);
    return judge_message(in, c);
}

static enum answer validate(struct inspection *in)
{
    if (is_udp(in))
        return judge_sides(in, judge_datagram, judge_datagram);
    return judge_sides(in, judge_line, judge_other);
}

static const struct signature signatures[] = {
    {.transports = OVER_TCP, .offset = 0, .size = 8, .bytes = "GNUTELLA"},
    {.transports = OVER_TCP, .offset = 0, .size = 4, .bytes = "GIV "},
    {.transports = OVER_UDP, .offset = 0, .size = 3, .bytes = "GND", .min_size = PART_HEADER},
    {.transports = OVER_UDP, .offset = 0, .size = 3, .bytes = "GTA", .min_size = PART_HEADER},
    /* Time to live and hops below 16, a length below 64 KiB. */
    {.transports = OVER_UDP,
     .offset = 17,
     .size = 5,
     .bytes = "\0\0\0\0\0",
     .mask = "\x70\xf0\0\0\xff"},
};

const struct cdpi_protocol cdpi_protocol_gnutella = {
    .name = "Gnutella",
    .reference = "The Gnutella Protocol Development, RFC-Gnutella 0.6; Gnutella2 (g2.doxu.org)",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_FILE_SHARING,
    .tcp_ports = PORTS(6346, 6347),
    .udp_ports = PORTS(6346, 6347),
    SIGNATURES(signatures),
    .validate = validate,
};
