/* SPDX-License-Identifier: MIT */
/*
 * TDS, Microsoft's SQL Server, [MS-TDS] section 2.2.3.1: type(1) status(1) size(2) process(2)
 * packet(1) window(1) = 0, then
 *
 *     0x12 pre-login: options of token, offset, size, up to ff (2.2.6.5); its answer has type 4
 *     0x10 login: its size, little-endian, and a version of TDS (2.2.6.4)
 *     1 batch, 3 call: headers of a little-endian size, or none in old versions (2.2.6.7, 2.2.6.6)
 *     4 response: tokens (2.2.7)
 */
#include "protocols/protocol.h"

enum {
    HEADER = 8,
    BATCH = 1,
    OLD_LOGIN = 2,
    CALL = 3,
    RESPONSE = 4,
    ATTENTION = 6,
    BULK = 7,
    TRANSACTION = 14,
    LOGIN = 16,
    SSPI = 17,
    PRELOGIN = 18,
    LAST_PACKET = 1,
    STATUS_BITS = 0x1f,
    LAST_OPTION = 8,
    END_OF_OPTIONS = 0xff,
    SIZE_LIMIT = 32767
};

/* 2.2.6.5: TLS' handshake goes in packets of this type. */
static bool is_tls(const struct cursor *c)
{
    return cursor_peek(c, 0) == 0x16 && cursor_peek(c, 1) == 3;
}

/* 2.2.6.5: the first option's data begin right after the list; each next where the one before
 * ended. */
static bool is_prelogin(struct cursor *c, uint16_t size)
{
    uint32_t body = c->at, expected = 0;
    if (is_tls(c))
        return cursor_skip(c, 2);
    uint8_t token = cursor_u8(c);
    while (!c->ran_short && token != END_OF_OPTIONS) {
        uint16_t offset = cursor_u16(c), length = cursor_u16(c);
        if (c->ran_short)
            return true;
        if (token > LAST_OPTION || offset + length > size - HEADER)
            return false;
        if (expected != 0 && offset != expected)
            return false;
        expected = offset + (uint32_t)length;
        token = cursor_u8(c);
    }
    return c->ran_short || (expected != 0 && c->at - body < (uint32_t)size - HEADER);
}

/* 2.2.6.4: 7.0 to 7.4, and 8.0. */
static bool is_login(struct cursor *c, uint16_t size)
{
    uint32_t length = cursor_le32(c);
    uint32_t version = cursor_le32(c);
    uint8_t major = (uint8_t)(version >> 24);
    return c->ran_short || (length >= (uint32_t)size - HEADER && length <= 0x20000 &&
                            (major >> 4 == 7 || major == 8) && (version & 0xff) <= 8);
}

/* 2.2.5.2: all headers' size, then one of 18 bytes and type 2 (transaction) or so. */
static bool has_headers(struct cursor c)
{
    uint32_t all = cursor_le32(&c), first = cursor_le32(&c);
    uint16_t type = cursor_le16(&c);
    return !c.ran_short && all >= 10 && all < 512 && first + 4 <= all && type >= 1 && type <= 3;
}

/* Old versions: a batch is UTF-16 at once; a call has a name's length, or ffff and a number. */
static bool is_old_request(struct cursor c, uint8_t type)
{
    if (type == CALL) {
        uint16_t length = cursor_le16(&c);
        if (length == 0xffff)
            return true;
        if (length == 0 || length > 128)
            return false;
    }
    for (unsigned i = 0; i < 4; i++) {
        uint8_t low = cursor_u8(&c), high = cursor_u8(&c);
        if (!c.ran_short &&
            (high != 0 || ((low < ' ' || low > '~') && low != '\n' && low != '\r' && low != '\t')))
            return false;
    }
    return true;
}

static bool is_request(struct cursor *c, uint8_t type)
{
    struct cursor body = *c;
    cursor_skip(c, 10);
    return c->ran_short || has_headers(body) || (type != TRANSACTION && is_old_request(body, type));
}

/* TDS 4.2 and 5.0 (Sybase' "TDS 5.0 Functional Specification", login record): texts of 30 bytes,
 * each with its length after it: host, user, password. */
static bool is_old_login(struct cursor *c, uint16_t size)
{
    bool fits = size >= 512 && size < 768; /* whole, or as much of it as a packet holds */
    for (unsigned text = 0; text < 3; text++) {
        cursor_skip(c, 30);
        uint8_t length = cursor_u8(c);
        if (!c->ran_short && length > 30)
            fits = false;
    }
    return fits;
}

