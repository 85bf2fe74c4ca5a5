/* SPDX-License-Identifier: MIT */
#include "support/packets.h"

#include <string.h>

void frame_add(struct frame *f, const void *bytes, size_t size)
{
    if (size && f->size + size <= FRAME_ROOM) {
        memcpy(f->bytes + f->size, bytes, size);
        f->size += (uint32_t)size;
    }
}

void frame_u8(struct frame *f, uint8_t value)
{
    frame_add(f, &value, 1);
}

void frame_u16(struct frame *f, uint16_t value)
{
    frame_u8(f, (uint8_t)(value >> 8));
    frame_u8(f, (uint8_t)value);
}

void frame_u32(struct frame *f, uint32_t value)
{
    frame_u16(f, (uint16_t)(value >> 16));
    frame_u16(f, (uint16_t)value);
}

void frame_begin(struct frame *f)
{
    f->size = 0;
    frame_add(f, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02", 12);
}

static void add_address(struct frame *f, const struct ends *ends, unsigned which)
{
    if (ends->is_v6)
        frame_add(f, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0", 12);
    frame_u32(f, ends->address[which]);
}

/* Of an IPv4 header, RFC 1071. */
static void add_checksum(uint8_t *header)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < 20; i += 2)
        sum += (uint32_t)header[i] << 8 | header[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16));
    header[10] = (uint8_t)(sum >> 8);
    header[11] = (uint8_t)sum;
}

static void add_ip(struct frame *f, const struct ends *ends, bool from_server, uint8_t ip_protocol,
                   size_t size)
{
    frame_u16(f, ends->is_v6 ? 0x86dd : 0x0800);
    if (ends->is_v6) {
        frame_u32(f, 0x60000000);
        frame_u16(f, (uint16_t)size);
        frame_u8(f, ip_protocol);
        frame_u8(f, 64);
    } else {
        frame_u16(f, 0x4500);
        frame_u16(f, (uint16_t)(size + 20));
        frame_u32(f, 0x00004000);
        frame_u8(f, 64);
        frame_u8(f, ip_protocol);
        frame_u16(f, 0);
    }
    uint32_t header = f->size - 12;
    add_address(f, ends, from_server);
    add_address(f, ends, !from_server);
    if (!ends->is_v6)
        add_checksum(f->bytes + header);
}

void build_ip(struct frame *f, const struct ends *ends, bool from_server, uint8_t ip_protocol,
              const void *payload, size_t size)
{
    frame_begin(f);
    add_ip(f, ends, from_server, ip_protocol, size);
    frame_add(f, payload, size);
}

void build_tcp(struct frame *f, const struct ends *ends, bool from_server, uint32_t sequence,
               uint8_t flags, const void *payload, size_t size)
{
    frame_begin(f);
    add_ip(f, ends, from_server, 6, size + 20);
    frame_u16(f, ends->port[from_server]);
    frame_u16(f, ends->port[!from_server]);
    frame_u32(f, sequence);
    frame_u32(f, 0);
    frame_u8(f, 5 << 4);
    frame_u8(f, flags);
    frame_u16(f, 65535);
    frame_u32(f, 0);
    frame_add(f, payload, size);
}

void build_udp(struct frame *f, const struct ends *ends, bool from_server, const void *payload,
               size_t size)
{
    frame_begin(f);
    add_ip(f, ends, from_server, 17, size + 8);
    frame_u16(f, ends->port[from_server]);
    frame_u16(f, ends->port[!from_server]);
    frame_u16(f, (uint16_t)(size + 8));
    frame_u16(f, 0);
    frame_add(f, payload, size);
}

struct cdpi_frame as_frame(const struct frame *f, uint64_t microseconds)
{
    return (struct cdpi_frame){.data = f->bytes,
                               .captured = f->size,
                               .length = f->size,
                               .time = microseconds * 1000,
                               .link_type = 1};
}
