/* SPDX-License-Identifier: MIT */
/* The inside of an engine, shared by the files of this folder. */
#ifndef CDPI_ENGINE_ENGINE_H
#define CDPI_ENGINE_ENGINE_H

#include <cdpi/cdpi.h>
#include <cdpi/module.h>

#include "classify/classify.h"
#include "core/memory.h"
#include "decode/fragments.h"
#include "decode/packet.h"
#include "decode/tunnel.h"
#include "engine/note.h"
#include "flow/early.h"
#include "flow/expected.h"
#include "flow/head.h"
#include "flow/packets.h"
#include "flow/table.h"

enum {
    BATCH = 64,
    MAX_DEPTH = 4,             /* tunnels in tunnels */
    CARRIER_WORDS = 2048 / 64, /* of a bit for each room's number */
    /* A frame brings one with its tunnels, and perhaps another whose fragments were given up. */
    PACKETS = BATCH * 2 * (MAX_DEPTH + 1),
    MAX_MODULES = 8,
    RULES = 4096,       /* places for interned rule names */
    MAX_RULES = 512,    /* rules that modules name */
    MAX_NAMES = 1024,   /* names that modules bring */
    FIRST_NAME = 32768, /* their numbers */
    NAME_SIZE = 64,
    NAME_CACHE = 256,
    LINGER_MS = 15000, /* a closed flow absorbs late packets */
    INSPECTION_US = 30 * 1000 * 1000,
    UDP_DATAGRAMS = 8,
    MODULE_PACKETS = 16, /* of a flow, as modules see it; with payload, and as many without */
    VIEW_PACKETS = 2 * MODULE_PACKETS + EARLY_PACKETS,
    GAP_PATIENCE = 24,       /* payload packets that a lost beginning is waited for */
    LONG_PATIENCE = 64,      /* and what is missing after a beginning */
    ONE_SIDE_LIMIT = 1 << 16 /* of a stream joined late, while the other side is awaited */
};
enum { DEFAULT_IDLE_SECONDS = 300 };
#define DEFAULT_BUDGET (512u << 20)
#define LEAST_BUDGET (8u << 20)

enum module_kind { MODULE_OWN, MODULE_PORT, MODULE_LOADED };

struct module {
    enum module_kind kind;
    char name[NAME_SIZE];
    const struct cdpi_module *descriptor;
    void *library, *instance;
    struct cdpi_module_info info;
};

/* What cdpi.h hands out as a flow. */
struct cdpi_flow {
    struct cdpi *engine;
    struct flow_place place;
};

#define TOO_FAR UINT32_MAX

/* Where a packet's flow was when its batch was looked up; holds until records move, or a vacant
 * place until its segment changes. */
struct found {
    struct hot *hot; /* NULL: there is none, it would go to the place of `cold` */
    const struct segment *segment;
    struct cold *cold;
    uint32_t changes;
    union {
        uint32_t home;      /* until the tags are looked at: where to look */
        uint32_t is_vacant; /* what they say: not 0, there is no such flow, or it is TOO_FAR */
    };
};

/* What a batch is of. */
struct incoming {
    struct packet packet;
    struct found found;
};

struct cdpi {
    struct memory memory;
    struct decoder decoder;
    struct tunnel_table tunnels;
    struct fragment_table fragments;
    bool only_late;         /* the frame brought nothing but a datagram that was given up */
    struct table tables[2]; /* IPv4, IPv6 */
    uint32_t moves;         /* of records in them */
    struct arena table_arena;
    struct head_pool heads;
    struct note_pool notes;
    struct expected_table expected;
    struct classifier *classifier;

    struct module modules[MAX_MODULES];
    uint32_t module_count;
    bool has_own, own_leads, has_port, ask_all, decapsulates;
    uint16_t carriers[TUNNEL_KINDS];      /* numbers of the rooms that name tunnels over UDP */
    uint64_t carrier_bits[CARRIER_WORDS]; /* a bit a number, to say no at once */
    uint8_t own_index;                    /* where `own` stands in the list */
    bool wants_packets;                   /* some module does */
    struct packet_pool kept;
    struct early_table early;
    struct cdpi_module_packet view_packets[VIEW_PACKETS];

    uint64_t now;    /* microseconds of packet time; never steps back */
    uint32_t now_ms; /* its milliseconds, wrapping */
    bool idle_never;
    uint32_t idle_ms;
    uint32_t fresh_ms;  /* no flow is over that was silent for less; 0: nobody knows */
    uint64_t active_us; /* 0 never */
    uint64_t next_sweep, sweep_step;
    uint32_t sweep_segment;

    cdpi_event_fn *on_event;
    void *on_event_context;
    uint32_t events; /* bits of those that are told */
    bool in_callback;
    struct cdpi_flow event_flow, caller_flow;

