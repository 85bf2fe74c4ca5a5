/* SPDX-License-Identifier: MIT */
/*
 * What a validator sees, and the words in which it speaks.
 *
 * A validator is a pure function over the first bytes of both sides. It answers
 *
 *     NO      these bytes are not this protocol, and no further ones will make them so
 *     MORE    cannot tell yet; say with wants() how many bytes of which side would
 *     LIKELY  fits, but so might other things
 *     YES     fits in a way that other things do not
 *
 * and says no first, cheaply: length, magic, structure. Either side may be empty: it has not spoken
 * (or was not captured). Answer YES for one side alone if its structure is enough; the engine makes
 * a verdict `certain` only when YES was said with both sides present (or the descriptor says that
 * the exchange is one-sided), and asks again when the other side speaks. With both sides present, a
 * side that contradicts the protocol is a NO.
 *
 * Two rules that tests hold every room to: a YES must never have been a NO on a prefix of the same
 * bytes (a side that has not all arrived gets MORE, or LIKELY, until it has), and noise, text, and
 * every other room's cases never get a YES.
 *
 * A stream's side is cut where its head ends (4 KiB) or a gap begins; a datagram's side is one
 * datagram, complete unless `cut` says that the capture lost its tail.
 */
#ifndef CDPI_PROTOCOLS_INSPECTION_H
#define CDPI_PROTOCOLS_INSPECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cursor.h"
#include "core/datagram.h"

enum answer { NO = 0, MORE, LIKELY, YES };

enum side { CLIENT = 0, SERVER = 1 };

/* Transports, as bits. The last is announced only: what has no ports, and a number names. */
enum { OVER_TCP = 1, OVER_UDP = 2, OVER_SCTP = 4, OVER_GRE = 8 };

/* What a validator sees and says. */
struct inspection {
    /* The bytes. TCP, SCTP: the side's stream from its start. UDP: the side's datagram under
     * inspection (its newest, or the one that gave the present verdict). Copy a cursor, then read
     * from the copy. */
    struct cursor client, server;

    uint16_t client_port, server_port;
    uint8_t transport;  /* one of OVER_* */
    uint32_t sctp_ppid; /* SCTP: the payload protocol identifier of the flow's data, 0 without */
    bool is_final;      /* no more bytes will come: MORE is as good as NO now */
    bool is_midstream;  /* TCP without a SYN: the first bytes are those of some segment */
    bool client_is_cut; /* UDP: the datagram was longer on the wire than captured */
    bool server_is_cut;
    uint8_t first_speaker; /* enum side: who sent the flow's first payload */

    /* UDP: all datagrams of the flow kept so far, in capture order, both sides, at most eight; see
     * inspection_datagram(). */
    const struct datagram *datagrams;
    uint32_t datagram_count;
    const uint8_t *heads[2]; /* of the datagrams' own sides; */
    uint8_t is_exchanged;    /* 1: `client` above is their SERVER */
    uint8_t said_yes; /* bits of sides of which this room said YES alone, on the same bytes */

    /* Said by the validator. */
    const char *rule;        /* what decided; a string literal, a few words */
    const char *application; /* canonical name of what runs inside, or NULL */
    uint32_t evidence_offset, evidence_size;
    uint16_t wanted[2]; /* with MORE: sizes that the sides must reach */
    uint8_t evidence_side;
};

static inline bool is_udp(const struct inspection *in)
{
    return in->transport == OVER_UDP;
}

/* Both sides' bytes are there. */
static inline bool both_spoke(const struct inspection *in)
{
    return in->client.size > 0 && in->server.size > 0;
}

/* The i-th kept datagram of the flow as a cursor (its side in .side); empty past the last. */
static inline struct cursor inspection_datagram(const struct inspection *in, uint32_t i)
{
    if (i >= in->datagram_count)
        return cursor_over("", 0);
    const struct datagram *d = &in->datagrams[i];
    struct cursor c = cursor_over(in->heads[d->side] + d->offset, d->size);
    c.side = d->side ^ in->is_exchanged;
    return c;
}

/* `return wants(in, SERVER, 12);`: MORE, and not before that side has 12 bytes in all (or ended).
 * Where the other side's first byte is what is missing, that is wants(in, other, 1). */
static inline enum answer wants(struct inspection *in, enum side side, uint32_t bytes)
{
    in->wanted[side] = (uint16_t)(bytes > 4096 ? 4096 : bytes);
    return MORE;
}

/* As wants(), for a cursor that ran short: more bytes of its side than there are. */
static inline enum answer wants_more(struct inspection *in, const struct cursor *c)
{
    return wants(in, (enum side)c->side, c->size + 1);
}

/* Whether the capture lost the tail of the datagram under this cursor. */
static inline bool is_cut(const struct inspection *in, const struct cursor *c)
{
    return c->side == CLIENT ? in->client_is_cut : in->server_is_cut;
}

/* The size of the datagram under this cursor before a capture cut it. */
static inline uint32_t uncut_size(const struct inspection *in, const struct cursor *c)
{
    for (uint32_t i = in->datagram_count; i-- > 0;) {
        struct cursor d = inspection_datagram(in, i);
        if (d.side == c->side && d.data == c->data)
            return in->datagrams[i].wire_size;
    }
    return c->size;
}

/* A length that must be the datagram's whole size, which is known of one that was cut too. */
static inline bool fills_datagram(const struct inspection *in, const struct cursor *c,
                                  uint32_t size)
{
    return size == c->size || (is_cut(in, c) && size > c->size && size == uncut_size(in, c));
}

/* A cursor ran short in a place where the protocol goes on. A datagram will not grow, and at the
 * end nothing will: NO. A stream may: MORE. */
