/* SPDX-License-Identifier: MIT */
/*
 * The first line of protocols made after HTTP (RFC 9112 sections 3 and 4): SIP, RTSP, ICAP.
 *
 *     METHOD SP uri SP version CRLF          version SP status SP reason CRLF
 */
#ifndef CDPI_FRAMING_START_LINE_H
#define CDPI_FRAMING_START_LINE_H

#include "framing/text.h"

enum start_line { START_BAD = 0, START_OPEN, START_REQUEST, START_STATUS };

enum { START_METHOD_LIMIT = 20, START_URI_LIMIT = 2048, START_REASON_LIMIT = 256 };

/* version SP 3DIGIT SP; the reason is free text. */
static inline enum start_line start_status(struct cursor *c)
{
    uint32_t status;
    if (cursor_at_end(c))
        return START_OPEN;
    if (cursor_u8(c) != ' ')
        return START_BAD;
    if (text_digits(c, 3, &status) < 3)
        return cursor_at_end(c) ? START_OPEN : START_BAD;
    if (status < 100 || status > 699)
        return START_BAD;
    if (cursor_at_end(c))
        return START_OPEN;
    int next = cursor_peek(c, 0);
    return next == ' ' || next == '\r' || next == '\n' ? START_STATUS : START_BAD;
}

/* Takes " version" and the digit that may follow it off the line's end. Blanks within the uri are a
 * sender's fault that receivers bear with. */
static inline bool start_cut_version(struct cursor *line, const char *version)
{
    uint32_t size = (uint32_t)strlen(version);
    for (uint32_t digits = 0; digits < 2; digits++) {
        struct cursor end = *line;
        if (line->size < size + digits + 2)
            return false;
        cursor_seek(&end, line->size - size - digits - 1);
        bool is_version = cursor_u8(&end) == ' ' && cursor_accept(&end, version, size) &&
                          (cursor_at_end(&end) || text_is_digit(cursor_peek(&end, 0)));
        if (is_version) {
            line->size -= size + digits + 1;
            return cursor_peek(line, 0) != ' ';
        }
    }
    return false;
}

/* The rest of the line, which a CR alone ends too. */
static inline enum text_line start_rest(struct cursor *c, struct cursor *rest)
{
    int32_t cr = cursor_find(c, '\r', START_URI_LIMIT);
    if (cr < 0)
        return text_line(c, START_URI_LIMIT, rest);
    struct cursor line = cursor_take(c, (uint32_t)cr);
    enum text_line state = text_line(&line, START_URI_LIMIT + 1, rest);
    return state == LINE_BAD ? LINE_BAD : LINE_WHOLE;
}

/* Reads the line; `version` ends where its digits begin or holds them ("SIP/2.0", "RTSP/1."): of
 * the former a digit may follow. *method and *uri are a request's. Empty lines before it are passed
 * over. START_OPEN: it is right so far. */
static inline enum start_line start_line(struct cursor *c, const char *version,
                                         struct cursor *method, struct cursor *uri)
{
    uint32_t size = (uint32_t)strlen(version);
    while (cursor_accept_text(c, "\r\n") || cursor_accept_text(c, "\n"))
        ;
    if (cursor_at_end(c) || cursor_may_start(c, version, size)) {
        if (!cursor_accept(c, version, size))
            return START_OPEN;
        text_digits(c, 1, NULL);
        return start_status(c);
    }
    if (cursor_starts_with(c, "\r"))
        return cursor_left(c) == 1 ? START_OPEN : START_BAD;
    struct cursor from = *c;
    uint32_t n = text_token(c);
    if (n == 0 || n > START_METHOD_LIMIT || cursor_peek(&from, 0) < 'A' ||
        cursor_peek(&from, 0) > 'Z')
        return START_BAD;
    *method = cursor_take(&from, n);
    if (cursor_at_end(c))
        return START_OPEN;
    if (cursor_u8(c) != ' ')
        return START_BAD;
    enum text_line state = start_rest(c, uri);
    if (state != LINE_WHOLE)
        return state == LINE_OPEN ? START_OPEN : START_BAD;
    return start_cut_version(uri, version) ? START_REQUEST : START_BAD;
}

#endif
