/* SPDX-License-Identifier: MIT */
/*
 * CoAP. RFC 7252 section 3, over UDP:
 *
 *     version 1, type, token size(1) code(1) message(2) token options ff payload
 *
 * RFC 8323 section 3.2, over TCP: size and token size(1) [size] code(1) token options; each side
 * begins with its capabilities, code 7.01. Options are differences and sizes; they go to the end or
 * to ff. Little of that is fixed: a request with a path is likely, and an answer with its token or
 * number makes both certain.
 */
#include "protocols/protocol.h"

enum {
    HEADER = 4,
    TOKEN_LIMIT = 8,
    URI_HOST = 3,
    URI_PATH = 11,
    CONTENT_FORMAT = 12,
    URI_QUERY = 15,
    LAST_OPTION = 65000,
    CAPABILITIES = 0xe1
};

struct message {
    uint8_t type, token_size, code;
    uint16_t number;
    struct cursor token;
    unsigned options, names; /* names: paths, hosts, queries that are text */
    bool has_unknown;        /* an option that IANA does not list so, or not of that size */
    bool has_content;        /* a format of two bytes at most, and text of that kind */
};

/* Section 3.1: a nibble, or one or two bytes more. */
static bool extend(struct cursor *c, uint32_t *value)
{
    if (*value == 13)
        *value = cursor_u8(c) + 13u;
    else if (*value == 14)
        *value = cursor_u16(c) + 269u;
    else
        return *value < 13;
    return true;
}

static bool is_text(struct cursor c)
{
    while (cursor_left(&c) > 0) {
        uint8_t byte = cursor_u8(&c);
        if (byte < ' ' || byte == 0x7f)
            return false;
    }
    return true;
}

/* IANA's registry of option numbers, with the sizes of their values and who sends them (RFC 7252
 * section 5.10 and tables 4 and 7; RFC 7641, 7959, 7967, 8613, 8768, 9175, 9177). */
enum { IN_REQUESTS = 1, IN_RESPONSES = 2, IN_BOTH = 3, LOW_OPTIONS = 64 };
static const struct option {
    uint16_t least, most;
    uint8_t who;
} low_options[LOW_OPTIONS] = {
    [1] = {0, 8, IN_REQUESTS},    [3] = {1, 255, IN_REQUESTS},   [4] = {1, 8, IN_BOTH},
    [5] = {0, 0, IN_REQUESTS},    [6] = {0, 3, IN_BOTH},         [7] = {0, 2, IN_REQUESTS},
    [8] = {0, 255, IN_RESPONSES}, [9] = {0, 255, IN_BOTH},       [11] = {0, 255, IN_REQUESTS},
    [12] = {0, 2, IN_BOTH},       [13] = {0, 3, IN_BOTH},        [14] = {0, 4, IN_RESPONSES},
    [15] = {0, 255, IN_REQUESTS}, [16] = {1, 1, IN_REQUESTS},    [17] = {0, 2, IN_REQUESTS},
    [19] = {0, 3, IN_BOTH},       [20] = {0, 255, IN_RESPONSES}, [21] = {0, 0, IN_REQUESTS},
    [23] = {0, 3, IN_BOTH},       [27] = {0, 3, IN_BOTH},        [28] = {0, 4, IN_BOTH},
    [31] = {0, 3, IN_BOTH},       [35] = {1, 1034, IN_REQUESTS}, [39] = {1, 255, IN_REQUESTS},
    [51] = {0, 2, IN_REQUESTS},   [60] = {0, 4, IN_BOTH},
};

static struct option option_of(uint32_t number)
{
    if (number < LOW_OPTIONS)
        return low_options[number];
    switch (number) {
    case 252:
        return (struct option){1, 40, IN_BOTH};
    case 258:
        return (struct option){0, 1, IN_REQUESTS};
    case 292:
        return (struct option){0, 8, IN_REQUESTS};
    case 2049:
        return (struct option){0, 64, IN_BOTH};
    default:
        return (struct option){0, 0, 0};
    }
}

