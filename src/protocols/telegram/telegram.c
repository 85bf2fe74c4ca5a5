/* SPDX-License-Identifier: MIT */
/*
 * Telegram.
 *
 * MTProto (core.telegram.org/mtproto/mtproto-transports), where it is not obfuscated; lengths are
 * little-endian:
 *
 *     abridged      0xef  length / 4 (1)  message
 *     intermediate  0xeeeeeeee  length (4)  message      padded: 0xdddddddd
 *     full          length (4, all counted)  number (4)  message  CRC-32 (4)
 *
 * Without a key yet, a message is 8 zeros, an id (8), a length (4), and a call.
 *
 * Calls, by UDP through a reflector, as libtgvoip and tgcalls speak to it: a tag of 16 bytes,
 * twelve 0xff, then -2 and a question's number, or -1, or the answer about oneself.
 */
#include "framing/crc.h"
#include "protocols/protocol.h"

/* ---- streams ----------------------------------------------------------------------------- */

enum { KEY = 8, PLAIN_HEADER = 20, MESSAGE_LIMIT = 1 << 20, FULL_LEAST = 12, FULL_LIMIT = 2048 };

/* A message without a key: its length is what is left of the frame. */
static bool is_plain(struct cursor c, uint32_t size)
{
    uint64_t key = cursor_le64(&c), id = cursor_le64(&c);
    uint32_t length = cursor_le32(&c);
    return !c.ran_short && key == 0 && id != 0 && length + PLAIN_HEADER == size;
}

static enum answer judge_abridged(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 1);
    uint32_t size = cursor_u8(&c) * 4u;
    if (c.at == 2 && size <= PLAIN_HEADER)
        return NO;
    if (cursor_left(&c) < PLAIN_HEADER) {
        c.at = c.size;
        return short_of(in, &c);
    }
    return is_plain(c, size) ? yes(in, "abridged", &c) : NO;
}

static enum answer judge_intermediate(struct inspection *in, struct cursor c)
{
    uint32_t tag = cursor_u32(&c);
    uint32_t size = cursor_le32(&c);
    if (c.ran_short)
        return cursor_may_start_with(&in->client, "\xee\xee\xee\xee") ||
                       cursor_may_start_with(&in->client, "\xdd\xdd\xdd\xdd")
                   ? short_of(in, &c)
                   : NO;
    if (size < PLAIN_HEADER || size > MESSAGE_LIMIT || (tag == 0xeeeeeeee && size % 4))
        return NO;
    if (tag != 0xeeeeeeee && tag != 0xdddddddd)
        return NO;
    return yes(in, "intermediate", &c);
}

static enum answer judge_full(struct inspection *in, struct cursor c)
{
    struct cursor all = c;
    uint32_t size = cursor_le32(&c), number = cursor_le32(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (size < FULL_LEAST + PLAIN_HEADER || size > FULL_LIMIT || size % 4 || number != 0)
        return NO;
    struct cursor body = cursor_take(&all, size - 4);
    uint32_t check = cursor_le32(&all);
    if (all.ran_short || body.ran_short) {
        c.at = c.size;
        return short_of(in, &c);
    }
    return crc32_ethernet(body) == check ? yes(in, "full", &all) : NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    switch (cursor_peek(&c, 0)) {
    case 0xef:
        return judge_abridged(in, c);
    case 0xee:
    case 0xdd:
        return judge_intermediate(in, c);
    default:
        return judge_full(in, c);
    }
}

/* The server answers in the client's way, without a first mark. */
static enum answer judge_server(struct inspection *in, struct cursor c)
{
    int way = cursor_peek(&in->client, 0);
    if (way < 0)
        return wants(in, CLIENT, 1);
    if (way != 0xef && way != 0xee && way != 0xdd)
        return judge_full(in, c);
    struct cursor head = c;
    uint32_t size = way == 0xef ? cursor_u8(&c) * 4u : cursor_le32(&c);
    if (c.ran_short)
        return short_of(in, &head);
    bool is_long = way == 0xef && size == 0x7f * 4;
    return size && (is_long || size <= MESSAGE_LIMIT) ? yes(in, "answer", &c) : NO;
}

/* ---- reflectors -------------------------------------------------------------------------- */

enum { TAG = 16, LEAST = 32 };

static enum answer judge_reflector(struct inspection *in, struct cursor c)
{
    /* Bytes that are nothing but 0xff are none: so is silence in RTP, behind its header. */
    if (cursor_starts_with(&c, "\xff\xff\xff\xff\xff\xff\xff\xff") ||
        cursor_peek_u32(&c, TAG - 4) == UINT32_MAX || cursor_peek_u32(&c, LEAST) == UINT32_MAX)
        return NO;
    cursor_skip(&c, TAG);
    if (!cursor_accept_text(&c, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))
        return NO;
    uint32_t kind = cursor_u32(&c);
    if (c.ran_short || (kind != UINT32_MAX && kind != 0xfeffffff && kind != 0xc77215c0))
        return NO;
    return yes(in, "reflector", &c);
}

/* What is said through the reflector carries the same tag. */
static enum answer judge_datagrams(struct inspection *in)
{
    enum answer client = in->client.size ? judge_reflector(in, in->client) : NO;
    enum answer server = in->server.size ? judge_reflector(in, in->server) : NO;
    if (client == NO && server == NO)
        return NO;
    if (!both_spoke(in) || (client == YES && server == YES))
        return YES;
    bool is_same = in->client.size >= TAG && cursor_starts(&in->server, in->client.data, TAG);
    return is_same ? YES : NO;
}

static enum answer validate(struct inspection *in)
{
    return is_udp(in) ? judge_datagrams(in) : judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    {.transports = OVER_TCP,
     .offset = 0,
     .size = 10,
     .bytes = "\xef\0\0\0\0\0\0\0\0\0",
     .mask = "\xff\0\xff\xff\xff\xff\xff\xff\xff\xff"},
    {.transports = OVER_TCP, .offset = 0, .size = 4, .bytes = "\xee\xee\xee\xee"},
    {.transports = OVER_TCP, .offset = 0, .size = 4, .bytes = "\xdd\xdd\xdd\xdd"},
    /* Full: a length below 4 KiB, number 0. */
    {.transports = OVER_TCP,
     .offset = 0,
     .size = 8,
     .bytes = "\0\0\0\0\0\0\0\0",
     .mask = "\3\xf0\xff\xff\xff\xff\xff\xff"},
    {.transports = OVER_UDP,
     .offset = TAG,
     .size = 12,
     .bytes = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
     .min_size = LEAST},
};

const struct cdpi_protocol cdpi_protocol_telegram = {
    .name = "Telegram",
    .reference = "core.telegram.org/mtproto/mtproto-transports; libtgvoip's reflectors",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_CHAT,
    .is_encrypted = true,
    SIGNATURES(signatures),
    .validate = validate,
};
