/* SPDX-License-Identifier: MIT */
#include "support/prose.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#ifdef CDPI_HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef CDPI_HAVE_ZSTD
#include <zstd.h>
#endif

enum { PLAIN = 6000 };

static const char *const words[] = {
    "the",    "a",      "of",     "harbour", "list",    "user",    "get",    "post",   "mail",
    "and",    "server", "login",  "quit",    "stat",    "help",    "was",    "warm",   "ferry",
    "down",   "steps",  "nobody", "took",    "it",      "private", "status", "error",  "hello",
    "name",   "value",  "time",   "from",    "to",      "subject", "date",   "head",   "body",
    "group",  "next",   "last",   "over",    "message", "file",    "size",   "option", "connect",
    "stream", "data",   "event",  "method",  "params",  "result",  "id",     "type",   "version",
    "is",     "on",     "put",    "use",     "watch",   "delete",  "set",    "ping",   "info"};
enum { WORDS = sizeof words / sizeof words[0] };

/* What is written, and where. */
struct page {
    uint8_t *to;
    uint32_t size, room;
    prose_draw *draw;
};

static void put(struct page *p, const char *text)
{
    for (; *text && p->size < p->room; text++)
        p->to[p->size++] = (uint8_t)*text;
}

static const char *word(struct page *p)
{
    return words[p->draw() % WORDS];
}

static void put_number(struct page *p)
{
    char digits[24];
    uint64_t r = p->draw();
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)(r >> (16 + r % 44)));
    put(p, digits);
}

static void put_words(struct page *p, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        put(p, i ? " " : "");
        put(p, word(p));
    }
}

static void english(struct page *p)
{
    uint32_t from = p->size;
    put_words(p, 3 + (unsigned)(p->draw() % 12));
    if (from < p->size)
        p->to[from] = (uint8_t)(p->to[from] - 'a' + 'A');
    static const char *const ends[] = {". ", ".\r\n", ".\n", "? ", "!\n\n", ", 220 of them.\n"};
    put(p, ends[p->draw() % 6]);
}

static void json(struct page *p)
{
    put(p, p->draw() % 4 ? "{" : "{ ");
    for (unsigned i = 0, n = 1 + (unsigned)(p->draw() % 6); i < n; i++) {
        put(p, i ? ",\"" : "\"");
        put(p, word(p));
        put(p, p->draw() % 2 ? "\":" : "\": ");
        switch (p->draw() % 4) {
        case 0:
            put_number(p);
            break;
        case 1:
            put(p, "[1,2,{\"a\":null}]");
            break;
        default:
            put(p, "\"");
            put_words(p, 1 + (unsigned)(p->draw() % 4));
            put(p, "\"");
        }
    }
    put(p, p->draw() % 2 ? "}\n" : "}\r\n");
}

/* An element with a text in it; HTML's are XML's with other names. */
static void element(struct page *p, const char *name)
{
    put(p, "<");
    put(p, name);
    if (p->draw() % 2) {
        put(p, " ");
        put(p, word(p));
        put(p, "=\"");
        put_number(p);
        put(p, "\"");
    }
    put(p, ">");
    put_words(p, 1 + (unsigned)(p->draw() % 8));
    put(p, "</");
    put(p, name);
    put(p, ">\n");
}

static void html(struct page *p)
{
    static const char *const names[] = {"p", "h1", "div", "a", "li", "td", "span", "title"};
    element(p, names[p->draw() % 8]);
}

static void csv(struct page *p)
{
    for (unsigned i = 0; i < 5; i++) {
        put(p, i ? "," : "");
        if (p->draw() % 2)
            put_number(p);
        else
            put(p, word(p));
    }
    put(p, "\n");
}

uint32_t prose_write(enum prose_kind kind, uint8_t *to, uint32_t room, prose_draw *draw)
{
    struct page page = {.to = to, .room = room, .draw = draw};
    bool is_whole = draw() % 2;
    if (kind == PROSE_XML && is_whole)
        put(&page, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<list>\n");
    if (kind == PROSE_HTML && is_whole)
        put(&page, "<!DOCTYPE html>\n<html><head>");
    while (page.size < room) {
        if (kind == PROSE_ENGLISH)
            english(&page);
        else if (kind == PROSE_JSON)
            json(&page);
        else if (kind == PROSE_XML)
            element(&page, word(&page));
        else if (kind == PROSE_HTML)
            html(&page);
        else
            csv(&page);
    }
    return page.size;
}

/* ---- coats ------------------------------------------------------------------------------- */

static uint32_t encipher(const uint8_t *plain, uint32_t size, uint8_t *to, prose_draw *draw)
{
    uint64_t key[2] = {draw(), draw()}, start[2] = {draw(), draw()};
    int n = 0;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    if (c && EVP_EncryptInit_ex(c, EVP_aes_128_ctr(), NULL, (void *)key, (void *)start) == 1 &&
        EVP_EncryptUpdate(c, to, &n, plain, (int)size) != 1)
        n = 0;
    EVP_CIPHER_CTX_free(c);
    return (uint32_t)n;
}

#ifdef CDPI_HAVE_ZLIB
/* RFC 1951, RFC 1950, RFC 1952: by the window's sign and size. */
static uint32_t squeeze(const uint8_t *plain, uint32_t size, uint8_t *to, uint32_t room, int window)
{
    z_stream z = {0};
    if (deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    z.next_in = (void *)plain;
    z.avail_in = size;
    z.next_out = to;
    z.avail_out = room;
    deflate(&z, Z_FINISH);
    deflateEnd(&z);
    return room - z.avail_out;
}
#else
static uint32_t squeeze(const uint8_t *plain, uint32_t size, uint8_t *to, uint32_t room, int window)
{
    (void)plain, (void)size, (void)to, (void)room, (void)window;
    return 0;
}
#endif

static uint32_t squeeze_zstd(const uint8_t *plain, uint32_t size, uint8_t *to, uint32_t room)
{
#ifdef CDPI_HAVE_ZSTD
    size_t n = ZSTD_compress(to, room, plain, size, 3);
    return ZSTD_isError(n) ? 0 : (uint32_t)n;
#else
    (void)plain, (void)size, (void)to, (void)room;
    return 0;
#endif
}

static uint32_t put_on(enum prose_coat coat, const uint8_t *plain, uint32_t size, uint8_t *to,
                       uint32_t room, prose_draw *draw)
{
    switch (coat) {
    case COAT_BASE64:
        return (uint32_t)EVP_EncodeBlock(to, plain, (int)size);
    case COAT_CIPHER:
        return encipher(plain, size, to, draw);
    case COAT_ZSTD:
        return squeeze_zstd(plain, size, to, room);
    default:
        return squeeze(plain, size, to, room,
                       coat == COAT_DEFLATE ? -15
                       : coat == COAT_ZLIB  ? 15
                                            : 15 + 16);
    }
}

uint32_t prose_coated(enum prose_coat coat, uint8_t *to, uint32_t room, prose_draw *draw)
{
    uint8_t plain[PLAIN], coated[2 * PLAIN];
    uint32_t wanted = 64 + (uint32_t)(draw() % (PLAIN - 64));
    uint32_t size = prose_write((enum prose_kind)(draw() % PROSE_KINDS), plain, wanted, draw);
    size = put_on(coat, plain, size, coated, sizeof coated, draw);
    uint32_t from = size > 64 && draw() % 4 == 0 ? (uint32_t)(draw() % (size - 32)) : 0;
    size = size - from < room ? size - from : room;
    memcpy(to, coated + from, size);
    return size;
}
