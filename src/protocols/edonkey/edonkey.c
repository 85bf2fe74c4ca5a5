/* SPDX-License-Identifier: MIT */
/*
 * eDonkey, eMule and their hash table, as open clients (aMule, libed2k) speak them. Numbers are
 * little-endian. Streams, with servers and with peers:
 *
 *     0xe3 (0xc5: eMule's extension, 0xd4: deflated)  length (4)  opcode (1)  body
 *
 * Datagrams have no length: 0xe3 to and from servers, 0xe4 the hash table (Kademlia).
 * Obfuscated connections have no structure.
 */
#include "stream.h"

enum { STATUS_ASKED = 0x96, STATUS = 0x97, SOURCES_ASKED = 0x9a, SOURCES_FOUND = 0x9b };
enum { KAD_HELLO = 0x11, KAD_HELLO_ANSWER = 0x19, KAD_SEARCH = 0x21, KAD_CONTACTS = 0x29 };
enum { KAD_BOOTSTRAP_ANSWER = 0x09, CONTACT = 25, KAD_VERSIONS = 16 };
enum { KAD_PUBLISH_SOURCES = 0x44, KAD_FOUND = 0x3b, KAD_PACKED = 0xe5, TAGS = 32 };

/* Contacts: id, address, ports, version. The bits that their number and versions are worth. */
static unsigned contact_bits(struct cursor c, uint32_t count)
{
    unsigned bits = 0;
    if (cursor_left(&c) != count * CONTACT || count == 0)
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        cursor_skip(&c, CONTACT - 1);
        if (cursor_u8(&c) >= KAD_VERSIONS)
            return 0;
        bits += 4;
    }
    return bits + 11;
}

static unsigned hello_bits(struct cursor c)
{
    cursor_skip(&c, HASH + 2);
    uint8_t version = cursor_u8(&c), tags = cursor_u8(&c);
    if (c.ran_short || version >= KAD_VERSIONS || tags > 8 || (tags == 0 && !cursor_at_end(&c)))
        return 0;
    return tags ? 9 : 20;
}

/* Datagrams of one size: 8 bits. */
static const struct fixed fixed_datagrams[] = {
    {KAD, 0x01, 2},    /* who is there */
    {KAD, 0x33, 20},   /* search a word */
    {KAD, 0x34, 28},   /* search sources */
    {KAD, 0x35, 26},   /* search notes */
    {KAD, 0x4b, 19},   /* published */
    {KAD, 0x53, 21},   /* can I be reached */
    {KAD, 0x58, 6},    /* my address is */
    {KAD, 0x60, 2},    /* ping */
    {KAD, 0x61, 4},    /* pong */
    {EMULE, 0x90, 18}, /* am I still in the queue */
    {EMULE, 0x90, 20}, /* and how many sources are known */
    {EMULE, 0x91, 4},  /* a rank */
    {EMULE, 0x92, 2},  /* no such file */
    {EMULE, 0x93, 2},  /* the queue is full */
};

static unsigned fixed_bits(struct cursor c)
{
    uint8_t protocol = cursor_u8(&c), opcode = cursor_u8(&c);
    for (size_t i = 0; i < sizeof fixed_datagrams / sizeof fixed_datagrams[0]; i++) {
        const struct fixed *f = &fixed_datagrams[i];
        if (f->protocol == protocol && f->opcode == opcode && f->length == c.size)
            return 8;
    }
    return 0;
}

/* A tag of Kademlia: a kind that there is, then a name of one byte. */
static bool is_tag(struct cursor c)
{
    uint8_t kind = cursor_u8(&c);
    uint16_t name = cursor_le16(&c);
    return !c.ran_short && kind >= 1 && kind <= 11 && name == 1;
}

/* Deflated whole: any opcode of those that are long. */
static unsigned packed_bits(struct cursor c)
{
    uint8_t opcode = cursor_u8(&c);
    bool is_long = opcode == KAD_CONTACTS || opcode == KAD_BOOTSTRAP_ANSWER ||
                   opcode == KAD_FOUND || (opcode >= 0x43 && opcode <= 0x45);
    uint16_t head = cursor_u16(&c);
    return is_long && head >> 8 == 0x78 && head % 31 == 0 ? 12 : 0;
}

static unsigned kad_bits(struct cursor c)
{
    uint8_t opcode = cursor_u8(&c);
    switch (opcode) {
    case KAD_HELLO:
    case KAD_HELLO_ANSWER:
        return hello_bits(c);
    case KAD_SEARCH: { /* how many are wanted: 2, 4 or 11; target, recipient */
        uint8_t wanted = cursor_u8(&c);
        bool fits = wanted == 2 || wanted == 4 || wanted == 11;
        return fits && cursor_left(&c) == 2 * HASH ? 16 : 0;
    }
    case KAD_CONTACTS:
        cursor_skip(&c, HASH);
        uint8_t count = cursor_u8(&c);
        return contact_bits(c, count);
    case KAD_FOUND: { /* who answers, what was asked for, how many, then the first's id and tags */
        cursor_skip(&c, 2 * HASH);
        uint16_t found = cursor_le16(&c);
        bool is_empty = found == 0 && cursor_at_end(&c);
        cursor_skip(&c, HASH);
        uint8_t tags = cursor_u8(&c);
        if (is_empty)
            return 16;
        return found && found <= 300 && tags && tags <= TAGS && is_tag(c) ? 20 : 0;
    }
    case KAD_PUBLISH_SOURCES: { /* which file, who has it, tags */
        cursor_skip(&c, 2 * HASH);
        uint8_t tags = cursor_u8(&c);
        return tags && tags <= TAGS && is_tag(c) ? 16 : 0;
    }
    case KAD_BOOTSTRAP_ANSWER: /* id, port, version, how many (2) */
        cursor_skip(&c, HASH + 2 + 1);
        uint16_t contacts = cursor_le16(&c);
        return contact_bits(c, contacts);
    default:
        return 0;
    }
}

