/* SPDX-License-Identifier: MIT */
/*
 * RADIUS, RFC 2865 section 3:  code(1) identifier(1) size(2) authenticator(16) attributes
 * Attributes (section 5) are type, size, value, and fill the message; many have values of a fixed
 * size. Accounting is RFC 2866, disconnects and changes RFC 5176.
 */
#include "protocols/protocol.h"

enum { USER_NAME = 1, HEADER = 20, SIZE_LIMIT = 4096, ACCESS_CHALLENGE = 11, STATUS_SERVER = 12 };

/* Answers may have no attributes: what is accepted, accounted, done or refused. */
static bool may_be_bare(uint8_t code)
{
    return code == 2 || code == 3 || code == 5 || code == 41 || code == 42 || code == 44 ||
           code == 45;
}

/* What the walk through the attributes found. */
struct attributes {
    unsigned count, fixed; /* how many; of these, known types of their one size */
};

static bool is_code(uint8_t code)
{
    return (code >= 1 && code <= 5) || (code >= ACCESS_CHALLENGE && code <= STATUS_SERVER) ||
           (code >= 40 && code <= 45);
}

/* Types whose values are integers, addresses or times (RFC 2865, 2866, 2869) take 6 bytes; a
 * message authenticator takes 18. 0: any size. */
static uint8_t fixed_size(uint8_t type)
{
    static const uint8_t integers[] = {4,  5,  6,  7,  8,  9,  10, 12, 13, 14, 15, 16, 23,
                                       27, 28, 29, 37, 38, 40, 41, 42, 43, 45, 46, 47, 48,
                                       49, 51, 52, 53, 55, 61, 62, 72, 73, 75, 76, 85, 86};
    if (type == 80)
        return 18;
    for (size_t i = 0; i < sizeof integers; i++) {
        if (integers[i] == type)
            return 6;
    }
    return 0;
}

static bool walk(struct cursor c, uint32_t end, bool cut, struct attributes *found)
{
    while (c.at < end) {
        uint8_t type = cursor_u8(&c), size = cursor_u8(&c);
        if (!c.ran_short && (type == 0 || size < 2))
            return false;
        if (!c.ran_short && fixed_size(type)) {
            if (size != fixed_size(type))
                return false;
            found->fixed++;
        }
        if (!cursor_skip(&c, size - 2u) || c.ran_short)
            return cut;
        found->count++;
    }
    return c.at == end;
}

static bool is_answer_to_client(const struct inspection *in, const struct cursor *c, uint8_t id)
{
    return c->side == SERVER && in->client.size > 1 && cursor_peek(&in->client, 1) == id;
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct attributes found = {0, 0};
    uint8_t code = cursor_u8(&c), id = cursor_u8(&c);
    uint16_t size = cursor_u16(&c);
    bool cut = is_cut(in, &c);
    if (!is_code(code) || size < HEADER || size > SIZE_LIMIT || !cursor_skip(&c, 16))
        return NO;
    int first = cursor_peek(&c, 0);
    uint32_t whole = uncut_size(in, &c);
    if (size > whole)
        return NO;
    if (!walk(c, size, cut, &found))
        return NO;
    cursor_seek(&c, size < c.size ? size : c.size);
    if (size < whole) /* section 3: what is past its size is padding */
        return found.fixed >= 2 ? likely(in, "padded message", &c) : NO;
    if (found.fixed >= 2 || is_answer_to_client(in, &c, id))
        return yes(in, "message", &c);
    /* Of a cut one, what its first attribute begins as; else the other side has to bear it. */
    bool is_begun = cut && (found.fixed > 0 || first == USER_NAME);
    if (found.count > 0 || is_begun || (may_be_bare(code) && size == c.size))
        return likely(in, "message", &c);
    return cut ? MORE : NO;
}

/* An answer's identifier is its request's (section 3), which makes up for a short one. */
static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge, judge);
    bool same = both_spoke(in) && cursor_peek(&in->client, 1) == cursor_peek(&in->server, 1);
    return answer == LIKELY && same ? answer_at(in, YES, "request and answer", SERVER, 0, HEADER)
                                    : answer;
}

static const struct signature signatures[] = {
    {.size = 3, .bytes = "\0\0\0", .mask = "\xf0\0\xf0", .min_size = HEADER + 13},
    {.size = 1, .bytes = "\0", .mask = "\xf0", .min_size = HEADER, .length = {2, 2, false, 0}},
    {.size = 1, .bytes = "\x28", .mask = "\xf8", .min_size = HEADER, .length = {2, 2, false, 0}},
};

const struct cdpi_protocol cdpi_protocol_radius = {
    .name = "RADIUS",
    .reference = "RFC 2865 sections 3 and 5, RFC 2866, RFC 5176",
    .transports = OVER_UDP,
    .category = CATEGORY_DIRECTORY,
    .udp_ports = PORTS(1812, 1813, 1645, 1646, 3799),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
};
