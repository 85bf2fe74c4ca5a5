/* SPDX-License-Identifier: MIT */
/*
 * What a protocol's room exports: one const descriptor, and the words in which its validator
 * speaks.
 *
 * A validator is a pure function over the first bytes of both sides. It answers
 *
 *     NO      these bytes are not this protocol, and no further ones will make them so
 *     MORE    cannot tell yet; say with inspection_wants() how many bytes of which side would
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
#ifndef CDPI_PROTOCOLS_PROTOCOL_H
#define CDPI_PROTOCOLS_PROTOCOL_H

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

/* ---- signatures -------------------------------------------------------------------------- */

/* First bytes that propose this protocol. All that is declared must hold. Bytes are compared under
 * the mask (NULL: all bits). A signature that reaches past what has arrived is not yet refused on a
 * stream; on a datagram it is. Size limits and the length field apply to datagrams only. */
struct signature {
    uint8_t transports; /* OVER_* bits; 0: all of the descriptor's */
    uint16_t offset;    /* where the bytes stand; up to 1024 */
    uint8_t size;       /* how many; 1 to 16 */
    const char *bytes;
    const char *mask;  /* as many bytes, or NULL */
    uint16_t min_size; /* datagram: least payload size; 0: offset + size */
    uint16_t max_size; /* datagram: most; 0: no limit */
    struct {           /* datagram: a field that holds its size */
        uint8_t width; /* 1, 2, 3, 4 bytes; 0: there is none */
        uint16_t offset;
        bool little_endian;
        int16_t add; /* field + add == payload size */
    } length;
};

/* SIGNATURE(0, "SSH-") and SIGNATURE(4, "\xfe\x53\x4d\x42"): literal bytes at an offset. */
#define SIGNATURE(at, literal)                                                                     \
    {                                                                                              \
        .offset = (at), .size = sizeof(literal) - 1, .bytes = "" literal                           \
    }
#define SIGNATURE_MASKED(at, literal, literal_mask)                                                \
    {                                                                                              \
        .offset = (at), .size = sizeof(literal) - 1, .bytes = "" literal, .mask = "" literal_mask  \
    }

/* ---- descriptors ------------------------------------------------------------------------- */

enum category {
    CATEGORY_NONE = 0,
    CATEGORY_WEB,
    CATEGORY_MAIL,
    CATEGORY_DATABASE,
    CATEGORY_FILE_SHARING,
    CATEGORY_FILE_TRANSFER,
    CATEGORY_REMOTE_ACCESS,
    CATEGORY_VPN,
    CATEGORY_TUNNEL,
    CATEGORY_IOT,
    CATEGORY_INDUSTRIAL,
    CATEGORY_VEHICLE,
    CATEGORY_GAME,
    CATEGORY_CHAT,
    CATEGORY_VOICE,
    CATEGORY_STREAMING,
    CATEGORY_NETWORK, /* DNS, DHCP, NTP ... */
    CATEGORY_ROUTING,
    CATEGORY_MANAGEMENT, /* SNMP, syslog, monitoring */
    CATEGORY_DIRECTORY,  /* authentication and directories */
    CATEGORY_RPC,
    CATEGORY_MESSAGING, /* queues and brokers */
    CATEGORY_TELEPHONY, /* the core of mobile networks */
    CATEGORY_CRYPTOCURRENCY,
    CATEGORY_MALWARE,
    CATEGORY_PRINTING,
    CATEGORY_DEVELOPMENT,
    CATEGORY_CLUSTER, /* storage and cluster internals */
    CATEGORY_SECURITY,
    CATEGORY_MEDICAL,
    CATEGORY_FINANCE,
    CATEGORY_OTHER
};

#define PORTS(...)                                                                                 \
    (const uint16_t[])                                                                             \
    {                                                                                              \
        __VA_ARGS__, 0                                                                             \
    }