    struct cdpi_stats stats;
    const char *rules[RULES];
    uint32_t rule_count;
    char (*module_rules)[NAME_SIZE]; /* copies of what modules name as rules */
    uint32_t module_rule_count;
    struct answers *answers; /* with ask_all: what each module said of each flow */
    uint64_t own_asked, own_answered;
    char (*names)[NAME_SIZE];
    uint32_t name_count;
    struct {
        uint64_t hash;
        cdpi_protocol_id number;
    } name_cache[NAME_CACHE]; /* of what modules answered last */
    void *module_state;       /* scratch for modules' flow_state */
    size_t module_state_size;

    struct incoming batch[PACKETS];
};

/* ---- feeding.c --------------------------------------------------------------------------- */

/* What waits for fragments is given up, all flows end. */
void engine_flush(struct cdpi *engine);

/* ---- lifecycle.c ------------------------------------------------------------------------- */

/* One decoded packet: finds or begins its flow, counts, inspects. `found`: where the flow is or
 * would go, if that still holds; else NULL. Returns whether the flow is new. */
bool engine_process(struct cdpi *engine, const struct packet *packet, const struct found *found);
/* Packet time goes on to `time`, never back. */
static inline void engine_advance_clock(struct cdpi *engine, uint64_t time)
{
    if (time > engine->now) {
        engine->now = time;
        engine->now_ms = (uint32_t)(time / 1000);
    }
}
void engine_end_flow(struct cdpi *engine, const struct flow_place *place,
                     enum cdpi_end_reason reason);
/* Ends what has been idle for too long, a segment at a time as packet time goes on. */
void engine_sweep(struct cdpi *engine);
/* Ends all flows. */
void engine_end_all(struct cdpi *engine, enum cdpi_end_reason reason);

/* ---- inspection.c, conclusion.c ---------------------------------------------------------- */

/* A payload packet of an undecided flow. */
void engine_inspect(struct cdpi *engine, const struct flow_place *place,
                    const struct packet *packet);
/* The end of the inspection: own verdict on what is there, then the modules. */
void engine_conclude(struct cdpi *engine, const struct flow_place *place);
/* Judges the flows whose inspection has long been over, as no packet of theirs came to say so. */
void engine_conclude_old(struct cdpi *engine);
/* Concludes, by age, the flows whose rooms follow them: what these announce is known before the
 * others are judged. */
void engine_conclude_followed(struct cdpi *engine);
/* Judges the oldest undecided flow. False where there is none. */
bool engine_force_oldest(struct cdpi *engine);

static inline struct classification *head_classification(struct head *head)
{
    return (struct classification *)(void *)head->extra;
}

/* The flow whose head this is. */
struct flow_place engine_head_owner(struct cdpi *engine, const struct head *head);

/* ---- following.c ------------------------------------------------------------------------- */

/* After a verdict whose room has a follower: hands on what is in the head. False: the flow is not
 * followed. */
bool engine_begin_following(struct cdpi *engine, const struct flow_place *place,
                            const struct head *head);
/* A payload packet of a followed flow. */
void engine_follow(struct cdpi *engine, const struct flow_place *place,
                   const struct packet *packet);
/* A new flow that another has announced gets its name. */
void engine_meet_expectation(struct cdpi *engine, const struct flow_place *place,
                             const struct packet *first);
/* What was announced where an unknown flow that is given up began, or NULL; and its name. */
const struct expected *engine_was_expected(const struct cdpi *engine,
                                           const struct flow_place *place);
void engine_name_expected(struct cdpi *engine, const struct flow_place *place,
                          const struct expected *expected);
/* A flow's note, or NULL. */
const struct note *engine_note(const struct cdpi *engine, const struct hot *hot);
void engine_release_note(struct cdpi *engine, struct hot *hot);

/* ---- carried.c --------------------------------------------------------------------------- */

void engine_learn_carriers(struct cdpi *engine);
bool engine_is_carrier_surely(const struct cdpi *engine, const struct hot *hot);
/* A flow of a tunnel over UDP that the decoder does not open by its port. Such a flow stays
 * followed, without a note. */
static inline bool engine_is_carrier(const struct cdpi *engine, const struct hot *hot)
{
    uint64_t word = engine->carrier_bits[hot->verdict / 64 % CARRIER_WORDS];
    return word >> hot->verdict % 64 & 1 && hot->ip_protocol == IP_UDP &&
           engine_is_carrier_surely(engine, hot);
}
/* What its datagram carries becomes flows of their own. `place` may not hold any more after it. */
void engine_carry(struct cdpi *engine, const struct flow_place *place, const struct packet *packet);

/* ---- verdict.c --------------------------------------------------------------------------- */

void engine_store(struct cdpi *engine, const struct flow_place *place,
                  const struct classification *c);
struct cdpi_verdict engine_verdict(const struct cdpi *engine, const struct flow_place *place);
/* Fires an event, if somebody listens. */
void engine_tell_listener(struct cdpi *engine, enum cdpi_event event,
                          const struct flow_place *place);
