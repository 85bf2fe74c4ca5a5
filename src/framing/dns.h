/* SPDX-License-Identifier: MIT */
/*
 * The walk through a DNS message, RFC 1035 section 4: header, questions, resource records. NetBIOS
 * names (RFC 1002 section 4.2) travel in the same messages; the walk tells theirs.
 *
 *     id(2) flags(2) questions(2) answers(2) authorities(2) additionals(2)
 *     question: name type(2) class(2)
 *     record:   name type(2) class(2) ttl(4) length(2) data
 */
#ifndef CDPI_FRAMING_DNS_H
#define CDPI_FRAMING_DNS_H

#include "core/cursor.h"

enum {
    DNS_HEADER = 12,
    DNS_NAME_LIMIT = 255,
    DNS_IS_RESPONSE = 0x8000,
    DNS_IS_CUT = 0x0200, /* TC */
    DNS_RECURSION_AVAILABLE = 0x0080,
    DNS_RESERVED = 0x0040,
    DNS_TYPE_A = 1,
    DNS_TYPE_AAAA = 28,
    DNS_TYPE_OPT = 41,
    NETBIOS_LABEL = 32
};

enum dns_walk {
    DNS_BROKEN, /* not a DNS message */
    DNS_SHORT,  /* good as far as it goes, then the bytes end */
    DNS_WHOLE   /* all that the header counts is there */
};

struct dns_message {
    uint16_t id, flags;
    uint16_t count[4];  /* questions, answers, authorities, additionals */
    uint16_t questions; /* how many were read */
    uint32_t questions_end;
    uint16_t records;
    uint16_t type, class;    /* of the first question or record */
    uint8_t netbios_letters; /* how many letters of an encoded NetBIOS name its first label has; 32
                              * is such a name */
};

static inline unsigned dns_opcode(const struct dns_message *m)
{
    return m->flags >> 11 & 15;
}

static inline bool dns_is_response(const struct dns_message *m)
{
    return m->flags & DNS_IS_RESPONSE;
}

static inline void dns_header(struct cursor *c, struct dns_message *m)
{
    *m = (struct dns_message){0};
    if (cursor_left(c) < DNS_HEADER) {
        m->id = cursor_u16(c);
        m->flags = cursor_u16(c);
        for (unsigned i = 0; i < 4; i++)
            m->count[i] = cursor_u16(c);
        return;
    }
    uint64_t first = cursor_u64(c);
    uint32_t last = cursor_u32(c);
    m->id = (uint16_t)(first >> 48);
    m->flags = (uint16_t)(first >> 32);
    m->count[0] = (uint16_t)(first >> 16);
    m->count[1] = (uint16_t)first;
    m->count[2] = (uint16_t)(last >> 16);
    m->count[3] = (uint16_t)last;
}

/* RFC 1001 section 14.1: each half of a byte as a letter from 'A' to 'P'; how many of 32 are. */
static inline uint8_t dns_netbios_letters(struct cursor label)
{
    unsigned letters = 0;
    if (label.size != NETBIOS_LABEL)
        return 0;
    for (uint32_t i = 0; i < NETBIOS_LABEL; i++) {
        uint8_t letter = cursor_u8(&label);
        letters += letter >= 'A' && letter <= 'P';
    }
    return (uint8_t)letters;
}

/* RFC 952's letters, and the underscore of RFC 8552. */
static inline bool dns_has_host_letters(struct cursor label)
{
    static const uint8_t set[32] = {
        [5] = 0x20,  [6] = 0xff,  [7] = 0x03,  [8] = 0xfe,  [9] = 0xff, [10] = 0xff,
        [11] = 0x87, [12] = 0xfe, [13] = 0xff, [14] = 0xff, [15] = 0x07};
    const uint8_t *at = cursor_bytes(&label, cursor_left(&label));
    for (const uint8_t *end = at + label.size; at < end; at++) {
        if (!(set[*at / 8] >> *at % 8 & 1))
            return false;
    }
    return true;
}

