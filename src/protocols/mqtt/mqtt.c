/* SPDX-License-Identifier: MIT */
/*
 * MQTT 3.1, 3.1.1 and 5: CONNECT with the protocol's name and level (5 section 3.1), answered by
 * CONNACK (section 3.2). The fixed header's length is a number of 7 bits a byte (section 1.5.5).
 * Joined late: a chain of whole packets whose reserved flags hold is likely.
 */
#include "protocols/protocol.h"

enum {
    CONNECT = 1,
    CONNACK = 2,
    PUBLISH = 3,
    SUBACK = 9,
    PINGREQ = 12,
    PINGRESP = 13,
    DISCONNECT = 14,
    AUTH = 15
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

/* Name and level go together: MQIsdp 3, MQTT 4 and 5. Bridges set the level's high bit. */
static bool is_name_and_level(struct cursor *c)
{
    if (cursor_accept_text(c, "\0\4MQTT")) {
        uint8_t level = cursor_u8(c) & 0x7f;
        return c->ran_short || level == 4 || level == 5;
    }
    if (cursor_accept_text(c, "\0\6MQIsdp"))
        return (cursor_u8(c) & 0x7f) == 3 || c->ran_short;
    if (cursor_may_start_with(c, "\0\4MQTT") || cursor_may_start_with(c, "\0\6MQIsdp"))
        return c->ran_short = true;
    return false;
}

/* Section 3.1.2.3: bit 0 is zero; without a will its quality and retention are zero; never three.
 */
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
    if (length < 12 || !is_name_and_level(&c))
        return NO;
    uint8_t flags = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    return are_flags(flags) ? yes(in, "CONNECT", &c) : NO;
}

/* Section 2.1.3: the flags that each type must have. */
static bool are_header_flags(uint8_t type, uint8_t flags)
{
    if (type == PUBLISH)
        return (flags & 6) != 6;
    return flags == (type == 6 || type == 8 || type == 10 ? 2 : 0);
}

/* Bits that a packet's head meets, 0 where it is none. */
static unsigned packet_bits(struct cursor *c, bool *is_partial)
{
    uint8_t first = cursor_u8(c), type = first >> 4;
    uint32_t length;
    if (type < CONNACK || !are_header_flags(type, first & 0xf) || !take_length(c, &length))
        return 0;
    struct cursor body = cursor_take(c, length);
    *is_partial = body.ran_short;
    unsigned bits = type == PUBLISH ? 1 : 4;
    if (type == PINGREQ || type == PINGRESP)
        return length == 0 ? bits + 8 : 0;
    if (*is_partial || type == DISCONNECT || type == AUTH)
        return type == DISCONNECT && length > 4 ? 0 : bits;
    if (type == PUBLISH) { /* topic: text without wildcards */
        uint16_t topic = cursor_u16(&body);
        struct cursor name = cursor_take(&body, topic);
        if (topic == 0 || name.ran_short)
            return 0;
        while (!cursor_at_end(&name)) {
            uint8_t byte = cursor_u8(&name);
            if (byte < ' ' || byte == '#' || byte == '+' || byte > 0x7e)
                return 0;
        }
        return bits + 8 + (topic > 12 ? 12u : topic);
    }
    if (type >= 4 && type <= 7)
        return length == 2 ? bits + 8 : 0;
    return length >= 2 ? bits : 0;
}

static enum answer judge_late(struct inspection *in, struct cursor c)
{
    unsigned bits = 0, packets = 0;
    while (!cursor_at_end(&c) && packets < 8) {
        bool is_partial = false;
        unsigned more = packet_bits(&c, &is_partial);
        if (c.ran_short)
            break;
        if (more == 0)
            return NO;
        bits += more;
        packets++;
    }
    return packets >= 3 && bits >= BITS_FOR_YES ? likely(in, "packets", &c) : short_of(in, &c);
}

/* Section 3.2: session present, a reason; 3.1.1 has two bytes, 5 has properties. */
static enum answer judge_connack(struct inspection *in, struct cursor c)
{
    uint32_t length;
    cursor_skip(&c, 1);
    if (!take_length(&c, &length) || length < 2)
        return c.ran_short ? short_of(in, &c) : NO;
    uint8_t present = cursor_u8(&c), reason = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (present > 1 || (reason > 5 && (reason < 0x80 || reason > 0x9f)))
        return NO;
    if (in->client.size)
        return yes(in, "CONNACK", &c);
    return length == 2 && reason == 0 ? likely(in, "CONNACK", &c) : short_of(in, &c);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    return cursor_peek(&c, 0) == CONNECT << 4 ? judge_connect(in, c) : judge_late(in, c);
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    return cursor_peek(&c, 0) == CONNACK << 4 ? judge_connack(in, c) : judge_late(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x10\x00\x00\x04MQTT", "\xff\x80\xff\xff\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x10\x80\x00\x00\x04MQTT", "\xff\x80\x80\xff\xff\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x10\x00\x00\x06MQIsdp", "\xff\x80\xff\xff\xff\xff\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x10\x80\x00\x00\x06MQIsdp",
                     "\xff\x80\x80\xff\xff\xff\xff\xff\xff\xff\xff"),
    SIGNATURE(0, "\x20\x02\x00\x00"),
    SIGNATURE(0, "\xc0\x00"),
    SIGNATURE(0, "\xd0\x00"),
    SIGNATURE_MASKED(0, "\x30\x00\x00\x00", "\xf6\x00\xff\x00"),
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
