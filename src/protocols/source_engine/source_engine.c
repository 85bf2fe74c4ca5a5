/* SPDX-License-Identifier: MIT */
/*
 * Server queries of Valve's engines (GoldSrc, Source),
 * developer.valvesoftware.com/wiki/Server_queries:
 *
 *     ff*4 kind(1) ...
 *
 * T asks for information, U and V for players and rules with a challenge; A gives one, I (m), D and
 * E answer. The list of servers (.../Master_Server_Query_Protocol) is asked for by
 *
 *     31 region(1) "ADDRESS:PORT" 0 filter 0
 *
 * and comes as ff*4 66 0a and addresses of 6 bytes.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { CHALLENGE = 9, LIST_QUERY = 0x31, LAST_REGION = 7, ALL_REGIONS = 0xff, ADDRESS = 6 };

/* Text that a zero ends: any octets but control characters. */
static bool text(struct cursor *c)
{
    int32_t size = cursor_find(c, 0, 256);
    for (int32_t i = 0; i < size; i++) {
        if (cursor_u8(c) < ' ')
            return false;
    }
    return size >= 0 && cursor_skip(c, 1);
}

/* Where the list goes on: an address of version 4 and a port, in text. */
static bool is_seed(struct cursor *c)
{
    for (unsigned part = 0; part < 4; part++) {
        if ((part && !cursor_accept_text(c, ".")) || text_digits(c, 3, NULL) == 0)
            return false;
    }
    return cursor_accept_text(c, ":") && text_digits(c, 5, NULL) && cursor_accept_text(c, "\0");
}

static enum answer judge_list_query(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 1);
    uint8_t region = cursor_u8(&c);
    if ((region > LAST_REGION && region != ALL_REGIONS) || !is_seed(&c))
        return NO;
    return text(&c) && cursor_at_end(&c) ? yes(in, "list of servers is asked for", &c) : NO;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    if (cursor_peek(&c, 0) == LIST_QUERY)
        return judge_list_query(in, c);
    if (!cursor_accept_text(&c, "\xff\xff\xff\xff"))
        return NO;
    if (cursor_accept_text(&c, "TSource Engine Query\0"))
        return cursor_left(&c) == 0 || cursor_left(&c) == 4 ? yes(in, "information query", &c) : NO;
    uint8_t kind = cursor_u8(&c);
    if ((kind == 'U' || kind == 'V') && c.size == CHALLENGE)
        return likely(in, "players or rules query", &c);
    return NO;
}

/* Protocol, four names, then numbers: application(2) players(1) places(1) bots(1) kind(1) system(1)
 * ... */
static bool is_information(struct cursor c)
{
    cursor_skip(&c, 1);
    if (!text(&c) || !text(&c) || !text(&c) || !text(&c))
        return false;
    cursor_skip(&c, 5);
    uint8_t server = cursor_u8(&c), machine = cursor_u8(&c);
    bool is_server = server == 'd' || server == 'l' || server == 'p' || server == 'D' ||
                     server == 'L' || server == 'P';
    return is_server && (machine == 'l' || machine == 'w' || machine == 'm' || machine == 'o' ||
                         machine == 'L' || machine == 'W');
}

/* How many, then names and values, to the end. */
static bool are_rules(struct cursor c)
{
    uint16_t count = cursor_le16(&c);
    for (uint32_t i = 0; i < count * 2u && i < 64; i++) {
        if (!text(&c))
            return false;
    }
    return count >= 2 && (count > 32 || cursor_at_end(&c));
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    if (!cursor_accept_text(&c, "\xff\xff\xff\xff"))
        return cursor_starts_with(&c, "\xfe\xff\xff\xff") && both_spoke(in)
                   ? likely(in, "answer in parts", &c)
                   : NO;
    uint8_t kind = cursor_u8(&c);
    if (kind == 'A')
        return c.size == CHALLENGE ? likely(in, "challenge", &c) : NO;
    if (kind == 'I')
        return is_information(c) ? yes(in, "information", &c) : NO;
    if (kind == 'm')
        return text(&c) && text(&c) && text(&c) && text(&c) && text(&c) ? yes(in, "information", &c)
                                                                        : NO;
    if (kind == 'f')
        return cursor_accept_text(&c, "\n") && cursor_left(&c) % ADDRESS == 0
                   ? likely(in, "list of servers", &c)
                   : NO;
    if (kind == 'E' && are_rules(c))
        return likely(in, "rules", &c);
    if (kind == 'D' || kind == 'E')
        return both_spoke(in) && cursor_left(&c) > 1 ? likely(in, "players or rules", &c) : NO;
    return NO;
}

/* A query and an answer to it are enough. */
static enum answer validate(struct inspection *in)
{
    enum answer answer = judge_sides(in, judge_client, judge_server);
    return answer == LIKELY && both_spoke(in) ? answer_at(in, YES, "query and answer", SERVER, 0, 5)
                                              : answer;
}

static const struct signature signatures[] = {
    SIGNATURE(0, "\xff\xff\xff\xff"
                 "TSource Eng"),
    {.size = 5, .bytes = "\xff\xff\xff\xffU", .min_size = CHALLENGE, .max_size = CHALLENGE},
    {.size = 5, .bytes = "\xff\xff\xff\xffV", .min_size = CHALLENGE, .max_size = CHALLENGE},
    {.size = 5,
     .bytes = "\xff\xff\xff\xff"
              "A",
     .min_size = CHALLENGE,
     .max_size = CHALLENGE},
    SIGNATURE(0, "\xff\xff\xff\xff"
                 "I"),
    SIGNATURE(0, "\xff\xff\xff\xff"
                 "D"),
    SIGNATURE(0, "\xff\xff\xff\xff"
                 "E"),
    SIGNATURE(0, "\xff\xff\xff\xff"
                 "m"),
    SIGNATURE(0, "\xff\xff\xff\xff"
                 "f\n"),
    SIGNATURE(0, "\xfe\xff\xff\xff"),
    SIGNATURE_MASKED(0, "1\0000.0.0.0:", "\xff\0\xf0\xff\xf0\xff\xf0\xff\xf0\xff"),
};

const struct cdpi_protocol cdpi_protocol_source_engine = {
    .name = "Source-Engine",
    .reference = "developer.valvesoftware.com/wiki/Server_queries",
    .transports = OVER_UDP,
    .category = CATEGORY_GAME,
    .udp_ports = PORTS(27015),
    SIGNATURES(signatures),
    .validate = validate,
};