static inline enum answer short_of(struct inspection *in, const struct cursor *c)
{
    return is_udp(in) || in->is_final ? NO : wants_more(in, c);
}

static inline enum answer answer_at(struct inspection *in, enum answer answer, const char *rule,
                                    enum side side, uint32_t offset, uint32_t size)
{
    in->rule = rule;
    in->evidence_side = (uint8_t)side;
    in->evidence_offset = offset;
    in->evidence_size = size;
    return answer;
}

/* The evidence is what the cursor has read, from the side's first byte on. The rule names what was
 * seen, in a few words: "client hello", "version exchange". */
static inline enum answer yes(struct inspection *in, const char *rule, const struct cursor *c)
{
    return answer_at(in, YES, rule, (enum side)c->side, 0, c->at);
}

static inline enum answer likely(struct inspection *in, const char *rule, const struct cursor *c)
{
    return answer_at(in, LIKELY, rule, (enum side)c->side, 0, c->at);
}

/* Protocols without one telling magic add up what they have: each constraint that the bytes met
 * counts as many bits as chance would have to guess. */
enum { BITS_FOR_YES = 40, BITS_FOR_LIKELY = 25 };

/* What so many bits come to. Too few may become more on a stream, and are a NO on a datagram. */
static inline enum answer answer_by_bits(struct inspection *in, unsigned bits, const char *rule,
                                         const struct cursor *c)
{
    if (bits >= BITS_FOR_YES)
        return yes(in, rule, c);
    return bits >= BITS_FOR_LIKELY ? likely(in, rule, c) : short_of(in, c);
}

/* As short_of, where what was read tells by itself (25 bits and more): a stream that ends here, in
 * a capture that cut its packets, is likely. */
static inline enum answer likely_at_end(struct inspection *in, const char *rule,
                                        const struct cursor *c)
{
    return !is_udp(in) && in->is_final ? likely(in, rule, c) : short_of(in, c);
}

/* A side has spoken and nothing of it was weighed yet: it may still contradict. */
static inline bool is_side_open(const struct inspection *in, int client, int server)
{
    return !is_udp(in) && !in->is_final && both_spoke(in) && (client == 0 || server == 0);
}

/* What both sides come to together, each in bits; a negative number is a NO, none says that the
 * side's first line or message is not all there. */
static inline enum answer answer_by_sides(struct inspection *in, int client, int server,
                                          const char *rule)
{
    if (client < 0 || server < 0)
        return NO;
    struct cursor heavier = client >= server ? in->client : in->server;
    heavier.at = heavier.size;
    if (client + server >= BITS_FOR_YES && !is_side_open(in, client, server))
        return yes(in, rule, &heavier);
    if (client + server >= BITS_FOR_LIKELY)
        return likely(in, rule, &heavier);
    return is_udp(in) || in->is_final ? NO : MORE;
}

/* As that, of a server that says nothing unasked: alone it is likely at most; and a client alone
 * could ask anything. */
static inline enum answer answer_when_asked(struct inspection *in, int client, int server,
                                            const char *rule)
{
    if (client >= 0 && server >= 0 && in->server.size == 0)
        return in->is_final ? NO : wants(in, SERVER, 1);
    if (in->client.size == 0 && server >= BITS_FOR_YES)
        return likely(in, rule, &in->server);
    return answer_by_sides(in, client, server, rule);
}

/* What one side's bytes, a cursor at their start, say by themselves. */
typedef enum answer side_validator(struct inspection *in, struct cursor side);

/* Asks each side that spoke and joins the answers: NO from either is NO, MORE from either waits,
 * else the weaker counts. A NULL validator stands for a side without structure of its own: it is
 * not asked. */
static inline enum answer judge_sides(struct inspection *in, side_validator *client,
                                      side_validator *server)
{
    bool ask_client = in->client.size && client && !(in->said_yes & 1u << CLIENT);
    bool ask_server = in->server.size && server && !(in->said_yes & 1u << SERVER);
    enum answer first = ask_client ? client(in, in->client) : YES;
    if (first == NO)
        return NO;
    enum answer second = ask_server ? server(in, in->server) : YES;
    if (second == NO)
        return NO;
    if (!(in->client.size && client) && !(in->server.size && server))
        return wants(in, client ? CLIENT : SERVER, 1);
    return first < second ? first : second;
}

/* Asks each side that spoke: NO from either is NO, else the stronger counts. For sides that say
 * little by themselves and are borne by the other. */
static inline enum answer judge_stronger(struct inspection *in, side_validator *judge)
{
    enum answer client = in->client.size ? judge(in, in->client) : MORE;
    enum answer server = in->server.size ? judge(in, in->server) : MORE;
    if (client == NO || server == NO)
        return NO;
    return client > server ? client : server;
}

/* Asks the client, where nobody answers. */
static inline enum answer judge_unanswered(struct inspection *in, side_validator *client)
{
    if (in->server.size)
        return NO;
    return in->client.size ? client(in, in->client) : wants(in, CLIENT, 1);
}

/* As judge_sides; but where the capture joined a stream that was under way, either side may stand
 * anywhere in it, and one side's YES leaves it likely. For protocols whose messages are beyond
 * doubt by themselves. */
static inline enum answer judge_joined(struct inspection *in, side_validator *client,
                                       side_validator *server)
{
    enum answer both = judge_sides(in, client, server);
    if (both != NO || !in->is_midstream || !both_spoke(in))
        return both;
    bool is_one = client(in, in->client) == YES || server(in, in->server) == YES;
    return is_one ? LIKELY : NO;
}

#endif
