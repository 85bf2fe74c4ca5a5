/* SPDX-License-Identifier: MIT */
/*
 * The two formats. Each gives the frames that lie whole in the source's window; they stay valid
 * until the next call. None at all: the end, or failure says why.
 */
#ifndef CDPI_CAPTURE_FORMATS_H
#define CDPI_CAPTURE_FORMATS_H

#include "capture/source.h"
#include "core/cursor.h"

/* libpcap's bound on a snapshot length; every tool writes within it. */
enum { CAPTURED_MOST = 256 * 1024 };

/* Classic pcap. */
struct pcap_file {
    bool swapped;         /* fields are big-endian */
    uint32_t header_size; /* of a record: 16, or 24 in the modified format */
    uint32_t fraction;    /* nanoseconds of one unit of the second field */
    uint32_t link_type;
    uint64_t packets;
};
bool pcap_file_is(const uint8_t magic[4]);
bool pcap_file_open(struct pcap_file *file, struct source *source, struct failure *failure);
size_t pcap_file_next(struct pcap_file *file, struct source *source, struct cdpi_frame *frames,
                      size_t room, struct failure *failure);

/* pcapng. */
struct pcapng_interface {
    uint32_t link_type, snap_length; /* 0: no limit */
    uint8_t resolution;              /* as in if_tsresol */
    uint64_t offset;                 /* nanoseconds to add; two's complement */
};
struct pcapng_file {
    bool swapped, in_section;
    uint32_t interfaces, interfaces_room;
    struct pcapng_interface *interface;
    uint32_t skip;   /* bytes of a block still to pass over; its length field follows when not 0 */
    uint32_t length; /* of that block */
    uint64_t packets, last_time;
};
bool pcapng_file_is(const uint8_t magic[4]);
bool pcapng_file_open(struct pcapng_file *file, struct source *source, struct failure *failure);
size_t pcapng_file_next(struct pcapng_file *file, struct source *source, struct cdpi_frame *frames,
                        size_t room, struct failure *failure);
void pcapng_file_close(struct pcapng_file *file);

/* The source has no more: a plain end, the source's own trouble, or a cut in the middle of
 * `what`. */
void judge_end(const struct source *source, const char *what, struct failure *failure);

static inline uint16_t read_u16(struct cursor *c, bool swapped)
{
    return swapped ? cursor_u16(c) : cursor_le16(c);
}

static inline uint32_t read_u32(struct cursor *c, bool swapped)
{
    return swapped ? cursor_u32(c) : cursor_le32(c);
}

#endif