static bool option_is_known(uint32_t number, uint32_t size, uint8_t who)
{
    struct option option = option_of(number);
    return option.who & who && size >= option.least && size <= option.most;
}

static bool read_options(struct cursor c, struct message *m)
{
    uint32_t option = 0;
    uint8_t who = m->code >> 5 ? IN_RESPONSES : IN_REQUESTS;
    while (!cursor_at_end(&c)) {
        uint8_t first = cursor_u8(&c);
        if (first == 0xff) {
            int begin = cursor_peek(&c, 0);
            m->has_content &= begin == '{' || begin == '[' || begin == '<';
            return !cursor_at_end(&c);
        }
        uint32_t step = first >> 4, size = first & 15;
        if (!extend(&c, &step) || !extend(&c, &size))
            return false;
        option += step;
        struct cursor value = cursor_take(&c, size);
        if (c.ran_short || option > LAST_OPTION)
            return false;
        bool is_name = option == URI_HOST || option == URI_PATH || option == URI_QUERY;
        if (is_name && !is_text(value))
            return false;
        m->names += is_name && size > 0;
        m->has_unknown |= !option_is_known(option, size, who);
        m->has_content |= option == CONTENT_FORMAT && size <= 2;
        m->options++;
    }
    return true;
}

/* Requests 0.01 to 0.07, responses 2.xx, 4.xx, 5.xx, empty 0.00. */
static bool is_code(uint8_t code)
{
    unsigned class = code >> 5, detail = code & 31;
    if (class == 0)
        return detail <= 7;
    if (class == 2)
        return (detail >= 1 && detail <= 5) || detail == 31;
    return class == 4 ? detail <= 15 || detail == 22 || detail == 29 : class == 5 && detail <= 8;
}

static bool read_message(struct cursor c, struct message *m)
{
    uint8_t first = cursor_u8(&c);
    *m = (struct message){.type = first >> 4 & 3, .token_size = first & 15};
    m->code = cursor_u8(&c);
    m->number = cursor_u16(&c);
    if (c.ran_short || first >> 6 != 1 || m->token_size > TOKEN_LIMIT || !is_code(m->code))
        return false;
    if (m->code == 0) /* empty: an acknowledgement, a reset, a ping */
        return m->token_size == 0 && cursor_at_end(&c) && m->type != 1;
    m->token = cursor_take(&c, m->token_size);
    return !c.ran_short && read_options(c, m);
}

static bool belong_together(const struct message *a, const struct message *b)
{
    bool is_token = a->token_size > 0 && a->token_size == b->token_size &&
                    cursor_starts(&a->token, b->token.data, b->token_size);
    bool is_ack = a->number == b->number && b->type >= 2;
    return is_token || is_ack || (a->number == b->number && a->type >= 2);
}

/* Section 4.3: an empty message that is to be confirmed, and its reset. */
static bool is_ping(const struct message *a, const struct message *b)
{
    return a->code == 0 && b->code == 0 && a->type == 0 && b->type == 3 && a->number == b->number;
}

/* Notifications (RFC 7641) have one token and a number that goes up. */
static bool token_comes_again(const struct inspection *in, const struct message *one)
{
    struct message other;
    unsigned again = 0;
    for (uint32_t i = 0; i + 1 < in->datagram_count && one->token_size > 0; i++) {
        struct cursor c = inspection_datagram(in, i);
        again += c.size && read_message(c, &other) && other.code == one->code &&
                 other.token_size == one->token_size && other.number != one->number &&
                 other.options == one->options &&
                 cursor_starts(&other.token, one->token.data, one->token_size);
    }
    return again * one->token_size >= 2; /* two bytes that come again, or one twice */
}

static bool is_request(const struct message *m)
{
    return m->code >= 1 && m->code <= 7 && m->names > 0 && m->type <= 1 && !m->has_unknown;
}

