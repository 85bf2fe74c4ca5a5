/* SPDX-License-Identifier: MIT */
/*
 * pcap: draft-ietf-opsawg-pcap. A header of 24 bytes, then records:
 *
 *     seconds(4) fraction(4) captured(4) length(4) bytes
 *
 * pcapng: draft-ietf-opsawg-pcapng. Blocks: type(4) length(4) body length(4), in sections of one
 * byte order each, which describe their interfaces (link type, time resolution) before they use
 * them.
 */
#include "capture/format.h"

#include <string.h>

#define MAGIC_MICRO 0xa1b2c3d4u
#define MAGIC_NANO 0xa1b23c4du
enum { PCAP_HEADER = 24, RECORD_HEADER = 16 };
enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_OLD_PACKET = 2,
    BLOCK_SIMPLE = 3,
    BLOCK_ENHANCED = 6,
    ORDER_MAGIC = 0x1a2b3c4d
};
enum { OPTION_END = 0, OPTION_RESOLUTION = 9, OPTION_OFFSET = 14 };
#define BILLION 1000000000ull

static uint16_t read16(const struct format *f, const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, at, 2);
    return f->is_swapped ? __builtin_bswap16(value) : value;
}

static enum parsed broken(struct format *f, const char *why)
{
    f->why = why;
    return PARSED_BROKEN;
}

static enum parsed wants(struct record *r, size_t need)
{
    r->need = need;
    return PARSED_SHORT;
}

static uint64_t to_nanoseconds(uint64_t ticks, const struct interface_info *i)
{
    uint64_t seconds = ticks / i->ticks, rest = ticks % i->ticks;
    if (i->ticks <= BILLION)
        rest = rest * (BILLION / i->ticks) + rest * (BILLION % i->ticks) / i->ticks;
    else
        rest = rest / (i->ticks / BILLION);
    return (seconds + (uint64_t)i->offset) * BILLION + rest;
}

/* ---- classic pcap ------------------------------------------------------------------------ */

static enum parsed parse_pcap_header(struct format *f, const uint8_t *data, size_t size,
                                     struct record *r)
{
    if (size < PCAP_HEADER)
        return wants(r, PCAP_HEADER);
    f->link_type = format_u32(f, data + 20) & 0xffff; /* the rest tells about the FCS */
    f->is_known = true;
    r->used = PCAP_HEADER;
    return PARSED_OTHER;
}

static enum parsed parse_pcap_record(struct format *f, const uint8_t *data, size_t size,
                                     struct record *r)
{
    if (size < RECORD_HEADER)
        return wants(r, RECORD_HEADER);
    uint32_t captured = format_u32(f, data + 8), length = format_u32(f, data + 12);
    if (captured > MOST_CAPTURED)
        return broken(f, "a record of more than 256 KiB");
    if (size - RECORD_HEADER < captured)
        return wants(r, RECORD_HEADER + captured);
    r->used = RECORD_HEADER + captured;
    r->frame = (struct cdpi_frame){.data = data + RECORD_HEADER,
                                   .captured = captured,
                                   .length = length < captured ? captured : length,
                                   .time = format_u32(f, data) * BILLION +
                                           format_u32(f, data + 4) * (BILLION / f->ticks),
                                   .link_type = f->link_type};
    return PARSED_FRAME;
}

/* ---- pcapng ------------------------------------------------------------------------------ */

/* RFC-to-be, section 4.2: options are code(2) length(2) value, padded to four. */
static void read_interface_options(const struct format *f, const uint8_t *at, size_t size,
                                   struct interface_info *i)
{
    while (size >= 4) {
        uint16_t code = read16(f, at), length = read16(f, at + 2);
        size_t padded = 4 + ((length + 3u) & ~3u);
        if (code == OPTION_END || padded > size)
            return;
        if (code == OPTION_RESOLUTION && length == 1) {
            unsigned power = at[4] & 0x7f;
            i->ticks = 1;
            for (unsigned k = 0; k < power && i->ticks < BILLION * BILLION / 10; k++)
                i->ticks *= at[4] & 0x80 ? 2 : 10;
        } else if (code == OPTION_OFFSET && length == 8) {
            uint64_t value;
            memcpy(&value, at + 4, 8);
            i->offset = (int64_t)(f->is_swapped ? __builtin_bswap64(value) : value);
        }
        at += padded;
        size -= padded;
    }
}