/* RFC 1035 section 4.1.4: labels up to the root or to a pointer, which goes back. */
static inline bool dns_name(struct cursor *name, uint32_t message)
{
    struct cursor c = *name; /* a copy that stays in registers */
    uint32_t began = c.at, length = 0;
    bool is_sound = true;
    for (uint8_t size = cursor_u8(&c); size > 0; size = cursor_u8(&c)) {
        if (size >= 0xc0) {
            uint32_t target = (size & 0x3fu) << 8 | cursor_u8(&c);
            is_sound = c.ran_short || (target >= DNS_HEADER && target < began - message + length);
            break;
        }
        length += size + 1u;
        if (size > 63 || length >= DNS_NAME_LIMIT) {
            is_sound = false;
            break;
        }
        if (!cursor_skip(&c, size))
            cursor_skip(&c, cursor_left(&c)); /* short: what follows is short too */
    }
    *name = c;
    return is_sound;
}

static inline uint8_t dns_first_netbios_letters(struct cursor name)
{
    uint8_t size = cursor_u8(&name);
    return size == NETBIOS_LABEL ? dns_netbios_letters(cursor_take(&name, size)) : 0;
}

/* Two labels at least, of letters, digits, '-' and '_', in a sound name. */
static inline bool dns_is_host_name(struct cursor name)
{
    unsigned labels = 0;
    for (uint8_t size = cursor_u8(&name); size > 0 && size <= 63; size = cursor_u8(&name)) {
        if (!dns_has_host_letters(cursor_take(&name, size)))
            return false;
        labels++;
    }
    return labels >= 2;
}

/* IN, CH, HS, NONE, ANY; mDNS sets the top bit (RFC 6762 sections 5.4 and 10.2). */
static inline bool dns_class_is_known(uint16_t class)
{
    class &= 0x7fff;
    return class == 1 || class == 3 || class == 4 || class == 254 || class == 255;
}

/* Types that are assigned (RFC 6895) end at 261; 32768 and on are DLV, TA and private use. */
static inline bool dns_type_is_known(uint16_t type)
{
    return (type != 0 && type < 512) || type >= 32768;
}

static inline void dns_note_first(struct dns_message *m, uint16_t type, uint16_t class,
                                  struct cursor begin)
{
    if (m->questions + m->records > 0)
        return;
    m->type = type;
    m->class = class;
    m->netbios_letters = dns_first_netbios_letters(begin);
}

static inline bool dns_question(struct cursor *c, uint32_t message, struct dns_message *m)
{
    struct cursor begin = *c;
    if (!dns_name(c, message))
        return false;
    uint16_t type = cursor_u16(c), class = cursor_u16(c);
    if (c->ran_short)
        return true;
    dns_note_first(m, type, class, begin);
    m->questions++;
    m->questions_end = c->at;
    return dns_type_is_known(type) && dns_class_is_known(class);
}

static inline bool dns_data_fits(uint16_t type, uint16_t size)
{
    if (type == DNS_TYPE_A)
        return size == 4 || size == 0; /* 0: an update's, RFC 2136 section 2.4 */
    if (type == DNS_TYPE_AAAA)
        return size == 16 || size == 0;
    return true;
}

static inline bool dns_record(struct cursor *c, uint32_t message, struct dns_message *m)
{
    struct cursor begin = *c;
    if (!dns_name(c, message))
        return false;
    uint16_t type = cursor_u16(c), class = cursor_u16(c);
    cursor_skip(c, 4);
    uint16_t size = cursor_u16(c);
    if (c->ran_short)
        return true;
    if (!dns_type_is_known(type) || !dns_data_fits(type, size))
        return false;
    if (type != DNS_TYPE_OPT &&
        !dns_class_is_known(class)) /* OPT: a size, RFC 6891 section 6.1.2 */
        return false;
    if (!cursor_skip(c, size))
        return true;
    dns_note_first(m, type, class, begin);
    m->records++;
    return true;
}

/* Reads a message from its header on, as far as the bytes go. */
static inline enum dns_walk dns_walk(struct cursor *c, struct dns_message *m)
{
    uint32_t message = c->at;
    dns_header(c, m);
    if (c->ran_short)
        return DNS_SHORT;
    for (uint32_t i = 0; i < m->count[0] && !c->ran_short; i++) {
        if (!dns_question(c, message, m))
            return DNS_BROKEN;
    }
    uint32_t records = (uint32_t)m->count[1] + m->count[2] + m->count[3];
    for (uint32_t i = 0; i < records && !c->ran_short; i++) {
        if (!dns_record(c, message, m))
            return DNS_BROKEN;
    }
    return c->ran_short ? DNS_SHORT : DNS_WHOLE;
}

#endif
