/* SPDX-License-Identifier: MIT */
#include "stream.h"

enum { LENGTH_LIMIT = 2 << 20, PACKED_LIMIT = 1 << 18, TAG_LIMIT = 64 };
enum { HELLO = 0x01, HELLO_ANSWER = 0x4c, INFO = 0x01, INFO_ANSWER = 0x02, TEXT = 0x38 };
enum { SERVER_IDENTITY = 0x41, MESSAGE = 0x4e, HASHES = 0x52 };
enum { PACKED_PART = 0x40, PUBLIC_KEY = 0x85, SIGNED = 0x86 };
enum { LARGE_PACKED_PART = 0xa1, LARGE_PART = 0xa2 };
enum { SOURCES = 0x42, PART = 0x46, SERVERS = 0x32, FILE_STATUS = 0x50, FILE_NAME = 0x59 };

static const struct fixed fixed_messages[] = {
    {EDONKEY, 0x05, 1},                      /* a server refuses */
    {EDONKEY, 0x14, 1},                      /* ask for servers */
    {EDONKEY, 0x21, 1},                      /* search on */
    {EDONKEY, 0x36, 1},                      /* a call back failed */
    {EDONKEY, 0x34, 9},                      /* a server's users and files */
    {EDONKEY, 0x40, 5},                      /* a new id */
    {EDONKEY, 0x40, 9},                      /* and the server's flags */
    {EDONKEY, 0x40, 13},                     /* and its port */
    {EDONKEY, 0x40, 17},                     /* and the client's address */
    {EDONKEY, 0x40, 21}, {EDONKEY, 0x1c, 5}, /* call back */
    {EDONKEY, 0x35, 7},                      /* somebody asks to be called back */
    {EDONKEY, 0x47, 41},                     /* ask for three parts */
    {EDONKEY, 0x48, 17},                     /* no such file */
    {EDONKEY, 0x49, 17},                     /* end of a download */
    {EDONKEY, 0x4f, 17},                     /* which file */
    {EDONKEY, 0x51, 17},                     /* ask for the hashes of its parts */
    {EDONKEY, 0x54, 17},                     /* start to upload */
    {EDONKEY, 0x55, 1},                      /* accepted */
    {EDONKEY, 0x56, 1},                      /* cancelled */
    {EDONKEY, 0x57, 1},                      /* no more */
    {EDONKEY, 0x58, 17},                     /* what is it called */
    {EDONKEY, 0x5c, 5},                      /* rank in the queue */
    {EDONKEY, 0x5e, 1},                      /* out of parts */
    {EDONKEY, 0x4a, 1},                      /* what do you share */
    {EDONKEY, 0x5d, 1},                      /* which folders do you share */
    {EDONKEY, 0x4d, 9},                      /* a peer has another id now */
    {EMULE, 0x60, 13},                       /* rank in the queue */
    {EMULE, 0x81, 17},                       /* ask for sources */
    {EMULE, 0x83, 20},                       /* and of which version */
    {EMULE, 0x87, 6},                        /* ask for a signature */
    {EMULE, 0x9b, 37},                       /* ask for a part of the tree of hashes */
    {EMULE, 0x9d, 37},                       /* the root of it */
    {EMULE, 0x9e, 17},                       /* ask for it */
    {EMULE, 0xa3, 65},                       /* ask for three parts of a large file */
};

static bool is_fixed(uint8_t protocol, uint8_t opcode, uint32_t length)
{
    for (size_t i = 0; i < sizeof fixed_messages / sizeof fixed_messages[0]; i++) {
        const struct fixed *f = &fixed_messages[i];
        if (f->protocol == protocol && f->opcode == opcode && f->length == length)
            return true;
    }
    return false;
}

/* A user: hash, id, port, then how many tags follow. */
static bool passes_user(struct cursor *c)
{
    cursor_skip(c, HASH + 4 + 2);
    return cursor_le32(c) < TAG_LIMIT;
}

/* A hello: among peers the hash's size precedes it, towards servers not. */
static bool passes_hello(struct cursor *c)
{
    struct cursor peer = *c;
    bool is_peer = cursor_u8(&peer) == HASH && passes_user(&peer);
    if (is_peer || peer.ran_short) {
        *c = peer;
        return true;
    }
    return passes_user(c);
}

static bool passes_text(struct cursor *c, uint32_t length)
{
    return cursor_le16(c) + 3u == length;
}

/* The versions of eMule and of its extension (1), then tags. */
static bool passes_info(struct cursor *c)
{
    cursor_skip(c, 1);
    return cursor_u8(c) == 1 && cursor_le32(c) < TAG_LIMIT;
}

