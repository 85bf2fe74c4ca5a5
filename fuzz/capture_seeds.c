/* SPDX-License-Identifier: MIT */
/* Writes one small file of each format as seeds for capture_fuzz.   capture_seeds FOLDER */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef CDPI_HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef CDPI_HAVE_ZSTD
#include <zstd.h>
#endif

static const char pcap[] = "\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\xff\xff\0\0\1\0\0\0"
                           "\1\0\0\0\2\0\0\0\5\0\0\0\5\0\0\0hello"
                           "\1\0\0\0\3\0\0\0\3\0\0\0\x40\0\0\0cut";
static const char pcap_nano_big[] = "\xa1\xb2\x3c\x4d\0\2\0\4\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\0\x65"
                                    "\0\0\0\1\0\0\0\2\0\0\0\5\0\0\0\5hello";
static const char pcapng[] =
    "\n\r\r\n\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0"
    "\1\0\0\0\x2c\0\0\0\1\0\0\0\4\0\0\0\x09\0\1\0\x09\0\0\0\x0e\0\x08\0\1\0\0\0\0\0\0\0\0\0\0\0"
    "\x2c\0\0\0"
    "\6\0\0\0\x24\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4\0\0\0\4\0\0\0abcd\x24\0\0\0"
    "\2\0\0\0\x24\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4\0\0\0\4\0\0\0abcd\x24\0\0\0"
    "\3\0\0\0\x14\0\0\0\x09\0\0\0abcd\x14\0\0\0"
    "\4\0\0\0\x10\0\0\0\0\0\0\0\x10\0\0\0"
    "\n\r\r\n\0\0\0\x1c\x1a\x2b\x3c\x4d\0\1\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\x1c";

static int put(const char *folder, const char *name, const void *data, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "wb");
    if (!out)
        return 1;
    fputc(0, out); /* pieces of any size */
    fwrite(data, 1, size, out);
    return fclose(out);
}

static int put_compressed(const char *folder)
{
    int failed = 0;
#ifdef CDPI_HAVE_ZLIB
    unsigned char gzip[512];
    z_stream z = {0};
    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return 1;
    z.next_in = (Bytef *)(uintptr_t)pcap;
    z.avail_in = sizeof pcap - 1;
    z.next_out = gzip;
    z.avail_out = sizeof gzip;
    deflate(&z, Z_FINISH);
    failed |= put(folder, "gzip", gzip, z.total_out);
    deflateEnd(&z);
#endif
#ifdef CDPI_HAVE_ZSTD
    char zstd[512];
    size_t n = ZSTD_compress(zstd, sizeof zstd, pcapng, sizeof pcapng - 1, 1);
    if (!ZSTD_isError(n))
        failed |= put(folder, "zstd", zstd, n);
#endif
    return failed;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 1;
    return put(argv[1], "pcap", pcap, sizeof pcap - 1) |
           put(argv[1], "pcap-nano-big", pcap_nano_big, sizeof pcap_nano_big - 1) |
           put(argv[1], "pcapng", pcapng, sizeof pcapng - 1) | put_compressed(argv[1]);
}
