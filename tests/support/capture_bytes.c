/* SPDX-License-Identifier: MIT */
#include "support/capture_bytes.h"

#include <stdlib.h>
#include <string.h>

void put(struct bytes *b, const void *data, size_t size)
{
    if (b->size + size > BYTES_MOST)
        abort();
    if (size)
        memcpy(b->data + b->size, data, size);
    b->size += size;
}

void put_number(struct bytes *b, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(value >> 8 * (b->big ? size - 1 - i : i));
        put(b, &byte, 1);
    }
}

void put16(struct bytes *b, uint32_t value)
{
    put_number(b, value, 2);
}

void put32(struct bytes *b, uint32_t value)
{
    put_number(b, value, 4);
}

struct bytes new_bytes(bool big)
{
    struct bytes b = {malloc(BYTES_MOST), 0, big};
    if (!b.data)
        abort();
    return b;
}

struct bytes new_body(bool big)
{
    static uint8_t memory[1 << 20];
    return (struct bytes){memory, 0, big};
}

void put_pcap_header(struct bytes *b, uint32_t magic, uint32_t link_type)
{
    put32(b, magic);
    put16(b, 2);
    put16(b, 4);
    put32(b, 0);
    put32(b, 0);
    put32(b, 65535);
    put32(b, link_type);
}

void put_record(struct bytes *b, uint32_t seconds, uint32_t fraction, uint32_t captured,
                uint32_t length, const void *data)
{
    put32(b, seconds);
    put32(b, fraction);
    put32(b, captured);
    put32(b, length);
    put(b, data, captured);
}

void put_block(struct bytes *b, uint32_t type, const struct bytes *body)
{
    uint32_t padding = (uint32_t)((4 - body->size % 4) % 4);
    uint32_t length = (uint32_t)body->size + padding + 12;
    put32(b, type);
    put32(b, length);
    put(b, body->data, body->size);
    put(b, "\0\0\0", padding);
    put32(b, length);
}

void put_section(struct bytes *b)
{
    struct bytes body = new_body(b->big);
    put32(&body, 0x1a2b3c4d);
    put16(&body, 1);
    put16(&body, 0);
    put_number(&body, UINT64_MAX, 8);
    put_block(b, 0x0a0d0d0a, &body);
}

void put_interface(struct bytes *b, uint16_t link_type, uint32_t snap_length, int resolution,
                   int64_t offset)
{
    struct bytes body = new_body(b->big);
    put16(&body, link_type);
    put16(&body, 0);
    put32(&body, snap_length);
    put16(&body, 2); /* if_name, which is passed over */
    put16(&body, 3);
    put(&body, "eth\0", 4);
    if (resolution >= 0) {
        put16(&body, 9);
        put16(&body, 1);
        put_number(&body, (uint64_t)resolution, 1);
        put(&body, "\0\0\0", 3);
    }
    if (offset) {
        put16(&body, 14);
        put16(&body, 8);
        put_number(&body, (uint64_t)offset, 8);
    }
    put32(&body, 0);
    put_block(b, 1, &body);
}

void put_packet(struct bytes *b, bool enhanced, uint32_t interface, uint64_t units,
                uint32_t captured, uint32_t length, const void *data)
{
    struct bytes body = new_body(b->big);
    if (enhanced) {
        put32(&body, interface);
    } else {
        put16(&body, interface);
        put16(&body, 0xffff);
    }
    put32(&body, (uint32_t)(units >> 32));
    put32(&body, (uint32_t)units);
    put32(&body, captured);
    put32(&body, length);
    put(&body, data, captured);
    put_block(b, enhanced ? 6 : 2, &body);
}

void put_simple(struct bytes *b, uint32_t length, uint32_t captured, const void *data)
{
    struct bytes body = new_body(b->big);
    put32(&body, length);
    put(&body, data, captured);
    put_block(b, 3, &body);
}

void put_other_block(struct bytes *b, uint32_t type, size_t size)
{
    struct bytes body = new_body(b->big);
    memset(body.data, 6, size);
    body.size = size;
    put_block(b, type, &body);
}

/* ---- random files -------------------------------------------------------------------------- */

static uint64_t random_state = 88172645463325252u;

uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % n;
}

/* A payload; some hold what looks like records of the same file. */
static uint32_t random_payload(uint8_t *payload)
{
    uint32_t size = random_below(16) ? random_below(1600) : random_below(60000);
    bool hostile = random_below(3) == 0;
    struct bytes b = {payload, 0, false};
    while (hostile && b.size + 100 < size) {
        uint32_t inner = random_below(40);
        put_record(&b, 1600000000 + random_below(10), random_below(1000000), inner, inner,
                   "a payload that a reader may take for records");
    }
    while (b.size < size)
        payload[b.size++] = (uint8_t)random_below(256);
    return size;
}

void random_file(struct bytes *b, bool pcapng)
{
    static uint8_t payload[64 * 1024];
    uint32_t count = random_below(900);
    if (pcapng) {
        put_section(b);
        put_interface(b, 1, 0, -1, 0);
        put_interface(b, 101, 0, 9, 0);
    } else {
        put_pcap_header(b, 0xa1b2c3d4, 1);
    }
    for (uint32_t i = 0; i < count && b->size < BYTES_MOST - 200000; i++) {
        uint32_t size = random_payload(payload), time = 1600000000 + i / 64;
        if (!pcapng)
            put_record(b, time, i, size, size + random_below(2) * 100, payload);
        else if (random_below(12) == 0)
            put_other_block(b, 5, random_below(400));
        else
            put_packet(b, random_below(4) != 0, random_below(2), time * 1000000ull, size, size,
                       payload);
    }
}
