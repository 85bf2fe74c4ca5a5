/* SPDX-License-Identifier: MIT */
/*
 * TFTP, RFC 1350 section 5; options RFC 2347:
 *
 *     1 or 2(2) file 0 mode 0 options     read, write
 *     3(2) block(2) data                  4(2) block(2)       data, acknowledgement
 *     5(2) code(2) message 0              6(2) options        error, acknowledged options
 *
 * The server answers from another port, so most flows have data and acknowledgements only: one
 * side's blocks must count on, or the other side's agree.
 */
#include "framing/text.h"
#include "protocols/protocol.h"

enum {
    READ = 1,
    WRITE = 2,
    DATA = 3,
    ACKNOWLEDGE = 4,
    ERROR = 5,
    OPTIONS = 6,
    BLOCK = 512,
    LAST_ERROR = 8,
    NAME_LIMIT = 1400, /* attacks' names are long */
    NAME_LOOK = 256,   /* so much of one is looked at */
    RUN = 3            /* blocks in a row */
};

/* Printable characters (UTF-8 too) up to a zero; at least one. */
static bool text(struct cursor *c)
{
    int32_t size = cursor_find(c, 0, NAME_LIMIT);
    if (size <= 0)
        return false;
    struct cursor name = cursor_take(c, (uint32_t)size);
    if (name.size > NAME_LOOK)
        name.size = NAME_LOOK;
    return text_all_plain(name) && cursor_find(&name, '\t', NAME_LOOK) < 0 && cursor_skip(c, 1);
}

static bool mode(struct cursor *c)
{
    bool is_mode = cursor_accept_nocase(c, "octet") || cursor_accept_nocase(c, "netascii") ||
                   cursor_accept_nocase(c, "mail");
    if (is_mode && cursor_at_end(c)) /* some leave the last zero out */
        return true;
    return is_mode && cursor_u8(c) == 0 && !c->ran_short;
}

/* RFC 2347: names and values in turn, up to the end. */
static bool options(struct cursor *c)
{
    while (cursor_left(c) > 0) {
        if (cursor_peek(c, 0) == 0) { /* some pad with zeros */
            cursor_skip(c, 1);
            continue;
        }
        if (!text(c) || !text(c))
            return false;
    }
    return true;
}

static bool known_option(struct cursor c)
{
    return cursor_accept_nocase(&c, "blksize") || cursor_accept_nocase(&c, "tsize") ||
           cursor_accept_nocase(&c, "timeout") || cursor_accept_nocase(&c, "windowsize") ||
           cursor_accept_nocase(&c, "multicast") || cursor_accept_nocase(&c, "rollover");
}

static enum answer judge_request(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 2);
    struct cursor nameless = c;
    if (text(&c) && mode(&c) && options(&c))
        return yes(in, "request", &c);
    /* Probes ask for nothing: zeros where the name should be. */
    while (cursor_peek(&nameless, 0) == 0)
        cursor_skip(&nameless, 1);
    bool is_probe = nameless.at > 2 && mode(&nameless) && options(&nameless);
    return is_probe ? likely(in, "request without a name", &nameless) : NO;
}

/* This side's blocks so far count on by one, all but the last of one size. */
static bool counts_on(const struct inspection *in, uint8_t side, uint16_t operation)
{
    unsigned run = 0;
    uint16_t expected = 0;
    uint32_t size = 0;
    for (uint32_t i = 0; i < in->datagram_count; i++) {
        struct cursor d = inspection_datagram(in, i);
        if (d.side != side)
            continue;
        uint16_t found = cursor_u16(&d), block = cursor_u16(&d);
        if (found != operation)
            continue;
        if (run > 0 && (block != expected || d.size > size))
            return false;
        size = d.size;
        expected = (uint16_t)(block + 1);
        run++;
    }
    return run >= RUN;
}

static enum answer judge_data(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 2);
    uint16_t block = cursor_u16(&c);
    if (c.ran_short)
        return NO;
    if (counts_on(in, c.side, DATA) || (block == 1 && cursor_left(&c) == BLOCK))
        return likely(in, "data", &c);
    return MORE;
}

static enum answer judge_acknowledgement(struct inspection *in, struct cursor c)
{
    if (c.size != 4)
        return NO;
    cursor_skip(&c, 4);
    return counts_on(in, c.side, ACKNOWLEDGE) ? likely(in, "acknowledgements", &c) : MORE;
}

static enum answer judge_error(struct inspection *in, struct cursor c)
{
    cursor_skip(&c, 2);
    uint16_t code = cursor_u16(&c);
    if (c.ran_short || code > LAST_ERROR || !text(&c) || !cursor_at_end(&c))
        return NO;
    return both_spoke(in) ? yes(in, "error", &c) : likely(in, "error", &c);
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    struct cursor after = c;
    switch (cursor_u16(&after)) {
    case READ:
    case WRITE:
        return judge_request(in, c);
    case DATA:
        return judge_data(in, c);
    case ACKNOWLEDGE:
        return judge_acknowledgement(in, c);
    case ERROR:
        return judge_error(in, c);
    case OPTIONS:
        return known_option(after) && options(&after) ? yes(in, "options", &after) : NO;
    default:
        return NO;
    }
}

/* Data of a block and its acknowledgement (of it or the one before). */
static bool blocks_agree(const struct cursor *data, const struct cursor *acknowledgement)
{
    uint16_t sent = cursor_peek_u16(data, 2), heard = cursor_peek_u16(acknowledgement, 2);
    return cursor_peek_u16(data, 0) == DATA && cursor_peek_u16(acknowledgement, 0) == ACKNOWLEDGE &&
           acknowledgement->size == 4 && (uint16_t)(sent - heard + 1) <= 2;
}

static enum answer validate(struct inspection *in)
{
    enum answer client = in->client.size ? judge(in, in->client) : MORE;
    enum answer server = in->server.size ? judge(in, in->server) : MORE;
    if (client == NO || server == NO)
        return NO;
    if (both_spoke(in) &&
        (blocks_agree(&in->client, &in->server) || blocks_agree(&in->server, &in->client)))
        return answer_at(in, YES, "data and acknowledgement", SERVER, 0, 4);
    return client > server ? client : server;
}

/* A request is answered from another port of the server's, RFC 1350 section 4. */
static enum follow_answer follow(struct follow *f, struct cursor *payload)
{
    if (payload->side != CLIENT)
        return ++f->state[0] < 4 ? FOLLOW_ON : FOLLOW_DONE;
    struct announcement *a = announce(f, "TFTP", OVER_UDP, f->client_port);
    if (a)
        a->at = AT_CLIENT;
    return FOLLOW_DONE;
}

static const struct signature signatures[] = {
    {.size = 2, .bytes = "\0\x01", .min_size = 9},
    {.size = 2, .bytes = "\0\x02", .min_size = 9},
    {.size = 2, .bytes = "\0\x03", .min_size = 4},
    {.size = 2, .bytes = "\0\x04", .min_size = 4, .max_size = 4},
    {.size = 3, .bytes = "\0\x05\0", .min_size = 5},
    {.size = 2, .bytes = "\0\x06", .min_size = 10},
};

const struct cdpi_protocol cdpi_protocol_tftp = {
    .name = "TFTP",
    .reference = "RFC 1350 section 5, RFC 2347",
    .transports = OVER_UDP,
    .category = CATEGORY_FILE_TRANSFER,
    .is_one_sided = true, /* requests: the answer comes from another port */
    .udp_ports = PORTS(69),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
    .follow = follow,
};
