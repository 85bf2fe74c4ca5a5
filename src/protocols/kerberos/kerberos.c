/* SPDX-License-Identifier: MIT */
/*
 * Kerberos 5. A message is [APPLICATION n] SEQUENCE { pvno 5, message type n ... }, RFC 4120
 * section 5.4; its DER lengths must nest. Over TCP its size stands before it in four bytes
 * (section 7.2.2). Password changes (RFC 3244 section 2) wrap an AP-REQ or AP-REP in sizes of their
 * own.
 */
#include "framing/ber.h"
#include "protocols/protocol.h"

enum {
    APPLICATION = 0x60,
    AS_REQ = 10,
    TGS_REP = 13,
    AP_REQ = 14,
    AP_REP = 15,
    SAFE = 20,
    ERROR = 30,
    SIZE_LIMIT = 0x100000
};

static bool is_type(uint8_t type)
{
    return (type >= AS_REQ && type <= AP_REP) || (type >= SAFE && type <= 22) || type == ERROR;
}

/* Requests to the centre number their fields from 1, all else from 0. */
static uint8_t first_field(uint8_t type)
{
    return type == AS_REQ || type == 12 ? 0xa1 : 0xa0;
}

static bool field_is(struct cursor *c, uint8_t tag, uint32_t wanted)
{
    uint32_t length, value;
    if (!ber_enter(c, tag, &length) || (!c->ran_short && length != 3))
        return false;
    if (c->ran_short)
        return true;
    return ber_integer(c, &value) && (c->ran_short || value == wanted);
}

/* The message that ends at `*end` (0: it says where). */
static bool message(struct cursor *c, uint32_t *end)
{
    uint8_t tag = cursor_u8(c);
    uint8_t type = tag & 0x1f;
    uint32_t length;
    if (c->ran_short)
        return true;
    if ((tag & 0xe0) != APPLICATION || !is_type(type) || !ber_length(c, &length))
        return false;
    if (c->ran_short)
        return true;
    if (length > SIZE_LIMIT || (*end && c->at + length != *end))
        return false;
    *end = c->at + length;
    uint8_t field = first_field(type);
    return ber_enter_within(c, BER_SEQUENCE, end) && field_is(c, field, 5) &&
           field_is(c, field + 1, type);
}

/* Size of all, version (1, or 0xff80 of Microsoft's), size of the AP message; 0 with an error. */
static enum answer judge_password_change(struct inspection *in, struct cursor c, uint32_t size)
{
    uint16_t own = cursor_u16(&c), version = cursor_u16(&c), ticket = cursor_u16(&c);
    uint32_t end = c.at + ticket;
    if (c.ran_short)
        return short_of(in, &c);
    if (own != size || (version != 1 && version != 0xff80) || ticket + 6u >= size)
        return NO;
    if (ticket == 0)
        end = 0;
    if (!message(&c, &end))
        return NO;
    return c.ran_short ? short_of(in, &c) : yes(in, "password change", &c);
}

static enum answer judge_datagram(struct inspection *in, struct cursor c)
{
    struct cursor start = c;
    uint32_t end = 0;
    if (message(&c, &end)) {
        if (c.ran_short || (end > c.size && !is_cut(in, &c)))
            return NO;
        return end < c.size ? likely(in, "message and more", &c) : yes(in, "message", &c);
    }
    return is_cut(in, &c) ? NO : judge_password_change(in, start, start.size);
}

static enum answer judge_stream(struct inspection *in, struct cursor c)
{
    uint32_t size = cursor_u32(&c);
    uint32_t end = c.at + size;
    if (c.ran_short)
        return short_of(in, &c);
    if (size < 10 || size > SIZE_LIMIT)
        return NO;
    int next = cursor_peek(&c, 0);
    if (next >= 0 && (next & 0xe0) != APPLICATION)
        return judge_password_change(in, c, size);
    if (!message(&c, &end))
        return NO;
    if (c.ran_short) /* by then three lengths agree */
        return c.size >= 14 ? likely_at_end(in, "message", &c) : short_of(in, &c);
    return yes(in, "message", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    return is_udp(in) ? judge_datagram(in, c) : judge_stream(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

/* A SEQUENCE after lengths of one to four bytes; sizes that agree. */
static const struct signature signatures[] = {
    {.transports = OVER_UDP, .size = 3, .bytes = "\x60\0\x30", .mask = "\xe0\x80\xff"},
    {.transports = OVER_UDP, .size = 4, .bytes = "\x60\x81\0\x30", .mask = "\xe0\xff\0\xff"},
    {.transports = OVER_UDP, .size = 5, .bytes = "\x60\x82\0\0\x30", .mask = "\xe0\xff\0\0\xff"},
    {.transports = OVER_UDP,
     .size = 7,
     .bytes = "\x60\x84\0\0\0\0\x30",
     .mask = "\xe0\xff\0\0\0\0\xff"},
    {.transports = OVER_UDP,
     .offset = 2,
     .size = 2,
     .bytes = "\0\x01",
     .min_size = 20,
     .length = {.width = 2}},
    {.transports = OVER_UDP,
     .offset = 2,
     .size = 2,
     .bytes = "\xff\x80",
     .min_size = 20,
     .length = {.width = 2}},
    {.transports = OVER_TCP,
     .size = 7,
     .bytes = "\0\0\0\0\x60\0\x30",
     .mask = "\xff\xff\xff\0\xe0\x80\xff"},
    {.transports = OVER_TCP,
     .size = 8,
     .bytes = "\0\0\0\0\x60\x81\0\x30",
     .mask = "\xff\xff\0\0\xe0\xff\0\xff"},
    {.transports = OVER_TCP,
     .size = 9,
     .bytes = "\0\0\0\0\x60\x82\0\0\x30",
     .mask = "\xff\xff\0\0\xe0\xff\0\0\xff"},
    {.transports = OVER_TCP,
     .size = 10,
     .bytes = "\0\0\0\0\x60\x83\0\0\0\x30",
     .mask = "\xff\xe0\0\0\xe0\xff\0\0\0\xff"},
    {.transports = OVER_TCP,
     .size = 11,
     .bytes = "\0\0\0\0\x60\x84\0\0\0\0\x30",
     .mask = "\xff\xe0\0\0\xe0\xff\0\0\0\0\xff"},
    {.transports = OVER_TCP,
     .size = 8,
     .bytes = "\0\0\0\0\0\0\0\x01",
     .mask = "\xff\xff\0\0\0\0\xff\xff"},
    {.transports = OVER_TCP,
     .size = 8,
     .bytes = "\0\0\0\0\0\0\xff\x80",
     .mask = "\xff\xff\0\0\0\0\xff\xff"},
};

const struct cdpi_protocol cdpi_protocol_kerberos = {
    .name = "Kerberos",
    .reference = "RFC 4120 sections 5 and 7.2, RFC 3244",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_DIRECTORY,
    .tcp_ports = PORTS(88, 464),
    .udp_ports = PORTS(88, 464),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