static bool is_token(uint8_t token)
{
    static const uint8_t tokens[] = {0x79, 0x81, 0x88, 0xa4, 0xa5, 0xa9, 0xaa, 0xab, 0xac, 0xad,
                                     0xae, 0xd1, 0xd2, 0xe3, 0xe4, 0xed, 0xee, 0xfd, 0xfe, 0xff};
    for (size_t i = 0; i < sizeof tokens; i++) {
        if (tokens[i] == token)
            return true;
    }
    return false;
}

/* A response begins with a token, or is that to a pre-login. */
static bool is_response(struct cursor *c, uint16_t size)
{
    int token = cursor_peek(c, 0);
    if (token == 0)
        return is_prelogin(c, size);
    cursor_skip(c, 1);
    return c->ran_short || is_token((uint8_t)token);
}

static bool is_body(struct cursor *c, uint8_t type, uint16_t size)
{
    switch (type) {
    case PRELOGIN:
        return is_prelogin(c, size);
    case OLD_LOGIN:
        return is_old_login(c, size);
    case LOGIN:
        return is_login(c, size);
    case BATCH:
    case CALL:
    case TRANSACTION:
        return is_request(c, type);
    case SSPI:
        return cursor_may_start_with(c, "NTLMSSP\0") && (cursor_skip(c, 8), true);
    case RESPONSE:
        return is_response(c, size);
    case ATTENTION:
        return size == HEADER;
    default:
        return false;
    }
}

/* What a header and a little body are worth: login messages are enough; others must end where the
 * bytes do, or be borne by the other side. */
static enum answer weigh(struct inspection *in, const struct cursor *c, struct cursor body,
                         uint8_t type, uint16_t size)
{
    if (type == PRELOGIN || type == LOGIN || type == OLD_LOGIN)
        return yes(in, type == PRELOGIN ? "pre-login" : "login", c);
    if (both_spoke(in))
        return yes(in, type == RESPONSE ? "response" : "request", c);
    if (type != RESPONSE && type != ATTENTION && has_headers(body))
        return likely(in, "request with headers", c);
    if (c->size >= size || c->size >= 512)
        return type == ATTENTION && c->size != HEADER
                   ? NO
                   : likely(in, type == RESPONSE ? "response" : "request", c);
    return in->is_final ? NO : wants(in, (enum side)c->side, size < 512 ? size : 512);
}

/* The server sends responses only, the client all else. */
static enum answer judge(struct inspection *in, struct cursor c)
{
    uint8_t type = cursor_u8(&c), status = cursor_u8(&c);
    uint16_t size = cursor_u16(&c);
    cursor_skip(&c, 2);
    uint8_t packet = cursor_u8(&c), window = cursor_u8(&c);
    if ((type == RESPONSE) != (c.side == SERVER) || type > PRELOGIN || status & ~STATUS_BITS ||
        window != 0)
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (size < HEADER || size > SIZE_LIMIT || packet > (type == OLD_LOGIN ? 2 : 1) ||
        (type == RESPONSE && status > LAST_PACKET))
        return NO; /* the other bits are the client's, section 2.2.3.1.2 */
    struct cursor body = c;
    if (!is_body(&c, type, size))
        return NO;
    return c.ran_short ? short_of(in, &c) : weigh(in, &c, body, type, size);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

/* The client's process number is 0. */
static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x02\0\x02\0\0\0\0\0", "\xff\xfe\xff\0\xff\xff\xfc\xff"),
    SIGNATURE_MASKED(0, "\x10\0\0\0\0\0\0\0", "\xfd\xe0\x80\0\xff\xff\xfe\xff"),
    SIGNATURE_MASKED(0, "\x01\0\0\0\0\0\0\0", "\xfd\xe0\x80\0\xff\xff\xfe\xff"),
    SIGNATURE(0, "\x06\x01\0\x08\0\0\x01\0"),
    SIGNATURE_MASKED(0, "\x0e\0\0\0\0\0\0\0", "\xff\xe0\x80\0\xff\xff\xfe\xff"),
    SIGNATURE_MASKED(0, "\x11\0\0\0\0\0\0\0NTLMSSP",
                     "\xff\xe0\x80\0\xff\xff\xfe\xff\xff\xff\xff\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\x04\0\0\0\0\0\0\0", "\xff\xe0\x80\0\0\0\xfe\xff"),
};

const struct cdpi_protocol cdpi_protocol_tds = {
    .name = "TDS",
    .reference = "[MS-TDS] section 2.2",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(1433),
    SIGNATURES(signatures),
    .validate = validate,
};
