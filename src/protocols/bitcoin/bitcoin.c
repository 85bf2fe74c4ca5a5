/* SPDX-License-Identifier: MIT */
/*
 * Bitcoin's peers, and those of the many currencies that took the protocol over (bitcoin.org,
 * developer reference, "Message headers"):
 *
 *     network (4)  command (12, text and zeros)  length (4, little-endian)  checksum (4)  payload
 *
 * Each side begins with a version; before 2012 that had no checksum. The network's number tells the
 * currencies apart; where the version is missing (a session under way), a number that is known
 * counts, or a command that is ("P2P network", "Control messages" and "Data messages") with a
 * payload of its size. What BIP 324 encrypts has no structure.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 20,
    COMMAND = 12,
    PAYLOAD_LIMIT = 32 << 20,
    VERSION_LEAST = 85,
    VERSION_MOST = 600
};

/* Lower-case letters and digits, at least two, then zeros. */
static bool is_command(struct cursor c)
{
    uint32_t n = 0;
    while (n < COMMAND && cursor_peek(&c, 0) > 0) {
        int byte = cursor_u8(&c);
        if ((byte < 'a' || byte > 'z') && (byte < '0' || byte > '9'))
            return false;
        n++;
    }
    uint32_t letters = n;
    for (; n < COMMAND; n++) {
        if (cursor_u8(&c) != 0)
            return false;
    }
    return letters >= 2;
}

/* The protocol's version, services, and the sender's clock, which is after 2009 and before 2100. */
static bool is_version(struct cursor c, uint32_t at)
{
    cursor_seek(&c, at);
    uint32_t version = cursor_le32(&c);
    cursor_skip(&c, 8);
    uint64_t clock = cursor_le64(&c);
    return version >= 100 && version < 100000000 && clock > 1230000000 && clock < 4102444800;
}

static bool is_network(uint32_t network)
{
    switch (network) {
    case 0xf9beb4d9: /* Bitcoin */
    case 0x0b110907: /* test network 3 */
    case 0x1c163f28: /* test network 4 */
    case 0x0a03cf40: /* signet */
    case 0xfabfb5da: /* regression tests */
    case 0xe3e1f3e8: /* Bitcoin Cash */
    case 0xf9beb4fe: /* Namecoin */
    case 0xfbc0b6db: /* Litecoin */
    case 0xc0c0c0c0: /* Dogecoin */
    case 0xbf0c6bbd: /* Dash */
    case 0x24e92764: /* Zcash */
        return true;
    default:
        return false;
    }
}

/* Commands that every currency has, and how long what they bring is. */
static bool is_known_command(struct cursor command, uint32_t length)
{
    static const struct {
        char name[COMMAND + 1];
        uint32_t least, most;
    } commands[] = {
        {"verack", 0, 0},
        {"ping", 8, 8},
        {"pong", 8, 8},
        {"inv", 37, 50000 * 36 + 3},
        {"addr", 31, 30003},
        {"addrv2", 10, 600000},
        {"getaddr", 0, 0},
        {"getdata", 37, 50000 * 36 + 3},
        {"getheaders", 69, 3500},
        {"getblocks", 69, 16100},
        {"headers", 1, 2000 * 81 + 3},
        {"tx", 60, PAYLOAD_LIMIT},
        {"block", 81, PAYLOAD_LIMIT},
        {"cmpctblock", 90, PAYLOAD_LIMIT},
        {"notfound", 37, 50000 * 36 + 3},
        {"sendheaders", 0, 0},
        {"sendcmpct", 9, 9},
        {"feefilter", 8, 8},
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (cursor_starts(&command, commands[i].name, COMMAND))
            return length >= commands[i].least && length <= commands[i].most;
    }
    return false;
}

/* A header that is not all there: a known network, and a command or the first letters of the
 * version. */
static enum answer judge_begun(struct inspection *in, struct cursor c)
{
    bool is_known = is_network(cursor_u32(&c));
    uint32_t have = cursor_left(&c);
    bool is_whole = have >= COMMAND && is_command(cursor_ahead(&c, COMMAND));
    bool is_version_begun =
        have >= 4 && have < COMMAND && cursor_may_start_with(&c, "version\0\0\0\0\0");
    cursor_skip(&c, have);
    return is_known && (is_whole || is_version_begun) ? likely_at_end(in, "message", &c)
                                                      : short_of(in, &c);
}

