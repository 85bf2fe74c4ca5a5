/* SPDX-License-Identifier: MIT */
/* The capture reader: files that change while they are read, streams, compression, filters. */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#ifdef CDPI_HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef CDPI_HAVE_ZSTD
#include <zstd.h>
#endif

#include "support/capture_seen.h"

/* ---- files that change while they are read ------------------------------------------------- */

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

/* ---- streams ------------------------------------------------------------------------------- */

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

/* ---- compression --------------------------------------------------------------------------- */

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

/* ---- filters ------------------------------------------------------------------------------- */

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
    static const char *const names[] = {"plain", "shrinks", "grows", "packed", "filtered"};
    if (!make_folder())
        return 1;
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
    remove_folder(names, sizeof names / sizeof *names);
    return CHECKS_END("capture_streams");
}