static inline void engine_tell(struct cdpi *engine, enum cdpi_event event,
                               const struct flow_place *place)
{
    if (engine->events & 1u << event)
        engine_tell_listener(engine, event, place);
}
/* The number of a rule's name. */
uint16_t engine_rule(struct cdpi *engine, const char *rule);
/* Where a verdict comes from, in a struct cdpi_verdict. */
void classification_to_verdict(const struct cdpi *engine, const struct classification *c,
                               struct cdpi_verdict *verdict);
cdpi_protocol_id engine_guess(const struct cdpi *engine, uint8_t ip_protocol, uint16_t client_port,
                              uint16_t server_port);

/* By the flow's ports. */
cdpi_protocol_id engine_flow_guess(const struct cdpi *engine, const struct hot *hot);

/* ---- modules.c --------------------------------------------------------------------------- */

enum cdpi_status engine_open_modules(struct cdpi *engine, const struct cdpi_options *options,
                                     struct cdpi_error *error);
void engine_close_modules(struct cdpi *engine);
/* The number of a name that a module brought; ours where we have it; 0 where there is no room. */
cdpi_protocol_id engine_name_number(struct cdpi *engine, const char *name);
/* Whether it is one: 1 to 63 printable characters, or two such parted by a bar. */
bool engine_name_is_good(const char *name);

/* ---- asking.c ---------------------------------------------------------------------------- */

/* What one module said of one flow. */
struct reply {
    uint16_t protocol, application;
    uint16_t guess;
    uint16_t rule;
    uint16_t offset, length;
    uint8_t packet, side;
    uint8_t state; /* enum cdpi_answer_state */
    bool is_certain;
};

/* Asks the modules in order about a flow that nobody has settled; with ask_all, each about every
 * flow. `known`: own leads, and its verdict is stored. Returns whether there is a verdict; it is
 * stored. */
bool engine_ask_modules(struct cdpi *engine, const struct flow_place *place, struct head *head,
                        bool known);

/* ---- answers.c --------------------------------------------------------------------------- */

/* Remembers what the modules said of a flow, until it ends. */
void answers_remember(struct cdpi *engine, uint64_t flow_id, const struct reply *of_each);
/* NULL where nothing is remembered. */
const struct reply *answers_find(const struct cdpi *engine, uint64_t flow_id);
void answers_forget(struct cdpi *engine, uint64_t flow_id);
void answers_free(struct cdpi *engine);

/* ---- packets.c --------------------------------------------------------------------------- */

/* Keeps a copy of a packet of an undecided flow. */
void engine_keep_packet(struct cdpi *engine, struct head *head, const struct packet *p);
/* A packet without payload: TCP's handshake, an acknowledgement. `begins`: it is its flow's
 * first. */
void engine_keep_bare(struct cdpi *engine, const struct hot *hot, const struct packet *p,
                      bool begins);
/* What came before the flow had a head goes first. */
void engine_keep_early(struct cdpi *engine, const struct flow_place *place, struct head *head);
/* Whether the modules get no more than what is there. */
bool engine_has_enough_packets(const struct cdpi *engine, const struct head *head);
void engine_view_packets(struct cdpi *engine, const struct flow_place *place,
                         const struct head *head, struct cdpi_module_flow *view);

/* ---- shared smalls ----------------------------------------------------------------------- */

static inline unsigned client_direction(const struct hot *hot)
{
    return hot->bits & FLOW_CLIENT_IS_HIGH ? 1 : 0;
}

/* Who sends in this direction of the key. */
static inline enum side direction_side(const struct hot *hot, unsigned direction)
{
    return direction == client_direction(hot) ? CLIENT : SERVER;
}

/* In which direction of the key this side sends. */
static inline unsigned side_direction(const struct hot *hot, enum side side)
{
    return side == CLIENT ? client_direction(hot) : !client_direction(hot);
}

/* Undecided, or followed. */
static inline bool wants_payload(const struct hot *hot)
{
    return hot_state(hot) <= FLOW_FOLLOWED;
}

/* Surely not over, as packet time stands. */
static inline bool is_fresh(const struct cdpi *engine, const struct hot *hot)
{
    return engine->now_ms - hot->last < engine->fresh_ms;
}

static inline bool is_undecided(const struct hot *hot)
{
    enum flow_state state = hot_state(hot);
    return state <= FLOW_PARTIAL;
}

/* Whether a packet without payload may be asked for by modules: own does not name its flow yet, or
 * is not alone in it. */
static inline bool engine_wants_bare(const struct cdpi *engine, const struct hot *hot)
{
    return engine->wants_packets && is_undecided(hot) &&
           (!hot->verdict || !engine->own_leads || engine->ask_all);
}

void engine_fail(struct cdpi_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
