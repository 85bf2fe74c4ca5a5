/* SPDX-License-Identifier: MIT */
/*
 * FastCGI, specification 1.0 section 3.3: records of a head of eight bytes.
 *
 *     version 1, type, request (16), length (16), padding, reserved 0
 *
 * A web server begins with BEGIN_REQUEST (section 5.1): role, flags, five zeros. The application
 * answers with STDOUT (a CGI's headers) and END_REQUEST (section 5.5).
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { BEGIN_REQUEST = 1, ABORT_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT, STDERR, DATA };
enum { GET_VALUES = 9, GET_VALUES_RESULT, UNKNOWN_TYPE };
enum { ROLES = 3, BODY = 8, RECORDS = 6 };

struct record {
    uint8_t type, padding, reserved;
    uint16_t request, length;
};

static struct record record_head(struct cursor *c)
{
    struct record r = {0};
    uint8_t version = cursor_u8(c);
    r.type = version == 1 || c->ran_short ? cursor_u8(c) : 0;
    r.request = cursor_u16(c);
    r.length = cursor_u16(c);
    r.padding = cursor_u8(c);
    r.reserved = cursor_u8(c);
    return r;
}

static enum answer judge_begin(struct inspection *in, struct cursor c)
{
    uint16_t role = cursor_u16(&c);
    bool is_role = !c.ran_short && role >= 1 && role <= ROLES;
    uint8_t flags = cursor_u8(&c);
    uint32_t reserved = cursor_u32(&c);
    reserved |= cursor_u8(&c);
    if (c.ran_short)
        return is_role ? likely_at_end(in, "BEGIN_REQUEST", &c) : short_of(in, &c);
    bool is_request = is_role && flags <= 1 && reserved == 0;
    return is_request ? yes(in, "BEGIN_REQUEST", &c) : NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    struct record r = record_head(&c);
    if (c.ran_short)
        return cursor_starts_with(&in->client, "\1") ? short_of(in, &c) : NO;
    if (r.reserved != 0)
        return NO;
    if (r.type == BEGIN_REQUEST)
        return r.length == BODY && r.request ? judge_begin(in, c) : NO;
    if (r.type != GET_VALUES || r.request != 0)
        return NO;
    struct cursor names = cursor_take(&c, r.length);
    if (names.ran_short)
        return short_of(in, &c);
    return cursor_find_text(&names, "FCGI_M", 512) >= 0 ? yes(in, "GET_VALUES", &c) : NO;
}

/* The first lines of a CGI's answer, RFC 3875 section 6.3. */
static bool begins_headers(struct cursor body)
{
    static const char *const names[] = {
        "status:",  "content-", "location:", "x-powered-by:",   "set-cookie:", "cache-control:",
        "expires:", "pragma:",  "x-",        "access-control-", "vary:",       "link:",
        "date:",    "etag:",    NULL};
    for (unsigned i = 0; names[i]; i++) {
        if (cursor_accept_nocase(&body, names[i]))
            return true;
    }
    return false;
}

/* Section 5.5: the application's status (any), the protocol's (0 to 3), three zeros. */
static bool is_end(struct cursor body)
{
    cursor_u32(&body);
    return cursor_u8(&body) <= 3 && cursor_u24(&body) == 0 && !body.ran_short;
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    bool is_request_known = in->client.size > 0;
    for (unsigned i = 0; i < RECORDS && !cursor_at_end(&c); i++) {
        struct record r = record_head(&c);
        if (c.ran_short)
            return r.type || cursor_left(&c) == 0 || c.size < 2 ? short_of(in, &c) : NO;
        bool is_own = r.type == END_REQUEST || r.type == STDOUT || r.type == STDERR ||
                      r.type == GET_VALUES_RESULT || r.type == UNKNOWN_TYPE;
        if (!is_own || r.reserved != 0)
            return NO;
        if (is_request_known)
            return yes(in, "record", &c);
        struct cursor body = c;
        if (r.type == STDOUT && begins_headers(body))
            return yes(in, "STDOUT", &c);
        if (r.type == STDERR && cursor_starts_with(&body, "PHP message: "))
            return yes(in, "STDERR", &c);
        if (!cursor_skip(&c, (uint32_t)r.length + r.padding))
            return short_of(in, &c);
        if (r.type == END_REQUEST && r.length == BODY)
            return is_end(body) ? likely(in, "END_REQUEST", &c) : NO;
    }
    return short_of(in, &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\x01\x01\x00\x00\x00\x08\x00\x00", "\xff\xff\x00\x00\xff\xff\x00\xff"),
    SIGNATURE_MASKED(0, "\x01\x09\x00\x00\x00\x00\x00\x00", "\xff\xff\xff\xff\x00\x00\x00\xff"),
    SIGNATURE_MASKED(0, "\x01\x03\x00\x00\x00\x08\x00\x00", "\xff\xff\x00\x00\xff\xff\x00\xff"),
    SIGNATURE_MASKED(0, "\x01\x06\x00\x00\x00\x00\x00\x00", "\xff\xfe\x00\x00\x00\x00\x00\xff"),
    SIGNATURE(8, "PHP message: "),
    SIGNATURE_MASKED(0, "\x01\x0a\x00\x00\x00\x00\x00\x00", "\xff\xff\xff\xff\x00\x00\x00\xff"),
};

const struct cdpi_protocol cdpi_protocol_fastcgi = {
    .name = "FastCGI",
    .reference = "FastCGI specification 1.0 sections 3.3, 4 and 5",
    .transports = OVER_TCP,
    .category = CATEGORY_WEB,
    .tcp_ports = PORTS(9000),
    SIGNATURES(signatures),
    .validate = validate,
};
