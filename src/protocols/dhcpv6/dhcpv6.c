/* SPDX-License-Identifier: MIT */
/*
 * DHCPv6, RFC 8415 section 8: a message type, a transaction number of three bytes, options
 * (section 21.1: code, size, data) up to the end. Relays (section 9): type, hops, two addresses,
 * options. Every message but a few has a client's or server's identifier (section 21.2), whose kind
 * is known; a relay's message is in an option.
 */
#include "protocols/protocol.h"

enum {
    SOLICIT = 1,
    INFORMATION_REQUEST = 11,
    RELAY_FORWARD = 12,
    RELAY_REPLY = 13,
    LAST_TYPE = 36,
    CLIENT_ID = 1,
    SERVER_ID = 2,
    ELAPSED_TIME = 8,
    RELAY_MESSAGE = 9,
    LAST_OPTION = 160,
    HOP_LIMIT = 32
};

/* What the options gave. */
struct options {
    bool has_identifier, has_message, has_time;
    bool is_odd; /* a code that nobody assigned, or a last option that runs over the end */
    unsigned count;
};

/* Section 11.1: by time, by enterprise, by link, by UUID. */
static bool identifier_is_good(struct cursor data)
{
    uint16_t kind = cursor_u16(&data);
    return kind >= 1 && kind <= 4 && data.size <= 130 && cursor_left(&data) >= 4;
}

static bool walk_options(struct cursor *c, bool cut, struct options *found)
{
    while (cursor_left(c) > 0) {
        uint16_t code = cursor_u16(c), size = cursor_u16(c);
        if (!c->ran_short && (code == 0 || (code > LAST_OPTION && found->count == 0)))
            return false;
        found->is_odd |= code > LAST_OPTION;
        struct cursor data = cursor_take(c, size);
        if (c->ran_short) {
            found->is_odd |= !cut;
            return cut || found->count > 0;
        }
        if (code == CLIENT_ID || code == SERVER_ID) {
            if (!identifier_is_good(data))
                return false;
            found->has_identifier = true;
        }
        found->has_time |= code == ELAPSED_TIME && size == 2;
        found->count++;
        int inner = cursor_peek(&data, 0);
        found->has_message |= code == RELAY_MESSAGE && inner >= SOLICIT && inner <= LAST_TYPE;
    }
    return true;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct options found = {.count = 0};
    uint8_t type = cursor_u8(&c);
    bool is_relay = type == RELAY_FORWARD || type == RELAY_REPLY;
    if (type < SOLICIT || type > LAST_TYPE)
        return NO;
    if (is_relay) {
        uint8_t hops = cursor_u8(&c);
        cursor_skip(&c, 32);
        if (hops > HOP_LIMIT)
            return NO;
    } else {
        cursor_skip(&c, 3);
    }
    if (c.ran_short || !walk_options(&c, is_cut(in, &c), &found))
        return NO;
    if (found.is_odd)
        return found.has_identifier ? likely(in, "message with odd options", &c) : NO;
    if (is_relay ? found.has_message : found.has_identifier)
        return yes(in, is_relay ? "relayed message" : "message", &c);
    if (type == INFORMATION_REQUEST && found.has_time && found.count >= 2)
        return likely(in, "anonymous request", &c); /* section 18.2.6, RFC 7844 */
    return NO;
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

/* The first option's code; a relay's comes after two addresses. */
static const struct signature signatures[] = {
    {.size = 6, .bytes = "\0\0\0\0\0\0", .mask = "\xc0\0\0\0\xff\0", .min_size = 14},
    {.size = 2, .bytes = "\x0c\0", .mask = "\xfe\xc0", .min_size = 38},
};

const struct cdpi_protocol cdpi_protocol_dhcpv6 = {
    .name = "DHCPv6",
    .reference = "RFC 8415 sections 8, 9 and 21",
    .transports = OVER_UDP,
    .category = CATEGORY_NETWORK,
    .is_one_sided = true,
    .udp_ports = PORTS(547, 546),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
