/* SPDX-License-Identifier: MIT */
/*
 * The file formats: classic pcap and pcapng. A parser sees bytes and takes one record at a time;
 * where they come from, and whether more will come, is not its business.
 */
#ifndef CDPI_CAPTURE_FORMAT_H
#define CDPI_CAPTURE_FORMAT_H

#include <cdpi/cdpi.h>

enum { MOST_CAPTURED = 256 * 1024, MOST_BLOCK = 16 * 1024 * 1024, MAX_INTERFACES = 256 };

enum parsed {
    PARSED_FRAME,  /* a frame, `used` bytes */
    PARSED_OTHER,  /* something else, `used` bytes */
    PARSED_SHORT,  /* `need` bytes in all are wanted */
    PARSED_BROKEN, /* it contradicts itself; `why` says how */
    PARSED_UNKNOWN /* not a format that we know */
};

struct interface_info {
    uint32_t link_type;
    uint64_t ticks; /* time stamp units a second */
    int64_t offset; /* seconds to add */
};

struct format {
    bool is_known, is_pcapng, is_swapped;
    uint64_t ticks;     /* classic: units a second */
    uint32_t link_type; /* classic */
    uint32_t interface_count;
    struct interface_info interfaces[MAX_INTERFACES];
    const char *why;
};

struct record {
    size_t used, need;
    struct cdpi_frame frame;
};

/* The next record, the file header included. */
enum parsed format_parse(struct format *format, const uint8_t *data, size_t size,
                         struct record *record);

/* Classic pcap only: the record at data, its 16 header bytes being there. False: it cannot be one.
 */
static inline uint32_t format_u32(const struct format *format, const uint8_t *at)
{
    uint32_t value;
    __builtin_memcpy(&value, at, 4);
    return format->is_swapped ? __builtin_bswap32(value) : value;
}

#endif
