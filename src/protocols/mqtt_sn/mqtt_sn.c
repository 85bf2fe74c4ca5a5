/* SPDX-License-Identifier: MIT */
/*
 * MQTT-SN, MQTT for Sensor Networks 1.2 section 5: size(1), or 01 size(2), type(1), content. The
 * size is the datagram's. Few of its messages tell much alone; they add up over the flow.
 */
#include "protocols/protocol.h"

enum { LONG = 1, CONNECT = 4, PROTOCOL_ID = 1, REGISTER = 0x0a, PUBLISH = 0x0c, MESSAGES = 8 };

/* Content's size by type: section 5.4; 255 for any, 0x80 and that many at the least. */
static unsigned weigh_size(uint8_t type, uint32_t size)
{
    switch (type) {
    case 0x00: /* advertise */
        return size == 3 ? 14 : 0;
    case 0x01: /* search for a gateway */
        return size == 1 ? 14 : 0;
    case 0x05: /* connected */
        return size == 1 ? 14 : 0;
    case 0x06: /* requests for will, ping's answer */
    case 0x08:
    case 0x17:
        return size == 0 ? 14 : 0;
    case 0x0b: /* registered */
    case 0x0d: /* published */
        return size == 5 ? 14 : 0;
    case 0x0e: /* publish's further steps, unsubscribed */
    case 0x0f:
    case 0x10:
    case 0x15:
        return size == 2 ? 14 : 0;
    case 0x13: /* subscribed */
        return size == 6 ? 14 : 0;
    case 0x18: /* disconnect */
        return size == 0 || size == 2 ? 13 : 0;
    case CONNECT:
    case REGISTER:
        return size >= 5 ? 8 : 0;
    case PUBLISH:
    case 0x12: /* subscribe, unsubscribe */
    case 0x14:
        return size >= 5 ? 8 : 0;
    default:
        return 0;
    }
}

static unsigned weigh_text(struct cursor c)
{
    unsigned bits = 0;
    while (!cursor_at_end(&c)) {
        uint8_t byte = cursor_u8(&c);
        if (byte <= ' ' || byte > '~')
            return 0;
        bits++;
    }
    return bits < 24 ? bits : 24;
}

/* 0 where it is none. */
static unsigned weigh(struct cursor c, bool cut)
{
    uint32_t size = cursor_u8(&c), bits = 8;
    if (size == LONG) {
        size = cursor_u16(&c);
        bits = 16;
    }
    if (size != c.size || cut)
        return 0;
    uint8_t type = cursor_u8(&c);
    if (c.ran_short)
        return 0;
    unsigned more = weigh_size(type, cursor_left(&c));
    if (more == 0)
        return 0;
    if (type == CONNECT) { /* flags, protocol, duration, client's id */
        uint8_t flags = cursor_u8(&c), protocol = cursor_u8(&c);
        cursor_skip(&c, 2);
        return flags & 0xf3 || protocol != PROTOCOL_ID ? 0 : bits + 22 + weigh_text(c);
    }
    if (type == REGISTER) { /* topic, message, name */
        cursor_skip(&c, 4);
        unsigned name = weigh_text(c);
        return name ? bits + more + name : 0;
    }
    return bits + more;
}

/* Every datagram that is kept must be one; a flow of one kind only counts once. */
static enum answer validate(struct inspection *in)
{
    unsigned bits = 0;
    bool is_strong = false;
    for (uint32_t i = 0; i < in->datagram_count && i < MESSAGES; i++) {
        unsigned worth = weigh(inspection_datagram(in, i), in->datagrams[i].cut);
        if (worth == 0)
            return NO;
        is_strong |= worth > 32;
        bits += worth;
    }
    const struct cursor *c = in->client.size ? &in->client : &in->server;
    if (!is_strong) /* counted sizes alone: no more than likely */
        return bits >= 3 * BITS_FOR_LIKELY && both_spoke(in) ? likely(in, "messages", c) : MORE;
    return answer_by_bits(in, bits, "messages", c);
}

static const struct signature signatures[] = {
    {.size = 2, .bytes = "\0\0", .mask = "\0\xe0", .length = {.width = 1}},
    {.size = 4,
     .bytes = "\x01\0\0\0",
     .mask = "\xff\xf0\0\xe0",
     .length = {.width = 2, .offset = 1}},
};

const struct cdpi_protocol cdpi_protocol_mqtt_sn = {
    .name = "MQTT-SN",
    .reference = "MQTT For Sensor Networks 1.2 section 5",
    .transports = OVER_UDP,
    .category = CATEGORY_IOT,
    .udp_ports = PORTS(1883, 10000),
    SIGNATURES(signatures),
    .validate = validate,
};
