/* SPDX-License-Identifier: MIT */
/*
 * MQTT 3.1, 3.1.1 and 5: CONNECT with the protocol's name and level (5 section 3.1), answered by
 * CONNACK (section 3.2). The fixed header's length is a number of 7 bits a byte (section 1.5.5).
 * Joined late: whole packets whose reserved flags hold are likely.
 */
#include "protocols/protocol.h"

enum {
    CONNECT = 1,
    CONNACK = 2,
    PUBLISH = 3,
    SUBSCRIBE = 8,
    SUBACK = 9,
    UNSUBSCRIBE = 10,
    UNSUBACK = 11,
    PINGREQ = 12,
    PINGRESP = 13,
    DISCONNECT = 14,
    AUTH = 15,
    NAME_LIMIT = 1024
};

/* Section 1.5.5: up to four bytes, the shortest form. */
static bool take_length(struct cursor *c, uint32_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
        uint8_t byte = cursor_u8(c);
        *value |= (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return c->ran_short || shift == 0 || byte != 0;
    }
    return false;
}

/* Name and level: MQIsdp 3, MQTT 4 and 5; what tests a server sends others too. Bridges set the
 * level's high bit. */
static bool is_name_and_level(struct cursor *c, bool *is_odd)
{
    bool is_new = cursor_starts_with(c, "\0\4MQTT");
    if (cursor_accept_text(c, "\0\4MQTT") || cursor_accept_text(c, "\0\6MQIsdp")) {
        uint8_t level = cursor_u8(c) & 0x7f;
        *is_odd = is_new ? level != 4 && level != 5 : level != 3;
        return level < 16 || c->ran_short;
    }
    if (cursor_may_start_with(c, "\0\4MQTT") || cursor_may_start_with(c, "\0\6MQIsdp"))
        return c->ran_short = true;
    return false;
}

/* Section 3.1.2.3: bit 0 is zero; without a will its quality and retention are zero; never
 * three. */
static bool are_flags(uint8_t flags)
{
    uint8_t quality = (flags >> 3) & 3;
    if ((flags & 1) || quality == 3)
        return false;
    return (flags & 4) || (quality == 0 && !(flags & 0x20));
}

static enum answer judge_connect(struct inspection *in, struct cursor c)
{
    uint32_t length;
    cursor_skip(&c, 1);
    if (!take_length(&c, &length))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    bool is_odd = false;
    if (length < 12 || !is_name_and_level(&c, &is_odd))
        return NO;
    uint8_t flags = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return are_flags(flags) && !is_odd ? yes(in, "CONNECT", &c) : likely(in, "odd CONNECT", &c);
}

/* Section 2.1.3: the flags that each type must have. */
static bool are_header_flags(uint8_t type, uint8_t flags)
{
    if (type == PUBLISH)
        return (flags & 6) != 6;
    return flags == (type == 6 || type == 8 || type == 10 ? 2 : 0);
}

/* Section 1.5.4: UTF-8 (RFC 3629), and no control characters; false also where it ends within. */
static bool take_character(struct cursor *c, uint8_t *first)
{
    *first = cursor_u8(c);
    if (*first < 0x80)
        return *first >= ' ' && *first != 0x7f;
    if (*first < 0xc2 || *first > 0xf4)
        return false;
    for (unsigned more = *first < 0xe0 ? 1 : *first < 0xf0 ? 2 : 3; more > 0; more--) {
        if (cursor_u8(c) >> 6 != 2)
            return false;
    }
    return true;
}

/* A topic or a filter: text, as a rule of letters. A topic has no wildcards. Its bits, 0: none. */
static unsigned name_bits(struct cursor *body, bool is_filter)
{
    uint16_t size = cursor_u16(body);
    struct cursor name = cursor_take(body, size);
    unsigned bits = 8;
    if (size == 0 || size > NAME_LIMIT || name.ran_short)
        return 0;
    for (uint8_t first; !cursor_at_end(&name); bits++) {
        if (!take_character(&name, &first) || (!is_filter && (first == '#' || first == '+')))
            return 0;
    }
    return bits > 24 ? 24 : bits;
}

