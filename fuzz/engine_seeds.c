/* SPDX-License-Identifier: MIT */
/* Writes a few frames of each kind as seeds for engine_fuzz.   engine_seeds FOLDER IGNORED */
#include <stdio.h>

#include "support/packets.h"

static void put_frame(FILE *out, const struct frame *f)
{
    fputc(0, out); /* Ethernet */
    fputc(1, out);
    fputc((int)(f->size >> 8), out);
    fputc((int)(f->size & 255), out);
    fwrite(f->bytes, 1, f->size, out);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 1;
    for (unsigned kind = 0; kind < 4; kind++) {
        struct ends ends = {{0xc0000201, 0xc0000202}, {40000, 22}, kind & 1};
        struct frame f;
        char path[512];
        snprintf(path, sizeof path, "%s/frames-%u", argv[1], kind);
        FILE *out = fopen(path, "wb");
        if (!out)
            return 1;
        fputc((int)kind, out);
        build_tcp(&f, &ends, false, 1, 2, "", 0);
        put_frame(out, &f);
        build_tcp(&f, &ends, true, 7, 18, "", 0);
        put_frame(out, &f);
        build_tcp(&f, &ends, false, 2, 24, "SSH-2.0-x\r\n", 11);
        put_frame(out, &f);
        build_udp(&f, &ends, kind > 1, "\0\1\1\0\0\1\0\0\0\0\0\0\3www\0\0\1\0\1", 21);
        put_frame(out, &f);
        build_ip(&f, &ends, false, 4,
                 "E\0\0\x1c\0\0\0\0\x40\x11\0\0\1\2\3\4\5\6\7\x08\0\x35\0\x35\0\x08\0\0", 28);
        put_frame(out, &f);
        fclose(out);
    }
    return 0;
}