static enum parsed add_interface(struct format *f, const uint8_t *body, size_t size)
{
    if (size < 8)
        return broken(f, "an interface description that is too short");
    if (f->interface_count == MAX_INTERFACES)
        return broken(f, "more than 256 interfaces in one section");
    struct interface_info *i = &f->interfaces[f->interface_count++];
    *i = (struct interface_info){.link_type = read16(f, body), .ticks = 1000000};
    read_interface_options(f, body + 8, size - 8, i);
    return PARSED_OTHER;
}

/* The bytes of a packet within its block; `fixed` bytes of fields before them. */
static enum parsed take_packet(struct format *f, struct record *r, const uint8_t *body, size_t size,
                               size_t fixed, uint32_t interface, uint32_t captured, uint32_t length,
                               uint64_t ticks)
{
    if (interface >= f->interface_count)
        return broken(f, "a packet of an interface that is not described");
    if (captured > size - fixed)
        return broken(f, "a packet that is longer than its block");
    const struct interface_info *i = &f->interfaces[interface];
    r->frame = (struct cdpi_frame){.data = body + fixed,
                                   .captured = captured,
                                   .length = length < captured ? captured : length,
                                   .time = to_nanoseconds(ticks, i),
                                   .link_type = i->link_type};
    return PARSED_FRAME;
}

static enum parsed parse_packet_block(struct format *f, struct record *r, uint32_t type,
                                      const uint8_t *body, size_t size)
{
    if (type == BLOCK_SIMPLE) { /* section 4.4: of the first interface, without a time */
        if (size < 4)
            return broken(f, "a simple packet block that is too short");
        uint32_t length = format_u32(f, body);
        uint32_t captured = length < size - 4 ? length : (uint32_t)(size - 4);
        return take_packet(f, r, body, size, 4, 0, captured, length, 0);
    }
    if (size < 20)
        return broken(f, "a packet block that is too short");
    uint32_t interface = type == BLOCK_ENHANCED ? format_u32(f, body) : read16(f, body);
    uint64_t ticks = (uint64_t)format_u32(f, body + 4) << 32 | format_u32(f, body + 8);
    return take_packet(f, r, body, size, 20, interface, format_u32(f, body + 12),
                       format_u32(f, body + 16), ticks);
}

/* Section 4.1: the byte order of what follows; interfaces begin anew. */
static bool begin_section(struct format *f, const uint8_t *data)
{
    uint32_t magic;
    memcpy(&magic, data + 8, 4);
    f->is_swapped = magic == __builtin_bswap32(ORDER_MAGIC);
    f->interface_count = 0;
    return f->is_swapped || magic == ORDER_MAGIC;
}

static enum parsed parse_block(struct format *f, const uint8_t *data, size_t size, struct record *r)
{
    if (size < 12)
        return wants(r, 12);
    uint32_t type = format_u32(f, data);
    if (type == BLOCK_SECTION && !begin_section(f, data))
        return broken(f, "a section of unknown byte order");
    uint32_t length = format_u32(f, data + 4);
    if (length < 12 || length % 4 || length > MOST_BLOCK)
        return broken(f, "a block of impossible length");
    if (size < length)
        return wants(r, length);
    if (format_u32(f, data + length - 4) != length)
        return broken(f, "a block whose lengths disagree");
    r->used = length;
    const uint8_t *body = data + 8;
    switch (type) {
    case BLOCK_INTERFACE:
        return add_interface(f, body, length - 12);
    case BLOCK_ENHANCED:
    case BLOCK_OLD_PACKET:
    case BLOCK_SIMPLE:
        return parse_packet_block(f, r, type, body, length - 12);
    default:
        return PARSED_OTHER;
    }
}

/* ---- which it is ------------------------------------------------------------------------- */

static enum parsed recognise(struct format *f, const uint8_t *data, size_t size, struct record *r)
{
    uint32_t magic;
    if (size < 4)
        return wants(r, 4);
    memcpy(&magic, data, 4);
    if (magic == BLOCK_SECTION) {
        f->is_known = f->is_pcapng = true;
        return parse_block(f, data, size, r);
    }
    f->is_swapped =
        magic == __builtin_bswap32(MAGIC_MICRO) || magic == __builtin_bswap32(MAGIC_NANO);
    if (f->is_swapped)
        magic = __builtin_bswap32(magic);
    if (magic != MAGIC_MICRO && magic != MAGIC_NANO)
        return PARSED_UNKNOWN;
    f->ticks = magic == MAGIC_NANO ? BILLION : 1000000;
    return parse_pcap_header(f, data, size, r);
}

enum parsed format_parse(struct format *f, const uint8_t *data, size_t size, struct record *r)
{
    if (!f->is_known)
        return recognise(f, data, size, r);
    return f->is_pcapng ? parse_block(f, data, size, r) : parse_pcap_record(f, data, size, r);
}
