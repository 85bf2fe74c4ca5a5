/* SPDX-License-Identifier: MIT */
/*
 * PostgreSQL, its manual, chapter "Frontend/Backend Protocol". The client begins with
 *
 *     length(4) 80877103 | 80877104        asks for TLS or GSSAPI
 *     length(4) 80877102 process key       cancels
 *     length(4) 196608 "user\0name\0...\0" starts (3.0; 3.2 since version 18)
 *
 * and the server answers 'S', 'N' or 'G', or with messages: type(1) length(4) body, of which
 * authentication 'R' or an error 'E' comes first. A session that is joined late is known by
 * messages that follow each other.
 */
#include "protocols/protocol.h"
#include "protocols/starttls.h"

enum {
    CANCEL = 80877102,
    TLS = 80877103,
    GSS = 80877104,
    VERSION_2 = 2 << 16, /* until 7.3: fields of fixed sizes */
    VERSION_2_SIZE = 296,
    VERSION_3 = 3,
    LAST_MINOR = 2,
    STARTUP_LIMIT = 8192,
    MESSAGE_LIMIT = 1 << 20,
    LAST_AUTHENTICATION = 12,
    MESSAGE_BITS = 15,
    QUERY_BITS = 26
};

/* "user\0" first, as all drivers send it, or another parameter of letters. */
static enum answer judge_startup(struct inspection *in, struct cursor c, uint32_t length)
{
    static const char *const names[] = {"user",    "database",        "application_name",
                                        "options", "client_encoding", "replication",
                                        "_pq_.",   "datestyle",       "extra_float_digits"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct cursor rest = c;
        if (cursor_accept_nocase(&rest, names[i]))
            return length >= 12 ? yes(in, "startup", &rest) : NO;
    }
    return cursor_left(&c) < 18 ? short_of(in, &c) : NO;
}

static unsigned client_message(uint8_t type)
{
    return memchr("BCDEFHPQSXpdcf", type, 14) ? MESSAGE_BITS : 0;
}

static unsigned server_message(uint8_t type)
{
    return memchr("123ACDEGHIKNRSTVWZdcnstv", type, 24) ? MESSAGE_BITS : 0;
}

/* "md5" and a digest of 32 digits, or a mechanism's name. */
static bool is_password(struct cursor c, uint32_t length)
{
    return (length == 40 && cursor_starts_with(&c, "md5")) ||
           cursor_starts_with(&c, "SCRAM-SHA-256");
}

/* A simple query: text, and a zero at its end. */
static bool is_query(struct cursor c, uint32_t size)
{
    struct cursor text = cursor_take(&c, size);
    if (text.ran_short || size < 4 || cursor_find(&text, 0, size) != (int32_t)size - 1)
        return false;
    while (cursor_left(&text) > 1) {
        uint8_t byte = cursor_u8(&text);
        if (byte < ' ' && byte != '\t' && byte != '\r' && byte != '\n')
            return false;
    }
    return true;
}

/* Messages one after the other; what a message of one size holds adds to it. */
static enum answer judge_messages(struct inspection *in, struct cursor c)
{
    unsigned bits = 0;
    while (bits < BITS_FOR_YES && !cursor_at_end(&c)) {
        uint8_t type = cursor_u8(&c);
        uint32_t length = cursor_u32(&c);
        unsigned worth = c.side == CLIENT ? client_message(type) : server_message(type);
        if (!worth)
            return NO;
        /* Whoever cannot start a process says so in the form of before 3.0. */
        if (bits == 0 && c.side == SERVER && length == 0x46415441) /* "EFATA" */
            return cursor_starts_with(&c, "L:") ? yes(in, "refusal", &c) : short_of(in, &c);
        if (c.ran_short)
            break;
        if (length < 4 || length > MESSAGE_LIMIT)
            return NO;
        uint32_t first = cursor_peek_u32(&c, 0);
        if (type == 'R' && c.side == SERVER && cursor_left(&c) >= 4 && length >= 8) {
            if (first > LAST_AUTHENTICATION)
                return NO;
            worth += 28;
        }
        if (type == 'Z' && c.side == SERVER && length != 5)
            return NO;
        if (type == 'E' && c.side == SERVER && cursor_left(&c) >= 4)
            worth += cursor_starts_with(&c, "SERR") || cursor_starts_with(&c, "SFAT") ||
                             cursor_starts_with(&c, "SPAN")
                         ? 32
                         : 0;
        if (type == 'p' && c.side == CLIENT && is_password(c, length))
            worth += QUERY_BITS;
        if (type == 'X' && length == 4 && c.side == CLIENT && cursor_at_end(&c) && in->is_final)
            worth += BITS_FOR_LIKELY - MESSAGE_BITS;
        if (type == 'Q' && c.side == CLIENT && is_query(c, length - 4))
            worth += QUERY_BITS;
        bits += worth;
        if (!cursor_skip(&c, length - 4)) {
            c.ran_short = true;
            break;
        }
    }
    return answer_by_bits(in, bits, c.side == CLIENT ? "messages" : "server's messages", &c);
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    struct cursor start = c;
    uint32_t length = cursor_u32(&c), code = cursor_u32(&c);
    if (c.ran_short)
        return cursor_peek(&start, 0) == 0 ? short_of(in, &c) : judge_messages(in, start);
    if (length == 8 && (code == TLS || code == GSS))
        return yes(in, code == TLS ? "asks for TLS" : "asks for GSSAPI", &c);
    if (length == VERSION_2_SIZE && code == VERSION_2)
        return yes(in, "startup of version 2", &c);
    if (length == 16 && code == CANCEL)
        return yes(in, "cancels", &c);
    if (code >> 16 == VERSION_3 && (code & 0xffff) <= LAST_MINOR && length <= STARTUP_LIMIT)
        return judge_startup(in, c, length);
    return judge_messages(in, start);
}