/* Sections 3.8 and 3.10: a number, in version 5 properties, then filters, each with its options. */
static unsigned subscription_bits(struct cursor body, bool has_options)
{
    uint16_t number = cursor_u16(&body);
    uint32_t properties = 0;
    if (cursor_peek(&body, 0) > 0) /* version 5 */
        cursor_skip(&body, take_length(&body, &properties) ? properties : UINT32_MAX);
    else if (cursor_peek(&body, 2) > 0 && cursor_peek_u16(&body, 1) <= cursor_left(&body))
        cursor_skip(&body, cursor_peek_u16(&body, 0) == 0 ? 1 : 0);
    if (number == 0 || body.ran_short)
        return 0;
    unsigned bits = name_bits(&body, true);
    if (bits == 0 || !has_options)
        return bits;
    uint8_t options = cursor_u8(&body);
    return body.ran_short || options & 0xc0 || (options & 3) == 3 ? 0 : bits + 3;
}

/* Version 5 sections 3.14.2 and 3.15.2: nothing, or a reason and properties. */
static bool is_reason(uint8_t type, struct cursor body)
{
    if (cursor_at_end(&body))
        return true;
    uint32_t properties = 0;
    uint8_t reason = cursor_u8(&body);
    bool is_known = type == AUTH ? reason == 0 || reason == 0x18 || reason == 0x19
                                 : reason == 0 || reason == 4 || (reason >= 0x80 && reason <= 0xa2);
    return is_known && (cursor_at_end(&body) ||
                        (take_length(&body, &properties) && properties == cursor_left(&body)));
}

/* Sections 3.9.3 and 3.11.3: a number, in version 5 properties, a code a filter: granted, not
 * there, refused. Version 3.1.1 confirms the end of a subscription by the number alone. */
static unsigned confirmation_bits(uint8_t type, struct cursor body)
{
    uint16_t number = cursor_u16(&body);
    uint32_t properties = cursor_left(&body) > 1 ? (uint32_t)cursor_peek(&body, 0) : 0;
    if (properties < 0x80 && properties + 1 < cursor_left(&body) && properties > 2)
        cursor_skip(&body, properties + 1);
    if (number == 0 || body.ran_short || (cursor_at_end(&body) && type == SUBACK))
        return 0;
    unsigned bits = 4;
    for (; !cursor_at_end(&body); bits += 2) {
        uint8_t code = cursor_u8(&body);
        if (code > 2 && code != 0x11 && (code < 0x80 || code > 0xa2))
            return 0;
    }
    return bits > 12 ? 12 : bits;
}

static unsigned body_bits(uint8_t type, struct cursor body, uint32_t length)
{
    switch (type) {
    case PUBLISH:
        return name_bits(&body, false);
    case SUBSCRIBE:
    case UNSUBSCRIBE:
        return subscription_bits(body, type == SUBSCRIBE);
    case PINGREQ:
    case PINGRESP:
        return length == 0 ? 8 : 0;
    case DISCONNECT:
    case AUTH:
        return is_reason(type, body) ? 4 : 0;
    case SUBACK:
    case UNSUBACK:
        return confirmation_bits(type, body);
    default: /* acknowledgements of what was published */
        return length == 2 ? 7 : length > 2 && length < 256 ? 1 : 0;
    }
}

/* The fixed header of anything but a CONNECT; false also where it is not all there. */
static bool take_header(struct cursor *c, uint8_t *type, uint32_t *length)
{
    uint8_t first = cursor_u8(c);
    *type = first >> 4;
    return *type >= CONNACK && are_header_flags(*type, first & 0xf) && take_length(c, length) &&
           !c->ran_short;
}

/* A chain of packets, to the end of what is there. Of a long one its topic is enough. */
static int late_bits(struct cursor c)
{
    int bits = 0;
    for (unsigned packets = 0; !cursor_at_end(&c) && packets < 8; packets++) {
        uint8_t type;
        uint32_t length;
        if (!take_header(&c, &type, &length))
            return c.ran_short && type >= CONNACK ? bits : -1;
        struct cursor begun = cursor_ahead(&c, cursor_left(&c)), body = cursor_take(&c, length);
        if (c.ran_short) {
            unsigned topic = type == PUBLISH ? name_bits(&begun, false) : 0;
            return bits + (topic ? (int)topic + 4 : 0);
        }
        unsigned more = body_bits(type, body, length);
        if (more == 0)
            return -1;
        bits += (int)more + (type == PUBLISH ? 4 : 8) + (cursor_at_end(&c) ? 8 : 2);
    }
    return bits;
}

/* What follows a CONNACK need but be packets. */
static bool are_packets(struct cursor c)
{
    for (unsigned packets = 0; !cursor_at_end(&c) && packets < 8; packets++) {
        uint8_t type;
        uint32_t length;
        if (!take_header(&c, &type, &length))
            return c.ran_short && type >= CONNACK;
        if (!cursor_skip(&c, length))
            return true;
    }
    return true;
}