/* Another flow that this one tells of: who will listen where, and what will be spoken there. */
enum announced_at { AT_ADDRESS = 0, AT_CLIENT, AT_SERVER };
struct announcement {
    const char *protocol; /* canonical name */
    uint8_t transport;    /* OVER_TCP, OVER_UDP, OVER_GRE */
    uint8_t at;           /* enum announced_at */
    bool is_v6;           /* AT_ADDRESS: which kind */
    uint8_t address[16];  /* network byte order */
    bool lasts;           /* as long as a call, not only until it is taken */
    uint16_t port;
};
enum { ANNOUNCEMENTS = 4 };

/* A flow that is followed after its verdict (DESIGN.md section 3): a small memory of its own, and
 * every payload. The follower is given what came before the verdict first. */
struct follow {
    uint8_t transport;
    uint16_t client_port, server_port;
    /* Said by the follower. */
    const char *speaks; /* with FOLLOW_SPEAKS: canonical name; NULL: what comes is looked at anew */
    struct announcement announced[ANNOUNCEMENTS]; /* taken after each call */
    uint32_t announced_count;
    uint8_t state[32]; /* the follower's own; zero at first */
};
enum follow_answer {
    FOLLOW_ON = 0,
    FOLLOW_DONE,  /* nothing more is to come of it */
    FOLLOW_SPEAKS /* from here on another protocol */
};

/* What can still be announced in this call; NULL where the list is full. */
static inline struct announcement *announce(struct follow *follow, const char *protocol,
                                            uint8_t transport, uint16_t port)
{
    if (follow->announced_count == ANNOUNCEMENTS || (port == 0 && transport != OVER_GRE))
        return NULL;
    struct announcement *a = &follow->announced[follow->announced_count++];
    *a = (struct announcement){.protocol = protocol, .transport = transport, .port = port};
    return a;
}

/* Where a session's media will be received (RFC 3264). */
static inline void announce_media(struct follow *follow, const uint8_t address[16], bool is_v6,
                                  uint16_t port, uint16_t control_port)
{
    struct announcement *list[2];
    list[0] = announce(follow, "RTP", OVER_UDP, port);
    list[1] = announce(follow, "RTCP", OVER_UDP, control_port);
    for (unsigned i = 0; i < 2; i++) {
        if (!list[i])
            continue;
        memcpy(list[i]->address, address, 16);
        list[i]->is_v6 = is_v6;
        list[i]->lasts = true;
    }
}

struct cdpi_protocol {
    const char *name;      /* canonical, the field's spelling: "SSH", "MQTT", "BitTorrent" */
    const char *reference; /* "RFC 4253" or how the software behaves and where that was seen */
    uint8_t transports;    /* OVER_* bits */
    uint8_t category;      /* enum category */
    bool is_encrypted;     /* the payload is, by the protocol itself */
    bool is_one_sided;     /* the exchange is one-way, or the specification gives the other side no
                            * structure:     one side's YES is certain */
    const uint16_t *tcp_ports; /* PORTS(22); well-known servers' ports. They order candidates and
                                * tell the server from the client; they never decide. */
    const uint16_t *udp_ports;
    const struct signature *signatures;
    size_t signature_count;
    bool is_unsigned; /* beside its signatures (if any), ask about every first payload of its
                         transports */
    bool is_text; /* with is_unsigned: both sides begin with a character, a blank or a line's end;
                     about other first bytes it is not asked */
    bool is_port_bound; /* with is_unsigned: the specification's port is part of the protocol; it is
                           asked only where one of its ports is there */
    bool is_symmetric;  /* with client and server exchanged it says the same, so it is not asked
                           twice where nobody knows who is which (tests/cases_test.c tries it) */
    /* NULL for protocols that nothing but told_by or follow names. */
    enum answer (*validate)(struct inspection *in);

    const char *refines; /* canonical name of the parent: both may say YES, this one wins */
    struct {             /* the parent's bytes on this UDP port are this protocol */
        const char *parent;
        uint16_t port;
    } told_by;

    /* Called for each payload after the verdict; payload->side tells whose it is. With
     * FOLLOW_SPEAKS the cursor stands where the other protocol begins. */
    enum follow_answer (*follow)(struct follow *follow, struct cursor *payload);
};

/* SIGNATURES(table): both fields at once. */
#define SIGNATURES(table)                                                                          \
    .signatures = (table), .signature_count = sizeof(table) / sizeof((table)[0])

#endif
