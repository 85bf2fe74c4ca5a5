/* SPDX-License-Identifier: MIT */
/*
 * SNMP. A SEQUENCE that begins with the version's INTEGER and fills its datagram:
 *
 *     0 (RFC 1157) or 1 (RFC 3416):  community OCTET STRING,
 *                                    PDU [n] { request, status, index, SEQUENCE OF ... }
 *     version 1's trap [4]:          OBJECT IDENTIFIER, address, two INTEGERs, time
 *     3 (RFC 3412 section 6):        SEQUENCE { id, largest size, flags, model },
 *                                    OCTET STRING ...
 *
 * Over TCP (RFC 3430) the same, one after the other.
 */
#include "framing/ber.h"
#include "protocols/protocol.h"

enum {
    FIRST_PDU = 0xa0,
    TRAP_V1 = 0xa4,
    LAST_PDU = 0xa8,
    IP_ADDRESS = 0x40,
    VERSION_2U = 2, /* RFC 1910, historic */
    VERSION_3 = 3,
    LAST_STATUS = 18,
    COMMUNITY_LIMIT = 1024
};

static bool is_trap(struct cursor *c)
{
    uint32_t length, generic;
    return ber_skip(c, BER_OID) &&
           (c->ran_short || (ber_enter(c, IP_ADDRESS, &length) && (c->ran_short || length == 4))) &&
           (c->ran_short || cursor_skip(c, 4)) &&
           (c->ran_short || (ber_integer(c, &generic) && generic <= 6));
}

static bool is_pdu(struct cursor *c)
{
    uint32_t request, status, index, length;
    return ber_integer(c, &request) && (c->ran_short || ber_integer(c, &status)) &&
           (c->ran_short || ber_integer(c, &index)) &&
           (c->ran_short || ber_enter(c, BER_SEQUENCE, &length));
}

/* A community is a word most of the time; what follows it is a PDU. Bytes past it may be broken:
 * test tools break them on purpose. */
static bool is_community_message(struct cursor *c, uint32_t end, bool *is_sound)
{
    uint32_t length;
    if (!ber_enter(c, BER_OCTETS, &length) || length > COMMUNITY_LIMIT)
        return false;
    cursor_skip(c, length);
    uint8_t type = cursor_u8(c);
    if (c->ran_short)
        return true;
    if (type < FIRST_PDU || type > LAST_PDU || !ber_length(c, &length))
        return false;
    if (c->ran_short)
        return true;
    struct cursor inside = *c;
    bool fits = type == TRAP_V1 ? is_trap(&inside) : is_pdu(&inside);
    *is_sound = c->at + length == end && fits;
    if (*is_sound)
        *c = inside;
    return c->at + length == end || fits;
}

/* RFC 3412 section 6: flags of one byte, three bits used; security models from 1. */
static bool is_version_3(struct cursor *c)
{
    uint32_t length, id, size, model;
    if (!ber_enter(c, BER_SEQUENCE, &length) || (!c->ran_short && (length < 10 || length > 24)))
        return false;
    if (!c->ran_short && !(ber_integer(c, &id) && (c->ran_short || ber_integer(c, &size))))
        return false;
    if (!c->ran_short && (!ber_enter(c, BER_OCTETS, &length) || (!c->ran_short && length != 1)))
        return false;
    uint8_t flags = cursor_u8(c);
    if (c->ran_short)
        return true;
    if (flags & 0xf8 || !ber_integer(c, &model) || (!c->ran_short && (model < 1 || size < 484)))
        return false;
    return c->ran_short || ber_enter(c, BER_OCTETS, &length);
}

static bool message(struct cursor *c, uint32_t *end, bool *is_sound)
{
    uint32_t version, length;
    if (!ber_enter(c, BER_SEQUENCE, &length))
        return false;
    *end = c->at + length;
    if (c->ran_short)
        return true;
    if (!ber_number(c, BER_INTEGER, &version))
        return false;
    if (c->ran_short)
        return true;
    if (version > VERSION_3 || length > 0x20000)
        return false;
    *is_sound = version != VERSION_2U;
    bool *fits = version == VERSION_2U ? &(bool){false} : is_sound;
    return version == VERSION_3 ? is_version_3(c) : is_community_message(c, *end, fits);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    uint32_t end = 0;
    bool is_sound = false;
    if (!message(&c, &end, &is_sound))
        return NO;
    if (c.ran_short)
        return is_cut(in, &c) && c.at > 8 && end > c.size ? likely(in, "cut message", &c)
                                                          : short_of(in, &c);
    bool fits = !is_udp(in) || fills_datagram(in, &c, end);
    if (!is_sound && !(is_udp(in) && fits))
        return NO;
    return fits && is_sound ? yes(in, "message", &c) : likely(in, "damaged message", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

/* SEQUENCE, a length of one to five bytes, INTEGER of one byte: 0, 1 or 3. */
static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x30\0\x02\x01\0", "\xff\x80\xff\xff\xfc"),
    SIGNATURE_MASKED(0, "\x30\x81\0\x02\x01\0", "\xff\xff\0\xff\xff\xfc"),
    SIGNATURE_MASKED(0, "\x30\x82\0\0\x02\x01\0", "\xff\xff\0\0\xff\xff\xfc"),
    SIGNATURE_MASKED(0, "\x30\x83\0\0\0\x02\x01\0", "\xff\xff\xff\0\0\xff\xff\xfc"),
    SIGNATURE_MASKED(0, "\x30\x84\0\0\0\0\x02\x01\0", "\xff\xff\xff\xff\0\0\xff\xff\xfc"),
};

const struct cdpi_protocol cdpi_protocol_snmp = {
    .name = "SNMP",
    .reference = "RFC 1157, RFC 3416, RFC 3412 section 6, RFC 3430",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_MANAGEMENT,
    .tcp_ports = PORTS(161, 162),
    .udp_ports = PORTS(161, 162),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
