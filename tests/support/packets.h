/* SPDX-License-Identifier: MIT */
/* Builds frames: Ethernet, IPv4 or IPv6, TCP or UDP, with whatever a test wants inside. */
#ifndef CDPI_TESTS_PACKETS_H
#define CDPI_TESTS_PACKETS_H

#include <cdpi/cdpi.h>

enum { FRAME_ROOM = 2048 };

struct frame {
    uint8_t bytes[FRAME_ROOM];
    uint32_t size;
};

/* An endpoint pair; client first. */
struct ends {
    uint32_t address[2]; /* IPv4, or the last 32 bits of 2001:db8:: */
    uint16_t port[2];
    bool is_v6;
};

void frame_begin(struct frame *f); /* Ethernet header, type unset */
void frame_add(struct frame *f, const void *bytes, size_t size);
void frame_u8(struct frame *f, uint8_t value);
void frame_u16(struct frame *f, uint16_t value);
void frame_u32(struct frame *f, uint32_t value);

/* A whole frame. `from_server` turns the ends around. */
void build_tcp(struct frame *f, const struct ends *ends, bool from_server, uint32_t sequence,
               uint8_t flags, const void *payload, size_t size);
void build_udp(struct frame *f, const struct ends *ends, bool from_server, const void *payload,
               size_t size);
void build_ip(struct frame *f, const struct ends *ends, bool from_server, uint8_t ip_protocol,
              const void *payload, size_t size);

/* As a cdpi_frame of Ethernet at a time in microseconds. */
struct cdpi_frame as_frame(const struct frame *f, uint64_t microseconds);

#endif
