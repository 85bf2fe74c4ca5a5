/* SPDX-License-Identifier: MIT */
/* The capture reader: every format, every error, streams, compression, files that change, and
 * random files held against a second, plain reader. */
#define _DEFAULT_SOURCE
#include <cdpi/capture.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef CDPI_HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef CDPI_HAVE_ZSTD
#include <zstd.h>
#endif

#include "capture/inside.h"
#include "support/check.h"

enum { FRAMES_MOST = 8192, BYTES_MOST = 4 << 20 };

/* ---- bytes in the making
 * ------------------------------------------------------------------------------ */

struct bytes {
    uint8_t *data;
    size_t size;
    bool big; /* byte order of what is put */
};

static void put(struct bytes *b, const void *data, size_t size)
{
    if (b->size + size > BYTES_MOST)
        abort();
    if (size)
        memcpy(b->data + b->size, data, size);
    b->size += size;
}

static void put_number(struct bytes *b, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(value >> 8 * (b->big ? size - 1 - i : i));
        put(b, &byte, 1);
    }
}

static void put16(struct bytes *b, uint32_t value)
{
    put_number(b, value, 2);
}

static void put32(struct bytes *b, uint32_t value)
{
    put_number(b, value, 4);
}

static struct bytes new_bytes(bool big)
{
    struct bytes b = {malloc(BYTES_MOST), 0, big};
    if (!b.data)
        abort();
    return b;
}

/* The body of a block, one at a time. */
static struct bytes new_body(bool big)
{
    static uint8_t memory[1 << 20];
    return (struct bytes){memory, 0, big};
}

static void put_pcap_header(struct bytes *b, uint32_t magic, uint32_t link_type)
{
    put32(b, magic);
    put16(b, 2);
    put16(b, 4);
    put32(b, 0);
    put32(b, 0);
    put32(b, 65535);
    put32(b, link_type);
}

static void put_record(struct bytes *b, uint32_t seconds, uint32_t fraction, uint32_t captured,
                       uint32_t length, const void *data)
{
    put32(b, seconds);
    put32(b, fraction);
    put32(b, captured);
    put32(b, length);
    put(b, data, captured);
}

/* A block around a body, with its padding. */
static void put_block(struct bytes *b, uint32_t type, const struct bytes *body)
{
    uint32_t padding = (uint32_t)((4 - body->size % 4) % 4);
    uint32_t length = (uint32_t)body->size + padding + 12;
    put32(b, type);
    put32(b, length);
    put(b, body->data, body->size);
    put(b, "\0\0\0", padding);
    put32(b, length);
}

static void put_section(struct bytes *b)
{
    struct bytes body = new_body(b->big);
    put32(&body, 0x1a2b3c4d);
    put16(&body, 1);
    put16(&body, 0);
    put_number(&body, UINT64_MAX, 8);
    put_block(b, 0x0a0d0d0a, &body);
}