static enum answer judge_message(struct inspection *in, struct cursor c)
{
    struct cursor all = c;
    uint32_t network = cursor_u32(&c);
    struct cursor command = cursor_take(&c, COMMAND);
    uint32_t length = cursor_le32(&c);
    if (c.ran_short)
        return judge_begun(in, all);
    if (!is_command(command) || length > PAYLOAD_LIMIT)
        return NO;
    if (!cursor_starts_with(&command, "version\0\0\0\0\0"))
        return is_network(network) || is_known_command(command, length) ? yes(in, "message", &c)
                                                                        : NO;
    if (length < VERSION_LEAST || length > VERSION_MOST)
        return NO;
    if (!cursor_skip(&c, 24))
        return likely_at_end(in, "version", &c);
    if (is_version(all, HEADER) || is_version(all, HEADER + 4))
        return yes(in, "version", &c);
    return NO;
}

static enum answer validate(struct inspection *in)
{
    if (!in->is_midstream && in->client.size >= 4 && in->server.size >= 4 &&
        cursor_peek_u32(&in->client, 0) != cursor_peek_u32(&in->server, 0))
        return NO;
    return judge_joined(in, judge_message, judge_message);
}

static const struct signature signatures[] = {
    SIGNATURE(4, "version\0\0\0\0\0"),
    SIGNATURE(0, "\xf9\xbe\xb4\xd9"),
    SIGNATURE(0, "\x0b\x11\x09\x07"),
    SIGNATURE(0, "\x1c\x16\x3f\x28"),
    SIGNATURE(0, "\x0a\x03\xcf\x40"),
    SIGNATURE(0, "\xfa\xbf\xb5\xda"),
    SIGNATURE(0, "\xe3\xe1\xf3\xe8"),
    SIGNATURE(0, "\xf9\xbe\xb4\xfe"),
    SIGNATURE(0, "\xfb\xc0\xb6\xdb"),
    SIGNATURE(0, "\xc0\xc0\xc0\xc0"),
    SIGNATURE(0, "\xbf\x0c\x6b\xbd"),
    SIGNATURE(0, "\x24\xe9\x27\x64"),
    /* Commands of any network. */
    SIGNATURE(4, "verack\0\0\0\0\0\0"),
    SIGNATURE(4, "ping\0\0\0\0\0\0\0\0"),
    SIGNATURE(4, "pong\0\0\0\0\0\0\0\0"),
    SIGNATURE(4, "inv\0\0\0\0\0\0\0\0\0"),
    SIGNATURE(4, "addr\0\0\0\0\0\0\0\0"),
    SIGNATURE(4, "addrv2\0\0\0\0\0\0"),
    SIGNATURE(4, "getaddr\0\0\0\0\0"),
    SIGNATURE(4, "getdata\0\0\0\0\0"),
    SIGNATURE(4, "getheaders\0\0"),
    SIGNATURE(4, "getblocks\0\0\0"),
    SIGNATURE(4, "headers\0\0\0\0\0"),
    SIGNATURE(4, "tx\0\0\0\0\0\0\0\0\0\0"),
    SIGNATURE(4, "block\0\0\0\0\0\0\0"),
    SIGNATURE(4, "cmpctblock\0\0"),
    SIGNATURE(4, "notfound\0\0\0\0"),
    SIGNATURE(4, "sendheaders\0"),
    SIGNATURE(4, "sendcmpct\0\0\0"),
    SIGNATURE(4, "feefilter\0\0\0"),
};

const struct cdpi_protocol cdpi_protocol_bitcoin = {
    .name = "Bitcoin",
    .reference = "bitcoin.org developer reference, P2P network: message headers, version",
    .transports = OVER_TCP,
    .category = CATEGORY_CRYPTOCURRENCY,
    .tcp_ports = PORTS(8333, 18333, 48333, 38333, 18444, 9333, 22556, 9999, 8233),
    SIGNATURES(signatures),
    .validate = validate,
};