static unsigned server_bits(struct cursor c)
{
    uint8_t opcode = cursor_u8(&c);
    if (opcode == STATUS_ASKED)
        return c.size == 6 ? 8 : 0;
    if (opcode == STATUS)
        return c.size >= 14 && c.size <= 64 ? 4 : 0;
    if (opcode == SOURCES_ASKED) /* hashes, or hashes and sizes */
        return c.size > HASH && (cursor_left(&c) % HASH == 0 || cursor_left(&c) % 20 == 0) ? 3 : 0;
    if (opcode != SOURCES_FOUND)
        return 0;
    cursor_skip(&c, HASH);
    uint8_t count = cursor_u8(&c);
    return count && cursor_left(&c) == 6u * count ? 14 : 0;
}

/* Protocol and opcode are 16 bits, what the body is worth comes on top. 0: it does not fit. */
static unsigned datagram_bits(struct cursor c)
{
    struct cursor all = c;
    uint8_t protocol = cursor_u8(&c);
    unsigned bits = fixed_bits(all);
    if (protocol == KAD_PACKED)
        bits = packed_bits(c);
    if (bits == 0 && (protocol == KAD || protocol == EDONKEY))
        bits = protocol == KAD ? kad_bits(c) : server_bits(c);
    return bits ? 16 + bits : 0;
}

/* A status brings the challenge back, contacts the target that was asked for. */
static bool is_answer(struct cursor asked, struct cursor answer)
{
    uint16_t question = cursor_u16(&asked), kind = cursor_u16(&answer);
    if (question == (EDONKEY << 8 | STATUS_ASKED) && kind == (EDONKEY << 8 | STATUS))
        return cursor_peek_u32(&asked, 0) == cursor_peek_u32(&answer, 0);
    if (question != (KAD << 8 | KAD_SEARCH) || kind != (KAD << 8 | KAD_CONTACTS))
        return false;
    return cursor_skip(&asked, 1) && cursor_left(&answer) >= HASH &&
           cursor_starts(&asked, answer.data + answer.at, HASH);
}

static enum answer judge_datagrams(struct inspection *in)
{
    unsigned bits = 0;
    const struct cursor *sides[2] = {&in->client, &in->server};
    for (int i = 0; i < 2; i++) {
        if (sides[i]->size == 0)
            continue;
        unsigned more = datagram_bits(*sides[i]);
        if (more == 0)
            return NO;
        bits += more;
    }
    struct cursor c = in->server.size ? in->server : in->client;
    cursor_skip(&c, 2);
    if (is_answer(in->client, in->server) || is_answer(in->server, in->client))
        return yes(in, "question and answer", &c);
    /* Contacts may answer an earlier search; a status without its challenge is none. */
    uint16_t kind = cursor_peek_u16(&in->client, 0);
    if (both_spoke(in) &&
        (kind == (EDONKEY << 8 | STATUS) || kind == (EDONKEY << 8 | STATUS_ASKED)))
        return NO;
    if (!both_spoke(in) && bits < BITS_FOR_LIKELY)
        return wants(in, in->client.size ? SERVER : CLIENT, 1);
    return answer_by_bits(in, bits, "datagram", &c);
}

static enum answer validate(struct inspection *in)
{
    return is_udp(in) ? judge_datagrams(in)
                      : judge_joined(in, edonkey_judge_stream, edonkey_judge_stream);
}

static const struct signature signatures[] = {
    /* A length below 16 MiB. */
    {.transports = OVER_TCP,
     .offset = 0,
     .size = 5,
     .bytes = "\xe3\0\0\0\0",
     .mask = "\xff\0\0\0\xff"},
    {.transports = OVER_TCP,
     .offset = 0,
     .size = 5,
     .bytes = "\xc5\0\0\0\0",
     .mask = "\xff\0\0\0\xff"},
    {.transports = OVER_TCP,
     .offset = 0,
     .size = 5,
     .bytes = "\xd4\0\0\0\0",
     .mask = "\xff\0\0\0\xff"},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe3\x96"},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe4\x01", .max_size = 2},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe4\x33", .max_size = 20},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe4\x34", .max_size = 28},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe4\x35", .max_size = 26},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe4\x4b", .max_size = 19},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe4\x53", .max_size = 21},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe4\x58", .max_size = 6},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe4\x60", .max_size = 2},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe4\x61", .max_size = 4},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xc5\x90", .max_size = 20},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xc5\x91", .max_size = 4},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xc5\x92", .max_size = 2},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xc5\x93", .max_size = 2},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe3\x97"},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe3\x9a"},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe3\x9b"},
    {.transports = OVER_UDP,
     .offset = 0,
     .size = 3,
     .bytes = "\xe5\0\x78",
     .mask = "\xff\x80\xff",
     .min_size = 64},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe4\x3b"},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe4\x44"},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe4\x09"},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe4\x11"},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe4\x19"},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe4\x21"},
    {.transports = OVER_UDP, .offset = 0, .size = 2, .bytes = "\xe4\x29"},
};

const struct cdpi_protocol cdpi_protocol_edonkey = {
    .name = "eDonkey",
    .reference = "open clients (aMule, libed2k): opcodes of servers, peers and Kademlia",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_FILE_SHARING,
    .tcp_ports = PORTS(4661, 4662),
    .udp_ports = PORTS(4665, 4672),
    SIGNATURES(signatures),
    .validate = validate,
};
