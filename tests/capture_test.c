/* SPDX-License-Identifier: MIT */
/* The capture reader: every format, every error, and random files held against a second, plain
 * reader. */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <sys/stat.h>

#include "support/capture_seen.h"

/* ---- formats ------------------------------------------------------------------------------- */

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

/* ---- errors -------------------------------------------------------------------------------- */

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

/* ---- random files against a plain reader --------------------------------------------------- */

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

int main(void)
{
    static const char *const names[] = {"plain", "with\nbreak", "closed"};
    if (!make_folder())
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
    remove_folder(names, sizeof names / sizeof *names);
    return CHECKS_END("capture");
}
