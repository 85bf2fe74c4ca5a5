/* SPDX-License-Identifier: MIT */
/*
 * Erlang's distribution, by which nodes speak to one another (RabbitMQ's clusters, ejabberd's;
 * Erlang/OTP, Distribution Protocol, section Distribution Handshake). Messages of a size(2):
 *
 *     n version(2) = 5 flags(4) name         N flags(8) creation(4) size(2) name
 *     s status
 *     n version(2) flags(4) challenge(4) name    N flags(8) challenge(4) creation(4) size(2) name
 *
 * The first line is the client's, the others are the server's. A name has an '@' in it.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum { VERSION = 5, MOST_NAME = 255, MOST = 512 };

/* The name of a node, or of its host alone where the server shall give it one. */
static bool is_name(struct cursor name)
{
    if (name.size < 3 || name.size > MOST_NAME || !text_all_plain(name))
        return false;
    return cursor_find(&name, '@', MOST_NAME) > 0 && cursor_find(&name, ' ', MOST_NAME) < 0;
}

/* Past the letter: what both sides' names have in common; the server puts a challenge of four bytes
 * into it. */
static bool is_introduction(struct cursor message, uint8_t letter, uint32_t challenge)
{
    if (letter == 'n')
        return cursor_u16(&message) == VERSION && cursor_skip(&message, 4 + challenge) &&
               is_name(cursor_take(&message, cursor_left(&message)));
    cursor_skip(&message, 8 + challenge + 4);
    uint16_t size = cursor_u16(&message);
    struct cursor name = cursor_take(&message, size);
    return !message.ran_short && is_name(name);
}

/* The message of a size, all of it. */
static bool open_message(struct cursor *c, struct cursor *message, uint8_t *letter)
{
    uint16_t size = cursor_u16(c);
    *letter = (uint8_t)cursor_peek(c, 0);
    *message = cursor_take(c, size);
    cursor_skip(message, 1);
    return size > 1 && size <= MOST;
}

static enum answer judge_client(struct inspection *in, struct cursor c)
{
    struct cursor message;
    uint8_t letter;
    bool is_sized = open_message(&c, &message, &letter);
    if (c.ran_short)
        return c.size < 2 || is_sized ? short_of(in, &c) : NO;
    if (!is_sized || (letter != 'n' && letter != 'N') || !is_introduction(message, letter, 0))
        return NO;
    return yes(in, "a node's name", &c);
}

static bool is_status(struct cursor status)
{
    enum { NAMED = 5 };
    static const char *const words[] = {"ok_simultaneous", "ok",     "nok", "not_allowed",
                                        "alive",           "named:", NULL};
    int word = text_any_of(&status, words);
    return word == NAMED || (word >= 0 && cursor_at_end(&status));
}

static enum answer judge_server(struct inspection *in, struct cursor c)
{
    struct cursor message;
    uint8_t letter;
    bool is_sized = open_message(&c, &message, &letter);
    if (c.ran_short)
        return c.size < 2 || is_sized ? short_of(in, &c) : NO;
    if (!is_sized || letter != 's' || !is_status(message))
        return NO;
    return yes(in, "status", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge_client, judge_server);
}

static const struct signature signatures[] = {
    SIGNATURE_MASKED(0, "\0\0n\0\x05", "\xff\0\xff\xff\xff"),
    SIGNATURE_MASKED(0, "\0\0N", "\xff\0\xff"),
    SIGNATURE(0, "\0\x03sok"),
    SIGNATURE(0, "\0\x10sok_"),
    SIGNATURE(0, "\0\x04snok"),
    SIGNATURE(0, "\0\x0csnot"),
    SIGNATURE(0, "\0\x06sali"),
};

const struct cdpi_protocol cdpi_protocol_erlang = {
    .name = "Erlang",
    .reference = "Erlang/OTP, Distribution Protocol, section Distribution Handshake",
    .transports = OVER_TCP,
    .category = CATEGORY_CLUSTER,
    .tcp_ports = PORTS(25672),
    SIGNATURES(signatures),
    .validate = validate,
};
