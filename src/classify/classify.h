/* SPDX-License-Identifier: MIT */
/*
 * From the first bytes of two sides to a verdict.
 *
 * A classifier is built once and does not change. What it has to remember of a flow between calls
 * is a small plain struct that the caller keeps. The caller shows the bytes that there are, says
 * whose are new, and gets told whether the verdict changed and whether more bytes could change it
 * still.
 *
 * The rules, in order:
 *   1. Signatures propose, validators dispose; protocols without signatures are asked when those
 * did not settle it.
 *   2. A YES beats a LIKELY; a child beats the parent that it refines; then the lower number. The
 * order in which candidates are tried never matters.
 *   3. A verdict heard from one side is put to the test when the other side speaks: YES makes it
 * certain, NO revokes it, and both sides are looked at afresh.
 *   4. If the sides then speak two protocols, the server's is the verdict, likely, and each side's
 * is reported. Where at the end the server's bytes are nothing that is known (damaged, of before a
 * standard, lost in part), a client's YES stands in the same way.
 */
#ifndef CDPI_CLASSIFY_CLASSIFY_H
#define CDPI_CLASSIFY_CLASSIFY_H

#include "classify/catalog.h"
#include "core/memory.h"

struct classifier;

struct classifier *classifier_build(struct memory *memory, bool reversed);
void classifier_free(struct classifier *classifier, struct memory *memory);

enum { MAX_LIVE = 16, HEAD_SIZE = 4096 };

/* The bytes and circumstances of a flow, borrowed for a call. */
struct exchange {
    const uint8_t *head[2]; /* by enum side */
    uint32_t size[2];
    uint16_t port[2];
    uint8_t transport;      /* OVER_* */
    uint32_t sctp_ppid;     /* SCTP: of the flow's data */
    uint8_t first_speaker;  /* enum side */
    bool is_final;          /* no more bytes will come */
    bool is_midstream;      /* no SYN was seen */
    bool sides_are_certain; /* else the other assignment of client and server is tried too */
    bool is_full[2];        /* the side's head has reached its limit */
    const struct datagram *datagrams; /* UDP: what the heads are made of */
    uint32_t datagram_count;
};

/* A candidate that answered MORE or LIKELY and may be asked again. */
struct live {
    room_index room;
    uint16_t wanted[2];
    bool is_swapped; /* asked with client and server exchanged */
};

/* What is remembered between calls; zero at first, with classification_init. */
struct classification {
    room_index room;     /* the verdict, or NO_ROOM */
    room_index claim[2]; /* what each side alone says, once they disagree or one is the verdict's */
    uint8_t answer;      /* enum answer of the verdict's validator: LIKELY or YES */
    uint8_t heard;       /* bits of sides that had spoken when the verdict was made */
    bool is_certain;
    bool is_exhausted;    /* nothing that is known could still match what was heard */
    bool is_settled;      /* nothing can change it any more */
    bool is_swapped;      /* the verdict holds with client and server exchanged */
    bool are_sides_apart; /* rule 4 */
    uint8_t live_count;
    uint8_t spoke;           /* bits of sides seen so far */
    uint8_t chosen[2];       /* UDP: the datagram of each side under inspection, index + 1 */
    uint16_t proposed_at[2]; /* how much of a side the signature table has seen */
    uint16_t yes_size;       /* how many bytes of its side a verdict heard from one was said of */
    uint16_t application;    /* catalog number, or 0 */
    uint16_t evidence_offset, evidence_size;
    uint8_t evidence_side;
    uint8_t evidence_packet;
    const char *rule;
    struct live live[MAX_LIVE];
};

void classification_init(struct classification *c);
void classification_copy(struct classification *to, const struct classification *from);

/* What a call came to. */
struct classify_outcome {
    bool changed;   /* another verdict than before, or one revoked */
    bool certain;   /* the verdict is certain: final */
    bool exhausted; /* nothing is left to ask on what has spoken so far: only a side that has not
                     * spoken could bring something new */
    bool idle;      /* a stream, and who still waits is vague or wants the other side: this
                     * side's bytes could as well begin later */
};

/* New bytes on `side`: a stream has grown, or a datagram has been appended. `packet` is the flow's
 * payload packet number, for evidence. */
struct classify_outcome classify_more(const struct classifier *classifier,
                                      struct classification *state, const struct exchange *exchange,
                                      enum side side, uint8_t packet);

/* The end of the budget or of the flow: exchange->is_final is taken as set. What is there is judged
 * once more. */
struct classify_outcome classify_end(const struct classifier *classifier,
                                     struct classification *state, const struct exchange *exchange,
                                     uint8_t packet);

/* The room of a catalog number, or NO_ROOM. */
room_index classifier_room(const struct classifier *classifier, uint16_t number);

/* The catalog number of a canonical name, found by its hash; 0 where there is none. */
uint16_t classifier_number(const struct classifier *classifier, const char *name);
/* Whether a first payload carries one of the room's signatures. */
bool classifier_could_be(const struct classifier *classifier, room_index room, uint8_t transport,
                         const uint8_t *data, uint32_t size, uint32_t wire);
bool classifier_knows_port(const struct classifier *classifier, uint8_t transport, uint16_t port);
/* The room that claims a server port, or NO_ROOM: a guess. */
room_index classifier_guess(const struct classifier *classifier, uint8_t transport, uint16_t port);
/* The signature table, for benchmarks and tests. */
const struct signature_table *classifier_signatures(const struct classifier *classifier);
/* Checks the catalog (parents exist, ports are listed ...). NULL if all is well, else what is
 * wrong. */
const char *classifier_check(char *text, size_t room);

#endif