/* All that was kept are messages, one of them a request: confirmations follow it. */
static bool has_asked(const struct inspection *in)
{
    bool any = false;
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct message m;
        struct cursor c = inspection_datagram(in, i);
        if (c.size && !read_message(c, &m))
            return false;
        any |= c.size && is_request(&m);
    }
    return any;
}

static enum answer judge_datagrams(struct inspection *in)
{
    struct message client, server;
    if (in->client.size + in->server.size == 0) /* an empty datagram */
        return wants(in, CLIENT, 1);
    if (in->client.size && !read_message(in->client, &client))
        return NO;
    if (in->server.size && !read_message(in->server, &server))
        return NO;
    struct cursor c = in->client.size ? in->client : in->server;
    cursor_skip(&c, HEADER);
    if (both_spoke(in) && belong_together(&client, &server) && client.code + server.code > 0 &&
        (client.code >> 5 == 0 || server.code >> 5 == 0))
        return yes(in, "request and its answer", &c);
    if (both_spoke(in) && is_ping(&client, &server))
        return likely(in, "ping and reset", &c);
    const struct message *one = in->client.size ? &client : &server;
    if (is_request(one) || (one->code == 0 && !both_spoke(in) && has_asked(in)))
        return likely(in, "request", &c);
    if (!both_spoke(in) && one->code >> 5 >= 2 && !one->has_unknown && one->options > 0 &&
        (one->has_content || token_comes_again(in, one)))
        return likely(in, "response", &c);
    return in->is_final || in->datagram_count >= 4 ? NO : MORE;
}

/* RFC 8323 sections 3.2 and 5.3: no token, and of options only the largest message (2, of at most
 * four bytes) and block-wise transfer (4, empty). */
static enum answer judge_stream(struct inspection *in, struct cursor c)
{
    uint32_t first = cursor_u8(&c), size = first >> 4;
    if (c.ran_short || first & 15 || size > 12)
        return c.ran_short ? short_of(in, &c) : NO;
    uint8_t code = cursor_u8(&c);
    if (c.ran_short)
        return short_of(in, &c);
    struct cursor options = cursor_take(&c, size);
    if (code != CAPABILITIES)
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    int kind = cursor_peek(&options, 0);
    if (kind >> 4 == 2 && (kind & 15) <= 4)
        cursor_skip(&options, 1u + ((uint32_t)kind & 15));
    kind = cursor_peek(&options, 0);
    if (kind == 0x20 || kind == 0x40)
        cursor_skip(&options, 1);
    if (!cursor_at_end(&options) || options.ran_short)
        return NO;
    /* So little says nothing alone. */
    if (!both_spoke(in))
        return in->is_final ? NO : wants(in, c.side == CLIENT ? SERVER : CLIENT, 2);
    return yes(in, "capabilities", &c);
}

static enum answer validate(struct inspection *in)
{
    return is_udp(in) ? judge_datagrams(in) : judge_sides(in, judge_stream, judge_stream);
}

static const struct signature signatures[] = {
    {.transports = OVER_UDP, .size = 2, .bytes = "\x40\0", .mask = "\xc0\xf8", .min_size = HEADER},
    {.transports = OVER_UDP,
     .size = 2,
     .bytes = "\x40\x40",
     .mask = "\xc0\xe0",
     .min_size = HEADER},
    {.transports = OVER_UDP,
     .size = 2,
     .bytes = "\x40\x80",
     .mask = "\xc0\xc0",
     .min_size = HEADER},
    {.transports = OVER_TCP, .size = 2, .bytes = "\0\xe1", .mask = "\x0f\xff"},
};

const struct cdpi_protocol cdpi_protocol_coap = {
    .name = "CoAP",
    .reference = "RFC 7252 section 3, RFC 8323 section 3",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_IOT,
    .tcp_ports = PORTS(5683),
    .udp_ports = PORTS(5683),
    SIGNATURES(signatures),
    .validate = validate,
};