/* One letter answers the question for TLS; alone it says nothing. */
static enum answer judge_server(struct inspection *in, struct cursor c)
{
    uint32_t asked = cursor_peek_u32(&in->client, 4);
    int letter = cursor_peek(&c, 0);
    if (in->client.size > 0 && in->client.size < 8 && !in->is_final)
        return wants(in, CLIENT, 8);
    bool is_asked = asked == TLS || asked == GSS;
    if (is_asked && (letter == 'S' || letter == 'N' || letter == 'G')) {
        cursor_skip(&c, 1);
        return yes(in, "answers", &c);
    }
    return judge_messages(in, c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

/* SSLRequest or GSSENCRequest come first, or never: manual, section 55.2.11. */
static enum follow_answer follow(struct follow *f, struct cursor *payload)
{
    bool is_first = payload->side == CLIENT && !f->state[0];
    if (is_first && !cursor_starts_with(payload, "\0\0\0\x08\x04\xd2\x16") && !tls_begins(payload))
        return FOLLOW_DONE;
    if (payload->side == CLIENT)
        f->state[0] = 1;
    return follow_starttls(f, payload);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0\0\x08\x04\xd2\x16\x2e", "\xff\xff\xff\xff\xff\xff\xff\xfe"),
    SIGNATURE(0, "\0\0\0\x08\x04\xd2\x16\x30"),
    SIGNATURE(0, "\0\0\0\x10\x04\xd2\x16\x2e"),
    SIGNATURE_MASKED(0, "\0\0\0\0\0\x03\0\0", "\xff\xff\xe0\0\xff\xff\xff\xfc"),
    SIGNATURE_MASKED(0, "R\0\0\0\0\0\0\0\0", "\xff\xff\xff\0\0\xff\xff\xff\xf0"),
    SIGNATURE_MASKED(0, "E\0\0\0\0S", "\xff\xff\xff\0\0\xff"),
    SIGNATURE(0, "\0\0\x01\x28\0\x02\0\0"),
    SIGNATURE(0, "EFATAL:"),
    SIGNATURE(0, "Z\0\0\0\x05"),
    SIGNATURE_MASKED(0, "T\0\0\0\0\0", "\xff\xff\xff\0\0\xff"),
    SIGNATURE_MASKED(0, "Q\0\0\0\0", "\xff\xff\xff\xe0\0"),
    SIGNATURE_MASKED(0, "P\0\0\0\0", "\xff\xff\xff\xe0\0"),
    SIGNATURE_MASKED(0, "C\0\0\0\0", "\xff\xff\xff\xff\x80"),
    SIGNATURE(0, "1\0\0\0\x04"),
    SIGNATURE(0, "2\0\0\0\x04"),
    SIGNATURE(0, "X\0\0\0\x04"),
    SIGNATURE_MASKED(0, "p\0\0\0\0", "\xff\xff\xff\xff\0"),
    SIGNATURE_MASKED(0, "B\0\0\0\0", "\xff\xff\xff\xe0\0"),
};

const struct cdpi_protocol cdpi_protocol_postgresql = {
    .name = "PostgreSQL",
    .reference = "PostgreSQL 16 manual, chapter 55: message formats",
    .transports = OVER_TCP,
    .category = CATEGORY_DATABASE,
    .tcp_ports = PORTS(5432),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = follow,
};
