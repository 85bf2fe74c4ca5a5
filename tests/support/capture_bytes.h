/* SPDX-License-Identifier: MIT */
/* Capture files made in memory: pcap's and pcapng's pieces, in either byte order. */
#ifndef CDPI_TESTS_CAPTURE_BYTES_H
#define CDPI_TESTS_CAPTURE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BYTES_MOST = 4 << 20 };

struct bytes {
    uint8_t *data;
    size_t size;
    bool big; /* byte order of what is put */
};

void put(struct bytes *b, const void *data, size_t size);
void put_number(struct bytes *b, uint64_t value, unsigned size);
void put16(struct bytes *b, uint32_t value);
void put32(struct bytes *b, uint32_t value);
struct bytes new_bytes(bool big);
/* The body of a block, one at a time. */
struct bytes new_body(bool big);
void put_pcap_header(struct bytes *b, uint32_t magic, uint32_t link_type);
void put_record(struct bytes *b, uint32_t seconds, uint32_t fraction, uint32_t captured,
                uint32_t length, const void *data);
/* A block around a body, with its padding. */
void put_block(struct bytes *b, uint32_t type, const struct bytes *body);
void put_section(struct bytes *b);
/* resolution < 0: no option; offset 0: no option */
void put_interface(struct bytes *b, uint16_t link_type, uint32_t snap_length, int resolution,
                   int64_t offset);
void put_packet(struct bytes *b, bool enhanced, uint32_t interface, uint64_t units,
                uint32_t captured, uint32_t length, const void *data);
void put_simple(struct bytes *b, uint32_t length, uint32_t captured, const void *data);
void put_other_block(struct bytes *b, uint32_t type, size_t size);

/* The same sequence in every run. */
uint32_t random_below(uint32_t n);
/* Packets of all sizes; some hold what looks like records of the same file. */
void random_file(struct bytes *b, bool pcapng);

#endif