/* Where the part begins and ends; its bytes follow. */
static bool passes_part(struct cursor *c, uint32_t length)
{
    cursor_skip(c, HASH);
    uint32_t from = cursor_le32(c), to = cursor_le32(c);
    return to > from && to - from == length - 25;
}

static bool passes_sources(struct cursor *c, uint32_t length)
{
    cursor_skip(c, HASH);
    return length == 18 + 6u * cursor_u8(c);
}

static bool passes_servers(struct cursor *c, uint32_t length)
{
    return length == 2 + 6u * cursor_u8(c);
}

/* As passes_part, of a large file: 64 bits. */
static bool passes_large_part(struct cursor *c, uint32_t length)
{
    cursor_skip(c, HASH);
    uint64_t from = cursor_le64(c), to = cursor_le64(c);
    return to > from && to - from == length - 33;
}

/* A deflated part: where it begins, how large all of it is, a piece of it. */
static bool passes_packed_part(struct cursor *c, uint32_t length, uint32_t place)
{
    cursor_skip(c, HASH + place);
    uint32_t packed = cursor_le32(c), head = 1 + HASH + place + 4;
    return length > head && packed >= length - head && packed < PACKED_LIMIT;
}

/* A key of at most 80 bytes, or a signature: a size, then it, perhaps which address it signs. */
static bool passes_sized(struct cursor *c, uint32_t length)
{
    uint32_t size = cursor_u8(c);
    return size >= 32 && size <= 128 && (length == size + 2 || length == size + 3);
}

static bool passes_emule(struct cursor *c, uint8_t opcode, uint32_t length)
{
    switch (opcode) {
    case INFO:
    case INFO_ANSWER:
        return passes_info(c);
    case PACKED_PART:
        return passes_packed_part(c, length, 4);
    case LARGE_PACKED_PART:
        return passes_packed_part(c, length, 8);
    case LARGE_PART:
        return length > HASH + 17 && passes_large_part(c, length);
    case PUBLIC_KEY:
    case SIGNED:
        return passes_sized(c, length);
    default:
        return false;
    }
}

/* RFC 1950: method 8 with a window of 32 KiB, as eMule has it. */
static bool passes_zlib(struct cursor *c)
{
    uint16_t head = cursor_u16(c);
    return head >> 8 == 0x78 && head % 31 == 0;
}

static bool passes_body(struct cursor *c, uint8_t protocol, uint8_t opcode, uint32_t length)
{
    if (is_fixed(protocol, opcode, length))
        return true;
    if (protocol == PACKED)
        return opcode < 0xb0 && passes_zlib(c);
    if (protocol == EMULE)
        return passes_emule(c, opcode, length);
    switch (opcode) {
    case HELLO:
        return length > HASH + 10 && passes_hello(c);
    case HELLO_ANSWER:
        return length > HASH + 10 && passes_user(c);
    case TEXT:
        return passes_text(c, length);
    case PART:
        return passes_part(c, length);
    case SERVER_IDENTITY: /* hash, address, port, tags */
        return length > HASH + 10 && passes_user(c);
    case HASHES:
        cursor_skip(c, HASH);
        return (uint32_t)HASH * cursor_le16(c) + HASH + 3u == length;
    case MESSAGE:
        return passes_text(c, length);
    case SOURCES:
        return passes_sources(c, length);
    case SERVERS:
        return passes_servers(c, length);
    case FILE_NAME:
        cursor_skip(c, HASH);
        return cursor_le16(c) + HASH + 3u == length;
    case FILE_STATUS: /* a bit for each part */
        cursor_skip(c, HASH);
        return (cursor_le16(c) + 7u) / 8 + HASH + 3 == length;
    default:
        return false;
    }
}

static bool is_stream_protocol(int byte)
{
    return byte == EDONKEY || byte == EMULE || byte == PACKED;
}

enum answer edonkey_judge_stream(struct inspection *in, struct cursor c)
{
    uint8_t protocol = cursor_u8(&c);
    uint32_t length = cursor_le32(&c);
    uint8_t opcode = cursor_u8(&c);
    if (!is_stream_protocol(protocol))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (length == 0 || length > LENGTH_LIMIT)
        return NO;
    bool fits = passes_body(&c, protocol, opcode, length);
    if (c.ran_short)
        return length < 1024 ? likely_at_end(in, "message", &c) : short_of(in, &c);
    /* Deflated: 8 bits of the protocol, 11 of the length, 14 of zlib's head, some of the opcode. */
    if (!fits)
        return NO;
    return protocol == PACKED ? likely(in, "deflated message", &c) : yes(in, "message", &c);
}