/* Section 3.2: session present, a reason; 3.1.1 has two bytes, 5 has properties. */
static int connack_bits(struct cursor c, bool *is_short)
{
    uint32_t length, properties = 0;
    cursor_skip(&c, 1);
    if (!take_length(&c, &length) || length < 2)
        return c.ran_short ? (*is_short = true, 0) : -1;
    uint8_t present = cursor_u8(&c), reason = cursor_u8(&c);
    bool fits = length == 2 || (take_length(&c, &properties) && properties + 3 == length) ||
                (length > 128 && properties + 4 == length);
    if (c.ran_short)
        return *is_short = true, 0;
    if (present > 1 || (reason > 5 && (reason < 0x80 || reason > 0x9f)))
        return -1;
    cursor_seek(&c, length + (length > 127 ? 3 : 2));
    if (!c.ran_short && !are_packets(c))
        return -1;
    return fits ? 8 + 7 + 7 + 5 + (length > 2 ? 3 : 0) : -1;
}

static int weigh_side(struct cursor c, bool *is_short)
{
    if (c.size == 0)
        return 0;
    return cursor_peek(&c, 0) == CONNACK << 4 ? connack_bits(c, is_short) : late_bits(c);
}

/* Without a CONNECT the sides add up, and are likely at most. */
static enum answer judge_late(struct inspection *in)
{
    bool is_short = false;
    int client = weigh_side(in->client, &is_short), server = weigh_side(in->server, &is_short);
    if (client < 0 || server < 0)
        return NO;
    if (client + server < BITS_FOR_LIKELY || is_short)
        return in->is_final ? NO : MORE;
    struct cursor c = client >= server ? in->client : in->server;
    c.at = c.size;
    return likely(in, "packets", &c);
}

/* What answers a CONNECT: version 5 section 4.12 has AUTH, section 3.14 DISCONNECT. */
static bool may_answer(const struct cursor *server)
{
    int type = cursor_peek(server, 0) >> 4;
    return type == CONNACK || type == AUTH || type == DISCONNECT;
}

static enum answer validate(struct inspection *in)
{
    if (cursor_peek(&in->client, 0) != CONNECT << 4)
        return judge_late(in);
    enum answer client = judge_connect(in, in->client);
    if (client < LIKELY || in->server.size == 0)
        return client;
    if (!may_answer(&in->server))
        return NO;
    bool is_short = false;
    int server = weigh_side(in->server, &is_short);
    if (is_short)
        return wants_more(in, &in->server);
    return server < 0 ? NO : server == 0 ? LIKELY : client;
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x10\x00\x00\x04MQTT", "\xff\x80\xff\xff\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x10\x80\x00\x00\x04MQTT", "\xff\x80\x80\xff\xff\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x10\x80\x80\x00\x00\x04MQTT", "\xff\x80\x80\x80\xff\xff\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x10\x00\x00\x06MQIsdp", "\xff\x80\xff\xff\xff\xff\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x10\x80\x00\x00\x06MQIsdp",
                     "\xff\x80\x80\xff\xff\xff\xff\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x20\x00\x00\x00", "\xff\x80\xfe\x60"),
    SIGNATURE(0, "\xc0\x00"),
    SIGNATURE(0, "\xd0\x00"),
    SIGNATURE_MASKED(0, "\x30\x00\x00\x00", "\xf0\x80\xff\x00"),
    SIGNATURE_MASKED(0, "\x30\x80\x00\x00\x00", "\xf0\x80\x80\xff\x00"),
    SIGNATURE_MASKED(0, "\x82\x00", "\xff\x80"),
    SIGNATURE_MASKED(0, "\xa2\x00", "\xff\x80"),
    SIGNATURE_MASKED(0, "\x90\x00", "\xff\xc0"),
    SIGNATURE_MASKED(0, "\x40\x02", "\xff\xff"),
    SIGNATURE_MASKED(0, "\x30\x80\x80\x00\x00\x00", "\xf0\x80\x80\x80\xff\x00"),
    SIGNATURE_MASKED(0, "\xe0\x00", "\xff\x80"),
};

const struct cdpi_protocol cdpi_protocol_mqtt = {
    .name = "MQTT",
    .reference = "MQTT 3.1, MQTT 3.1.1 and MQTT 5.0 sections 2 and 3",
    .transports = OVER_TCP,
    .category = CATEGORY_MESSAGING,
    .tcp_ports = PORTS(1883),
    SIGNATURES(signatures),
    .validate = validate,
};