/* resolution < 0: no option; offset 0: no option */
static void put_interface(struct bytes *b, uint16_t link_type, uint32_t snap_length, int resolution,
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

static void put_packet(struct bytes *b, bool enhanced, uint32_t interface, uint64_t units,
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

static void put_simple(struct bytes *b, uint32_t length, uint32_t captured, const void *data)
{
    struct bytes body = new_body(b->big);
    put32(&body, length);
    put(&body, data, captured);
    put_block(b, 3, &body);
}

static void put_other_block(struct bytes *b, uint32_t type, size_t size)
{
    struct bytes body = new_body(b->big);
    memset(body.data, 6, size);
    body.size = size;
    put_block(b, type, &body);
}

/* ---- what was read
 * --------------------------------------------------------------------------------------- */

struct seen {
    enum cdpi_status status; /* of the open, if that failed, else of the last next */
    struct cdpi_error error;
    bool opened;
    size_t count;
    struct cdpi_frame frames[FRAMES_MOST]; /* data: into copy */
    uint8_t copy[BYTES_MOST];
    size_t used;
};
static struct seen seen, other;

static void keep(struct seen *s, const struct cdpi_frame *frame)
{
    if (s->count == FRAMES_MOST || s->used + frame->captured > BYTES_MOST)
        abort();
    memcpy(s->copy + s->used, frame->data, frame->captured);
    s->frames[s->count] = *frame;
    s->frames[s->count++].data = s->copy + s->used;
    s->used += frame->captured;
}

static void read_all(struct seen *s, struct cdpi_capture *capture, size_t room)
{
    struct cdpi_frame frames[64];
    size_t count;
    s->opened = true;
    while ((s->status = cdpi_capture_next(capture, frames, room, &count, &s->error)) == CDPI_OK) {
        for (size_t i = 0; i < count; i++)
            keep(s, &frames[i]);
    }
    CHECK(count == 0);
    CHECK(cdpi_capture_next(capture, frames, room, &count, NULL) == s->status);
    cdpi_capture_close(capture);
}

static void clear(struct seen *s)
{
    s->status = CDPI_OK;
    s->error.text[0] = '\0';
    s->opened = false;
    s->count = s->used = 0;
}

static void read_memory(struct seen *s, const struct bytes *b, size_t chunk, size_t room)
{
    struct cdpi_capture *capture;
    clear(s);
    s->status = capture_open_memory(b->data, b->size, chunk, NULL, &capture, &s->error);
    if (s->status == CDPI_OK)
        read_all(s, capture, room);
    else
        CHECK(capture == NULL);
}

static void read_path(struct seen *s, const char *path, const char *filter)
{
    struct cdpi_capture_options options = {.struct_size = sizeof options, .filter = filter};
    struct cdpi_capture *capture;
    clear(s);
    s->status = cdpi_capture_open(path, &options, &capture, &s->error);
    if (s->status == CDPI_OK)
        read_all(s, capture, 64);
    else
        CHECK(capture == NULL);
}

static bool same_frames(const struct seen *a, const struct seen *b)
{
    if (a->count != b->count || a->used != b->used || memcmp(a->copy, b->copy, a->used) != 0)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct cdpi_frame *f = &a->frames[i], *g = &b->frames[i];
        if (f->captured != g->captured || f->length != g->length || f->time != g->time ||
            f->link_type != g->link_type)
            return false;
    }
    return true;
}

static bool frame_is(size_t i, uint64_t time, uint32_t captured, uint32_t length,
                     uint32_t link_type, const void *data)
{
    const struct cdpi_frame *f = &seen.frames[i];
    return i < seen.count && f->time == time && f->captured == captured && f->length == length &&
           f->link_type == link_type && memcmp(f->data, data, captured) == 0;
}

static bool tells(enum cdpi_status status, const char *words)
{
    bool good =
        seen.status == status && strstr(seen.error.text, words) && !strchr(seen.error.text, '\n');
    if (!good)
        printf("  status %d, \"%s\"\n", seen.status, seen.error.text);
    return good;
}

/* ---- files
 * ---------------------------------------------------------------------------------------------------
 */

static char folder[64];

static const char *path_of(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static const char *write_file(const char *name, const struct bytes *b)
{
    const char *path = path_of(name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(b->data, 1, b->size, file) != b->size)
        abort();
    fclose(file);
    return path;
}

/* ---- formats
 * ------------------------------------------------------------------------------------------------
 */

static void test_pcap(bool big)
{
    static const struct {
        uint32_t magic, unit;
    } kinds[] = {{0xa1b2c3d4, 1000}, {0xa1b23c4d, 1}};
    for (size_t k = 0; k < 2; k++) {
        struct bytes b = new_bytes(big);
        put_pcap_header(&b, kinds[k].magic, 0x04000065); /* with a frame check sequence's bits */
        put_record(&b, 1, 2, 5, 5, "hello");
        put_record(&b, 0xffffffff, 999999, 3, 1500, "cut");
        put_record(&b, 3, 4, 0, 0, "");
        put_record(&b, 3, 4, 4, 2, "more"); /* longer than it was on the wire */
        read_memory(&seen, &b, 0, 64);
        CHECK(seen.status == CDPI_END && seen.count == 4);
        CHECK(frame_is(0, 1000000000u + 2 * kinds[k].unit, 5, 5, 101, "hello"));
        CHECK(frame_is(1, 4294967295ull * 1000000000u + 999999ull * kinds[k].unit, 3, 1500, 101,
                       "cut"));
        CHECK(frame_is(2, 3000000000u + 4 * kinds[k].unit, 0, 0, 101, ""));
        CHECK(frame_is(3, 3000000000u + 4 * kinds[k].unit, 4, 4, 101, "more"));
        free(b.data);
    }
}

static void test_pcap_modified(void)
{
    struct bytes b = new_bytes(false);
    put_pcap_header(&b, 0xa1b2cd34, 1);
    for (uint32_t i = 0; i < 3; i++) {
        put32(&b, i);
        put32(&b, 0);
        put32(&b, 4);
        put32(&b, 4);
        put32(&b, 2); /* interface */
        put32(&b, 0x0800);
        put(&b, "abcd", 4);
    }
    read_memory(&seen, &b, 0, 64);
    CHECK(seen.status == CDPI_END && seen.count == 3);
    CHECK(frame_is(2, 2000000000u, 4, 4, 1, "abcd"));
    free(b.data);
}

static void test_pcapng(bool big)
{
    struct bytes b = new_bytes(big);
    put_section(&b);
    put_interface(&b, 1, 0, -1, 0);
    put_interface(&b, 101, 6, 9, 0);
    put_interface(&b, 113, 0, 0x80 | 10, -5);
    put_interface(&b, 276, 0, 12, 100);
    put_other_block(&b, 4, 40);
    put_packet(&b, true, 0, 1500000, 5, 60, "hello");
    put_packet(&b, true, 1, 1500000, 4, 4, "nano");
    put_packet(&b, false, 2, 20 * 1024 + 512, 3, 3, "old");
    put_packet(&b, true, 3, 7000000000001999ull, 4, 4, "pico");
    put_simple(&b, 6, 6, "simple");
    put_other_block(&b, 0x0bad, 700000); /* more than the window holds */
    b.big = !big;
    put_section(&b);
    put_interface(&b, 127, 3, 3, 0);
    put_simple(&b, 100, 3, "cut");
    put_packet(&b, true, 0, 2001, 2, 2, "ms");
    for (size_t chunk = 0; chunk < 30; chunk += 7) {
        read_memory(&seen, &b, chunk, 64);
        CHECK(seen.status == CDPI_END && seen.count == 7);
        CHECK(frame_is(0, 1500000000u, 5, 60, 1, "hello"));
        CHECK(frame_is(1, 1500000u, 4, 4, 101, "nano"));
        CHECK(frame_is(2, 15500000000u, 3, 3, 113, "old"));
        CHECK(frame_is(3, 7100000000001u, 4, 4, 276, "pico"));
        CHECK(frame_is(4, 7100000000001u, 6, 6, 1, "simple"));
        CHECK(frame_is(5, 7100000000001u, 3, 100, 127, "cut"));
        CHECK(frame_is(6, 2001000000u, 2, 2, 127, "ms"));
    }
    free(b.data);
}

/* ---- errors
 * --------------------------------------------------------------------------------------------------
 */

static void expect_memory(struct bytes *b, enum cdpi_status status, size_t frames,
                          const char *words)
{
    read_memory(&seen, b, 0, 64);
    CHECK(tells(status, words));
    CHECK(seen.count == frames);
}

static void expect_text(const char *text, size_t size, enum cdpi_status status, const char *words)
{
    struct bytes b = new_bytes(false);
    put(&b, text, size);
    expect_memory(&b, status, 0, words);
    free(b.data);
}

static void test_unknown_formats(void)
{
    expect_text("", 0, CDPI_UNKNOWN_FORMAT, "memory: is empty");
    expect_text("abc", 3, CDPI_UNKNOWN_FORMAT, "too short");
    expect_text("hello, world\n", 13, CDPI_UNKNOWN_FORMAT, "68 65 6c 6c");
    expect_text("\xfd"
                "7zXZ\0..",
                8, CDPI_UNKNOWN_FORMAT, "compressed by xz");
    expect_text("BZh91AY", 7, CDPI_UNKNOWN_FORMAT, "compressed by bzip2");
}

static void test_broken_pcap(void)
{
    struct bytes b = new_bytes(false);
    put_pcap_header(&b, 0xa1b2c3d4, 1);
    for (size_t size = 4; size < 24; size += 5) {
        struct bytes cut = {b.data, size, false};
        expect_memory(&cut, CDPI_CUT, 0, "header");
        CHECK(!seen.opened);
    }
    expect_memory(&b, CDPI_END, 0, "");
    put_record(&b, 1, 2, 5, 5, "hello");
    size_t whole = b.size;
    put_record(&b, 1, 2, 5, 5, "world");
    for (size_t size = whole + 1; size < b.size; size++) {
        struct bytes cut = {b.data, size, false};
        expect_memory(&cut, CDPI_CUT, 1, "in the middle of a packet");
    }
    b.size = whole;
    put32(&b, 1);
    put32(&b, 1);
    put32(&b, 0xffffffff);
    put32(&b, 0xffffffff);
    expect_memory(&b, CDPI_BROKEN, 1, "packet 2 at byte 45 says it has 4294967295 bytes");
    b.size = whole;
    static uint8_t large[256 * 1024 + 1];
    put_record(&b, 1, 1, 256 * 1024, 256 * 1024, large);
    expect_memory(&b, CDPI_END, 2, "");
    put_record(&b, 1, 1, 256 * 1024 + 1, 256 * 1024 + 1, large);
    expect_memory(&b, CDPI_BROKEN, 2, "packet 3");
    b.data[4] = 3;
    expect_memory(&b, CDPI_UNKNOWN_FORMAT, 0, "version 3");
    free(b.data);
}

static void test_broken_pcapng(void)
{
    struct bytes b = new_bytes(false);
    put_section(&b);
    put_interface(&b, 1, 0, -1, 0);
    size_t described = b.size;
    put_packet(&b, true, 0, 1, 5, 5, "hello");
    size_t whole = b.size;
    put_packet(&b, true, 0, 1, 5, 5, "world");
    for (size_t size = whole + 1; size < b.size; size++) {
        struct bytes cut = {b.data, size, false};
        expect_memory(&cut, CDPI_CUT, 1, "in the middle of a block");
    }
    b.data[b.size - 4] ^= 4;
    expect_memory(&b, CDPI_BROKEN, 1, "another length");
    b.data[b.size - 4] ^= 4;
    b.data[whole + 4] ^= 1;
    expect_memory(&b, CDPI_BROKEN, 1, "impossible length");
    b.data[whole + 4] ^= 1;
    memset(b.data + whole + 4, 0xff, 4);
    expect_memory(&b, CDPI_BROKEN, 1, "impossible length");
    b.size = whole;
    put_packet(&b, true, 1, 1, 5, 5, "where");
    expect_memory(&b, CDPI_BROKEN, 1, "names an interface");
    b.size = whole;
    put_packet(&b, true, 0, 1, 5, 5, "long");
    b.data[whole + 20] = 200;
    expect_memory(&b, CDPI_BROKEN, 1, "shorter than its packet");
    b.size = whole;
    put_other_block(&b, 99, 1000);
    for (size_t less = 1; less < 1000; less += 37) {
        struct bytes cut = {b.data, b.size - less, false};
        expect_memory(&cut, CDPI_CUT, 1, "in the middle of a block");
    }
    b.size = described;
    put_section(&b);
    put_packet(&b, true, 0, 1, 5, 5, "other"); /* the interfaces of the section before are gone */
    expect_memory(&b, CDPI_BROKEN, 0, "names an interface");
    b.data[8] ^= 1;
    expect_memory(&b, CDPI_BROKEN, 0, "byte order");
    CHECK(!seen.opened);
    free(b.data);
}

static void test_files(void)
{
    struct bytes b = new_bytes(false);
    put_pcap_header(&b, 0xa1b2c3d4, 1);
    put_record(&b, 1, 2, 5, 5, "hello");
    read_path(&seen, write_file("plain", &b), NULL);
    CHECK(seen.status == CDPI_END && seen.count == 1);
    read_path(&seen, path_of("missing"), NULL);
    CHECK(tells(CDPI_CANNOT_READ, "missing: cannot be opened: No such file"));
    read_path(&seen, folder, NULL);
    CHECK(tells(CDPI_CANNOT_READ, "is a directory"));
    b.size = 0;
    read_path(&seen, write_file("with\nbreak", &b), NULL);
    CHECK(tells(CDPI_UNKNOWN_FORMAT, "with?break: is empty"));
    if (geteuid() != 0) {
        CHECK(chmod(write_file("closed", &b), 0) == 0);
        read_path(&seen, path_of("closed"), NULL);
        CHECK(tells(CDPI_CANNOT_READ, "closed: cannot be opened: Permission denied"));
    }
    char name[201];
    memset(name, 'n', 200);
    name[200] = '\0';
    read_path(&seen, path_of(name), NULL);
    CHECK(tells(CDPI_CANNOT_READ, "No such file"));
    struct cdpi_capture_options unset = {0};
    struct cdpi_capture *capture;
    CHECK(cdpi_capture_open(path_of("plain"), &unset, &capture, &seen.error) == CDPI_BAD_ARGUMENT);
    CHECK(cdpi_capture_open(path_of("missing"), NULL, &capture, NULL) == CDPI_CANNOT_READ);
    CHECK(cdpi_capture_open_live("no-such-if0", NULL, &capture, &seen.error) == CDPI_CANNOT_READ);
    CHECK(strstr(seen.error.text, "no-such-if0: ") == seen.error.text);
    cdpi_capture_close(NULL);
    free(b.data);
}

/* ---- random files against a plain reader
 * -------------------------------------------------------------------- */

static uint64_t random_state = 88172645463325252u;

static uint32_t random_below(uint32_t n)
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

static void random_file(struct bytes *b, bool pcapng)
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

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* The whole file lies there, the layout is known: a walk of a few lines, little-endian. */
static void plain_reader(struct seen *s, const struct bytes *b, bool pcapng)
{
    clear(s);
    size_t at = pcapng ? 0 : 24;
    while (at + 12 <= b->size) {
        const uint8_t *p = b->data + at;
        struct cdpi_frame f = {.link_type = 1};
        uint32_t type = pcapng ? get32(p) : 0;
        if (!pcapng) {
            f.data = p + 16;
            f.captured = get32(p + 8);
            f.length = get32(p + 12);
            f.time = get32(p) * 1000000000ull + get32(p + 4) * 1000ull;
            at += 16 + f.captured;
        } else {
            at += get32(p + 4);
            if (type != 6 && type != 2)
                continue;
            bool nano = (get32(p + 8) & 0xffff) == 1;
            f.data = p + 28;
            f.captured = get32(p + 20);
            f.length = get32(p + 24);
            f.time = ((uint64_t)get32(p + 12) << 32 | get32(p + 16)) * (nano ? 1 : 1000);
            f.link_type = nano ? 101 : 1;
        }
        keep(s, &f);
    }
}

static void test_random(void)
{
    static const size_t rooms[] = {1, 7, 64}, chunks[] = {0, 1000, 65536};
    for (unsigned round = 0; round < 60; round++) {
        bool pcapng = round & 1;
        struct bytes b = new_bytes(false);
        random_file(&b, pcapng);
        plain_reader(&other, &b, pcapng);
        read_memory(&seen, &b, chunks[random_below(3)], rooms[random_below(3)]);
        CHECK(seen.status == CDPI_END && same_frames(&seen, &other));
        struct bytes cut = {b.data, 48 + random_below((uint32_t)b.size - 47), false};
        if (cut.size < b.size && !pcapng && other.count > 0) {
            read_memory(&seen, &cut, 0, 64);
            size_t kept = seen.count < other.count ? seen.count : 0;
            CHECK(seen.status == CDPI_CUT || seen.status == CDPI_END);
            other.count = kept; /* those before the cut, all of them */
            CHECK(kept == seen.count && memcmp(seen.copy, other.copy, seen.used) == 0);
        }
        free(b.data);
    }
}

/* Damage: no crash, no endless loop, and the same whatever the size of the pieces read. */
static void test_damage(void)
{
    for (unsigned round = 0; round < 150; round++) {
        struct bytes b = new_bytes(false);
        random_file(&b, round & 1);
        if (b.size > 120000)
            b.size = 120000;
        for (unsigned i = 0; i <= round % 5; i++)
            b.data[random_below((uint32_t)b.size)] = (uint8_t)random_below(256);
        read_memory(&seen, &b, 0, 64);
        read_memory(&other, &b, 1 + random_below(5000), 13);
        CHECK(seen.status == other.status && strcmp(seen.error.text, other.error.text) == 0);
        CHECK(same_frames(&seen, &other));
        free(b.data);
    }
}

/* ---- files that change while they are read
 * ------------------------------------------------------------------- */

static void put_many(struct bytes *b, size_t up_to)
{
    static uint8_t payload[1000];
    put_pcap_header(b, 0xa1b2c3d4, 1);
    for (uint32_t i = 0; b->size < up_to; i++)
        put_record(b, i, 0, 1000, 1000, payload);
}

/* The file gets `size` bytes long after `calls` calls: each frame is readable, the end is
 * CDPI_CUT. */
static void shrink_after(const struct bytes *b, unsigned calls, off_t size)
{
    const char *path = write_file("shrinks", b);
    struct cdpi_capture *capture;
    struct cdpi_frame frames[64];
    size_t count, total = 0, sum = 0;
    enum cdpi_status status = cdpi_capture_open(path, NULL, &capture, &seen.error);
    CHECK(status == CDPI_OK);
    for (unsigned call = 0; status == CDPI_OK; call++) {
        status = cdpi_capture_next(capture, frames, 64, &count, &seen.error);
        if (call == calls &&
            truncate(path, size) != 0) /* between the call and the use of its frames */
            abort();
        for (size_t i = 0; i < count; i++) {
            for (uint32_t k = 0; k < frames[i].captured; k++)
                sum += frames[i].data[k];
        }
        total += count;
    }
    seen.status = status;
    CHECK(tells(CDPI_CUT, "became shorter"));
    CHECK(sum == 0 && total >= calls * 30 && total < b->size / 1016);
    CHECK(cdpi_capture_progress(capture) < 1);
    cdpi_capture_close(capture);
}

static void test_shrinking(void)
{
    struct bytes b = new_bytes(false);
    put_many(&b, 2000000);
    shrink_after(&b, 0, 0);
    shrink_after(&b, 0, 100000);
    shrink_after(&b, 3, 0);
    shrink_after(&b, 3, 24 + 1016 * 700);
    shrink_after(&b, 9, 1000001);
    free(b.data);
}

static void test_growing(void)
{
    struct bytes b = new_bytes(false);
    put_many(&b, 600000);
    struct bytes first = {b.data, 24 + 1016 * 300, false};
    const char *path = write_file("grows", &first);
    struct cdpi_capture *capture;
    CHECK(cdpi_capture_open(path, NULL, &capture, NULL) == CDPI_OK);
    write_file("grows", &b);
    clear(&seen);
    CHECK(cdpi_capture_progress(capture) < 0.5);
    read_all(&seen, capture, 64);
    CHECK(seen.status == CDPI_END && seen.count == (b.size - 24) / 1016);
    free(b.data);
}

/* ---- streams
 * -----------------------------------------------------------------------------------------------------
 */

struct writer {
    int fd;
    const struct bytes *bytes;
};

static void *write_pieces(void *context)
{
    struct writer *w = context;
    for (size_t at = 0; at < w->bytes->size;) {
        size_t n = w->bytes->size - at < 3001 ? w->bytes->size - at : 3001;
        ssize_t done = write(w->fd, w->bytes->data + at, n);
        if (done < 0)
            break;
        at += (size_t)done;
    }
    close(w->fd);
    return NULL;
}

static void read_standard_input(const struct bytes *b)
{
    int ends[2], kept = dup(STDIN_FILENO);
    pthread_t thread;
    if (pipe(ends) != 0 || dup2(ends[0], STDIN_FILENO) < 0)
        abort();
    close(ends[0]);
    struct writer writer = {ends[1], b};
    if (pthread_create(&thread, NULL, write_pieces, &writer) != 0)
        abort();
    read_path(&seen, "-", NULL);
    pthread_join(thread, NULL);
    if (kept >= 0) {
        dup2(kept, STDIN_FILENO);
        close(kept);
    }
}

static void test_standard_input(void)
{
    struct bytes b = new_bytes(false);
    random_file(&b, false);
    put_record(&b, 1, 1, 4, 4, "last");
    plain_reader(&other, &b, false);
    read_standard_input(&b);
    CHECK(seen.status == CDPI_END && same_frames(&seen, &other));
    b.size--;
    read_standard_input(&b);
    CHECK(tells(CDPI_CUT, "standard input: cut off in the middle of a packet"));
    CHECK(seen.count == other.count - 1);
    free(b.data);
}

static void test_stop(void)
{
    struct bytes b = new_bytes(false);
    struct cdpi_frame frame;
    size_t count;
    struct cdpi_capture *capture;
    put_many(&b, 100000);
    CHECK(capture_open_memory(b.data, b.size, 0, NULL, &capture, NULL) == CDPI_OK);
    CHECK(cdpi_capture_next(capture, &frame, 1, &count, NULL) == CDPI_OK && count == 1);
    CHECK(cdpi_capture_next(capture, &frame, 0, &count, NULL) == CDPI_OK && count == 0);
    cdpi_capture_stop(capture);
    CHECK(cdpi_capture_next(capture, &frame, 1, &count, NULL) == CDPI_END && count == 0);
    cdpi_capture_close(capture);
    free(b.data);
}

/* ---- compression
 * --------------------------------------------------------------------------------------------------
 */

#if defined(CDPI_HAVE_ZLIB) || defined(CDPI_HAVE_ZSTD)
typedef void pack_fn(struct bytes *out, const uint8_t *data, size_t size);

/* Two members, whole, cut and damaged. */
static void test_packed(pack_fn *pack, const char *name)
{
    struct bytes plain = new_bytes(false), packed = new_bytes(false);
    random_file(&plain, false);
    put_record(&plain, 1, 1, 4, 4, "last");
    plain_reader(&other, &plain, false);
    size_t half = plain.size / 2;
    pack(&packed, plain.data, half);
    size_t first = packed.size;
    pack(&packed, plain.data + half, plain.size - half);
    for (size_t chunk = 0; chunk < 5000; chunk = chunk * 3 + 1) {
        read_memory(&seen, &packed, chunk, 64);
        CHECK(seen.status == CDPI_END && same_frames(&seen, &other));
    }
    read_path(&seen, write_file("packed", &packed), NULL);
    CHECK(seen.status == CDPI_END && same_frames(&seen, &other));
    read_standard_input(&packed);
    CHECK(seen.status == CDPI_END && same_frames(&seen, &other));
    packed.size -= 3;
    read_memory(&seen, &packed, 0, 64);
    /* as far as the decompressor came: gzip lacks but its checksum, zstd a block */
    CHECK(tells(CDPI_CUT, name) && seen.opened && seen.count <= other.count);
    CHECK(memcmp(seen.copy, other.copy, seen.used) == 0);
    packed.size = 7;
    read_memory(&seen, &packed, 0, 64);
    CHECK(tells(CDPI_CUT, name) && !seen.opened);
    packed.size = first;
    put(&packed, "garbage!", 8);
    read_memory(&seen, &packed, 0, 64);
    CHECK(tells(CDPI_BROKEN, name));
    free(plain.data);
    free(packed.data);
}
#endif

#ifdef CDPI_HAVE_ZLIB
static void pack_gzip(struct bytes *out, const uint8_t *data, size_t size)
{
    z_stream z = {0};
    if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    z.next_in = (Bytef *)(uintptr_t)data;
    z.avail_in = (uInt)size;
    z.next_out = out->data + out->size;
    z.avail_out = (uInt)(BYTES_MOST - out->size);
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    out->size += z.total_out;
    deflateEnd(&z);
}

static void test_gzip_padding(void)
{
    struct bytes plain = new_bytes(false), packed = new_bytes(false);
    put_many(&plain, 5000);
    pack_gzip(&packed, plain.data, plain.size);
    put(&packed, "\0\0\0\0\0\0\0\0", 8);
    read_memory(&seen, &packed, 0, 64);
    CHECK(seen.status == CDPI_END && seen.count == (plain.size - 24) / 1016);
    packed.data[packed.size - 12] ^= 1; /* the checksum or the length */
    read_memory(&seen, &packed, 0, 64);
    CHECK(tells(CDPI_BROKEN, "gzip"));
    free(plain.data);
    free(packed.data);
}
#endif

#ifdef CDPI_HAVE_ZSTD
static void pack_zstd(struct bytes *out, const uint8_t *data, size_t size)
{
    size_t n = ZSTD_compress(out->data + out->size, BYTES_MOST - out->size, data, size, 1);
    if (ZSTD_isError(n))
        abort();
    out->size += n;
}

/* A frame that asks for a window of 64 MiB is refused before the memory is taken (RFC
 * 8878 3.1.1.1.2). */
static void test_zstd_window(void)
{
    expect_text("\x28\xb5\x2f\xfd\x00\x80....", 10, CDPI_BROKEN, "zstd");
}
#endif

/* ---- filters
 * ------------------------------------------------------------------------------------------------------
 */

static void test_filter(void)
{
    struct bytes b = new_bytes(false);
    put_section(&b);
    put_interface(&b, 1, 0, -1, 0);
    put_interface(&b, 101, 0, -1, 0);
    put_packet(&b, true, 0, 1, 20, 20, "\1\2\3\4\5\6\1\2\3\4\5\6\x08\x06......");
    put_packet(&b, true, 0, 2, 34, 34,
               "\1\2\3\4\5\6\1\2\3\4\5\6\x08\0E\0\0\x14\0\0\0\0\x40\x11\0\0\1\2\3\4\5\6\7\x08");
    put_packet(&b, true, 1, 3, 20, 20, "E\0\0\x14\0\0\0\0\x40\x11\0\0\1\2\3\4\5\6\7\x08");
    const char *path = write_file("filtered", &b);
    read_path(&seen, path, "ip host 1.2.3.4");
#ifdef CDPI_HAVE_PCAP
    CHECK(seen.status == CDPI_END && seen.count == 2);
    CHECK(seen.frames[0].time == 2000 && seen.frames[1].time == 3000);
    read_path(&seen, path, "host host host");
    CHECK(tells(CDPI_BAD_ARGUMENT, "filter \"host host host\""));
    CHECK(!seen.opened);
    read_path(&seen, path, "udp port 99");
    CHECK(seen.status == CDPI_END && seen.count == 0);
#else
    CHECK(tells(CDPI_BAD_ARGUMENT, "libpcap"));
#endif
    free(b.data);
}

int main(void)
{
    snprintf(folder, sizeof folder, "/tmp/capture-test-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    test_pcap(false);
    test_pcap(true);
    test_pcap_modified();
    test_pcapng(false);
    test_pcapng(true);
    test_unknown_formats();
    test_broken_pcap();
    test_broken_pcapng();
    test_files();
    test_random();
    test_damage();
    test_shrinking();
    test_growing();
    test_standard_input();
    test_stop();
#ifdef CDPI_HAVE_ZLIB
    test_packed(pack_gzip, "gzip stream is");
    test_gzip_padding();
#endif
#ifdef CDPI_HAVE_ZSTD
    test_packed(pack_zstd, "zstd stream is");
    test_zstd_window();
#endif
    test_filter();
    static const char *const names[] = {"plain", "with\nbreak", "closed",  "shrinks",
                                        "grows", "packed",      "filtered"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(path_of(names[i]));
    rmdir(folder);
    return CHECKS_END("capture");
}
