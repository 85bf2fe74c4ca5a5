/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "output/writer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void writer_begin(struct writer *w, int fd)
{
    w->fd = fd;
    w->error = 0;
    w->used = 0;
}

void writer_flush(struct writer *w)
{
    size_t at = 0;
    while (at < w->used && !w->error) {
        ssize_t n = write(w->fd, w->bytes + at, w->used - at);
        if (n >= 0)
            at += (size_t)n;
        else if (errno != EINTR)
            w->error = errno;
    }
    w->used = 0;
}

void write_bytes(struct writer *w, const char *bytes, size_t size)
{
    while (size) {
        if (w->used == WRITER_ROOM)
            writer_flush(w);
        size_t some = size < WRITER_ROOM - w->used ? size : WRITER_ROOM - w->used;
        memcpy(w->bytes + w->used, bytes, some);
        w->used += some;
        bytes += some;
        size -= some;
    }
}

void write_text(struct writer *w, const char *text)
{
    write_bytes(w, text, strlen(text));
}

void write_char(struct writer *w, char c)
{
    write_bytes(w, &c, 1);
}

void write_number(struct writer *w, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    write_bytes(w, digits + at, sizeof digits - at);
}

/* How many bytes a well-formed UTF-8 character here has, 0 where there is none (RFC 3629). */
static size_t utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xc2 && s[0] <= 0xdf && (s[1] & 0xc0) == 0x80)
        return 2;
    if ((s[0] & 0xf0) == 0xe0 && (s[1] & 0xc0) == 0x80 && (s[2] & 0xc0) == 0x80 &&
        !(s[0] == 0xe0 && s[1] < 0xa0) && !(s[0] == 0xed && s[1] > 0x9f))
        return 3;
    if (s[0] >= 0xf0 && s[0] <= 0xf4 && (s[1] & 0xc0) == 0x80 && (s[2] & 0xc0) == 0x80 &&
        (s[3] & 0xc0) == 0x80 && !(s[0] == 0xf0 && s[1] < 0x90) && !(s[0] == 0xf4 && s[1] > 0x8f))
        return 4;
    return 0;
}

static void write_escaped(struct writer *w, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char text[7] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15], 0};
    write_text(w, c == '"' ? "\\\"" : c == '\\' ? "\\\\" : text);
}

void write_json_string(struct writer *w, const char *text, bool lower)
{
    const unsigned char *s = (const unsigned char *)text;
    write_char(w, '"');
    while (*s) {
        size_t n = utf8_length(s);
        if (n == 0) {
            write_text(w, "\\ufffd");
            s++;
            continue;
        }
        if (*s < 0x20 || *s == '"' || *s == '\\')
            write_escaped(w, *s);
        else if (lower && *s >= 'A' && *s <= 'Z')
            write_char(w, (char)(*s + 'a' - 'A'));
        else
            write_bytes(w, (const char *)s, n);
        s += n;
    }
    write_char(w, '"');
}

static char *put_digits(char *to, unsigned value, unsigned count)
{
    for (unsigned i = count; i-- > 0; value /= 10)
        to[i] = (char)('0' + value % 10);
    return to + count;
}

void write_time(struct writer *w, uint64_t nanoseconds)
{
    time_t seconds = (time_t)(nanoseconds / 1000000000u);
    struct tm t;
    char text[32], *p = text;
    gmtime_r(&seconds, &t);
    p = put_digits(p, (unsigned)t.tm_year + 1900, 4);
    *p++ = '-';
    p = put_digits(p, (unsigned)t.tm_mon + 1, 2);
    *p++ = '-';
    p = put_digits(p, (unsigned)t.tm_mday, 2);
    *p++ = 'T';
    p = put_digits(p, (unsigned)t.tm_hour, 2);
    *p++ = ':';
    p = put_digits(p, (unsigned)t.tm_min, 2);
    *p++ = ':';
    p = put_digits(p, (unsigned)t.tm_sec, 2);
    *p++ = '.';
    p = put_digits(p, (unsigned)(nanoseconds / 1000 % 1000000), 6);
    write_bytes(w, text, (size_t)(p - text));
    write_text(w, "+0000");
}

void write_address(struct writer *w, const uint8_t *address, uint8_t ip_version)
{
    char text[INET6_ADDRSTRLEN];
    if (ip_version == 6) {
        inet_ntop(AF_INET6, address, text, sizeof text);
        write_text(w, text);
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        if (i)
            write_char(w, '.');
        write_number(w, address[i]);
    }
}
