/* SPDX-License-Identifier: MIT */
/*
 * cdpi: names the application protocol of every traffic flow, and says how it knows.
 *
 * Four calls make a program:
 *
 *     cdpi_open()         an engine: its modules, its flow table, its memory budget
 *     cdpi_packet_flow()  one frame in, its flow out
 *     cdpi_classify()     the verdict on a flow, as it stands
 *     cdpi_close()        everything freed
 *
 * Programs that want speed feed batches instead (cdpi_feed) and hear of flows by events. Programs
 * that own a socket and have bytes but no packets ask cdpi_inspect. All three see the same
 * classifiers.
 *
 * Threads: an engine belongs to one thread at a time. Any number of engines live side by side and
 * share nothing that changes. The library never prints, never exits, never aborts.
 *
 * Memory: an engine allocates at open and when its tables grow, never per packet, and never passes
 * its budget. Strings that the library returns are constant and live as long as the engine, unless
 * said otherwise.
 *
 * Numbers are in host byte order unless said otherwise. Times are nanoseconds since 1970-01-01 UTC.
 */
#ifndef CDPI_CDPI_H
#define CDPI_CDPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CDPI_API __attribute__((visibility("default")))
#define CDPI_MUST_USE __attribute__((warn_unused_result))
#else
#define CDPI_API
#define CDPI_MUST_USE
#endif

/* ---- version, status, errors ------------------------------------------------------------- */

#define CDPI_VERSION "0.1.0"

/* The version of the library that is loaded; it may be newer than CDPI_VERSION of the header. */
CDPI_API const char *cdpi_version(void);

/* What a call came to. Everything but CDPI_OK leaves the engine as it was. */
enum cdpi_status {
    CDPI_OK = 0,
    CDPI_END,          /* no more: the capture is read to its end */
    CDPI_BAD_ARGUMENT, /* an option or argument makes no sense; the error names it */
    CDPI_NO_MEMORY,    /* the allocator gave nothing, or the budget is too small to start */
    CDPI_NO_MODULE,    /* a module is missing, broken or of another abi */
    CDPI_BUSY,         /* called from within a callback of the same engine */
    CDPI_NOT_A_FLOW,   /* the frame belongs to no flow (ARP, cut header, fragment without ports) */
    CDPI_CANNOT_READ,  /* a file or interface cannot be opened or read */
    CDPI_UNKNOWN_FORMAT, /* the input is no capture that we know */
    CDPI_CUT,            /* the capture ends in the middle of a record */
    CDPI_BROKEN          /* the capture contradicts itself (a record of 4 GB, say) */
};

/* One short English word a status ("ok", "bad argument"); never NULL. */
CDPI_API const char *cdpi_status_name(enum cdpi_status status);

/* The cause in words, with the name of what caused it. Filled only when a call does not return
 * CDPI_OK. Always NUL-terminated. */
struct cdpi_error {
    char text[256];
};

/* ---- protocols --------------------------------------------------------------------------- */

/* A protocol's number. 0 is none. Numbers below 16384 are ours and never change their meaning;
 * those from 32768 were brought by a module and hold for this engine only. */
typedef uint16_t cdpi_protocol_id;
#define CDPI_NO_PROTOCOL ((cdpi_protocol_id)0)

/* ---- frames ------------------------------------------------------------------------------ */

/* A frame as it was captured. The bytes are borrowed for the duration of the call. */
struct cdpi_frame {
    const uint8_t *data;
    uint32_t captured;  /* bytes at data */
    uint32_t length;    /* bytes on the wire; captured or more */
    uint64_t time;      /* nanoseconds since 1970 */
    uint32_t link_type; /* LINKTYPE_ number as in pcap files: 1 Ethernet, 101 raw IP, 113 SLL ... */
};

/* Whether frames of this link type can be read. Others are counted and passed over. */
CDPI_API bool cdpi_knows_link_type(uint32_t link_type);

/* ---- flows and verdicts ------------------------------------------------------------------ */

/* A flow: both directions between two endpoints over one IP protocol. The handle is valid until the
 * next call that feeds, flushes or closes its engine; inside a callback, until it returns. What a
 * caller keeps is cdpi_flow_id(). */
struct cdpi_flow;

/* The two sides of a flow. The client is the sender of the SYN, or the receiver of the SYN/ACK;
 * else the side opposite to a well-known port; else who spoke first. */
enum cdpi_side { CDPI_CLIENT = 0, CDPI_SERVER = 1 };

/* How sure a verdict is. Certain: both sides have the protocol's structure, or one side has, where
 * the specification gives the other none. Likely: everything else. */
enum cdpi_confidence { CDPI_NO_CONFIDENCE = 0, CDPI_LIKELY = 1, CDPI_CERTAIN = 2 };

/* Where the inspection of a flow stands. */
enum cdpi_state {
    CDPI_INSPECTING = 0, /* undecided, waiting for more bytes */
    CDPI_PARTIAL,        /* a likely verdict that the rest of the exchange may confirm or revoke */
    CDPI_FINAL,          /* the verdict stands */
    CDPI_GAVE_UP         /* the budget is spent or the flow ended without a verdict */
};

/* What decided: a rule's name and the bytes that it looked at. */
struct cdpi_evidence {
    const char *rule;    /* "" where there is none */
    uint32_t packet;     /* the flow's payload packet that decided, from 1; 0 unknown */
    enum cdpi_side side; /* whose bytes */
    uint32_t offset;     /* first byte within that side's head */
    uint32_t length;     /* how many bytes */
};

struct cdpi_verdict {
    cdpi_protocol_id protocol;    /* the outermost application protocol, or CDPI_NO_PROTOCOL */
    cdpi_protocol_id application; /* what runs inside it, or CDPI_NO_PROTOCOL */
    cdpi_protocol_id then;        /* what the flow switched to (STARTTLS, CONNECT), or none */
    cdpi_protocol_id guess;       /* by port or address only; never a verdict; filled where module
                                     `port` is on, or another module says that it guesses */
    cdpi_protocol_id side[2];     /* what each side alone claims, indexed by enum cdpi_side */
    enum cdpi_state state;
    enum cdpi_confidence confidence;
    const char *source; /* the module's name: "own", "ndpi" ...; "" without a verdict */
    struct cdpi_evidence evidence;
};

/* What one module says of a flow. */
enum cdpi_answer_state {
    CDPI_NOT_ASKED = 0, /* it was not needed */
    CDPI_NO_ANSWER,     /* it was asked and does not know */
    CDPI_ANSWERED
};
struct cdpi_module_answer {
    const char *module; /* name, in the engine's order */
    enum cdpi_answer_state state;
    struct cdpi_verdict verdict; /* meaningful when answered */
};

/* Why a flow ended. */
enum cdpi_end_reason {
    CDPI_NOT_ENDED = 0,
    CDPI_ENDED_CLOSED,  /* FIN from both sides, or RST */
    CDPI_ENDED_IDLE,    /* silent for longer than the idle timeout */
    CDPI_ENDED_ACTIVE,  /* older than the active timeout; its packets go on as a new flow */
    CDPI_ENDED_REUSED,  /* a SYN with another sequence number started a new flow on its ports */
    CDPI_ENDED_EVICTED, /* the memory budget took it */
    CDPI_ENDED_FLUSHED  /* cdpi_flush() or cdpi_close() */
};
CDPI_API const char *cdpi_end_reason_name(enum cdpi_end_reason reason);

/* A flow's key and counters, copied out. */
struct cdpi_flow_info {
    uint64_t id;             /* as cdpi_flow_id() */
    uint8_t ip_version;      /* 4 or 6 */
    uint8_t ip_protocol;     /* IANA number: 6 TCP, 17 UDP ... */
    uint16_t port[2];        /* client, server; ICMP: type and code (of the first packet) */
    uint8_t address[2][16];  /* client, server; network byte order; 4 bytes used for IPv4 */
    uint16_t vlan;           /* outermost VLAN number of the first packet, 0 without */
    uint32_t tunnel;         /* identity domain of the flow's key; 0 outside of tunnels */
    const char *tunnel_kind; /* "vxlan", "gre" ...: what carries the flow; "" outside of tunnels */
    uint64_t tunnel_id;      /* its VNI, TEID, key or session; 0 where it has none. Where each side
                                numbers for itself (GTP, L2TP, PPTP), the one seen first */
    uint64_t packets[2];     /* sent by the client, by the server */
    uint64_t bytes[2];       /* frame lengths on the wire */
    uint64_t start, end;     /* first and last packet, nanoseconds since 1970, microsecond steps */
    enum cdpi_end_reason end_reason;
};

/* The flow's number: the same on every run over the same packets, below 2^53 (safe in JSON). */
CDPI_API uint64_t cdpi_flow_id(const struct cdpi_flow *flow);
CDPI_API void cdpi_flow_info(const struct cdpi_flow *flow, struct cdpi_flow_info *info);

/* 64 bits that belong to the caller and stay with the flow; 0 at first. */
CDPI_API uint64_t cdpi_flow_user(const struct cdpi_flow *flow);
CDPI_API void cdpi_flow_set_user(struct cdpi_flow *flow, uint64_t user);

/* The first bytes of a side in stream order, while the engine still holds them: until the verdict
 * is final, and inside the events `final` and `gave_up`. Returns how many, and where in *data; 0
 * when there are none. Borrowed as the flow is. */
CDPI_API size_t cdpi_flow_head(const struct cdpi_flow *flow, enum cdpi_side side,
                               const uint8_t **data);

/* Community ID v1 of a flow ("1:...", 31 characters and NUL), seed 0 in the standard. */
#define CDPI_COMMUNITY_ID_SIZE 40
CDPI_API void cdpi_community_id(const struct cdpi_flow_info *info, uint16_t seed,
                                char text[CDPI_COMMUNITY_ID_SIZE]);

/* ---- the engine -------------------------------------------------------------------------- */

struct cdpi;

/* A caller's allocator. Called at open and when a table grows, from the engine's thread. `align` is
 * a power of two, up to 2 MiB. `release` gets the size that was asked for. */
struct cdpi_allocator {
    void *(*alloc)(void *context, size_t size, size_t align);
    void (*release)(void *context, void *memory, size_t size);
    void *context;
};

/* What happened to a flow. */
enum cdpi_event {
    CDPI_EVENT_NEW = 0,    /* its first packet */
    CDPI_EVENT_CLASSIFIED, /* its first verdict */
    CDPI_EVENT_CHANGED,    /* another verdict, or one revoked, or what it switched to */
    CDPI_EVENT_FINAL,      /* the verdict stands; the head's bytes can be read for the last time */
    CDPI_EVENT_GAVE_UP,    /* no verdict; the head's bytes can be read for the last time */
    CDPI_EVENT_ENDED       /* the flow leaves the table; info.end_reason says why */
};
CDPI_API const char *cdpi_event_name(enum cdpi_event event);

/* Called for each event. `verdict` is borrowed. From within, the engine may be asked but not fed:
 * calls that feed, flush or close return CDPI_BUSY. */
typedef void cdpi_event_fn(void *context, enum cdpi_event event, struct cdpi_flow *flow,
                           const struct cdpi_verdict *verdict);

/* Options. Zero everything, set struct_size, then what you want: zero means the default. */
struct cdpi_options {
    size_t struct_size;
    const char *modules; /* comma-separated, in order; NULL is "own". "own,ndpi,port", "all" */
    const char *const *settings; /* NULL-terminated "module.key=value" strings, or NULL */
    const char *module_path; /* colon-separated folders; NULL: CDPI_MODULE_PATH, then built in */
    double idle_timeout;     /* seconds; 0 is 300; negative never */
    double active_timeout;   /* seconds; 0 or negative never */
    uint64_t memory_budget; /* bytes for all that the engine allocates; 0 is 512 MiB; 8 MiB least */
    uint64_t initial_flows; /* room made at open; 0 lets the table grow from small */
    bool vlan_strict;       /* VLAN numbers are part of the flow's key */
    bool no_decap;          /* do not look into tunnels */
    bool ask_all;           /* ask every module about every flow; verdicts stay the same, but
                               they are final only when each module has seen what it wants */
    bool
        reverse_candidates; /* try candidates in the opposite order; for tests, changes no answer */
    uint64_t hash_key[2];   /* 0,0: random. A fixed key makes the order of output repeatable */
    cdpi_event_fn *on_event;
    void *on_event_context;
    uint32_t events; /* which are wanted, bits 1u << CDPI_EVENT_...; 0 is all. Fewer cost less */
    const struct cdpi_allocator *allocator; /* NULL: the system's */
    /* Called for each module that is asked for and cannot be used, with one line that says why.
     * NULL: such a module fails the open. */
    void (*on_module_missing)(void *context, const char *module, const char *why);
    void *on_module_missing_context;
};

/* Opens an engine. On failure *engine is NULL, and error (may be NULL) tells why. */
CDPI_API CDPI_MUST_USE enum cdpi_status cdpi_open(const struct cdpi_options *options,
                                                  struct cdpi **engine, struct cdpi_error *error);

/* Ends all flows (events fire), then frees everything. NULL is fine. CDPI_BUSY inside a
 * callback. */
CDPI_API enum cdpi_status cdpi_close(struct cdpi *engine);

/* Feeds a batch in the order given. Events fire during the call. Frames that belong to no flow are
 * counted and passed over. */
CDPI_API CDPI_MUST_USE enum cdpi_status cdpi_feed(struct cdpi *engine,
                                                  const struct cdpi_frame *frames, size_t count);

/* Feeds one frame and returns its flow. is_new may be NULL. CDPI_NOT_A_FLOW leaves *flow NULL. */
CDPI_API CDPI_MUST_USE enum cdpi_status cdpi_packet_flow(struct cdpi *engine,
                                                         const struct cdpi_frame *frame,
                                                         struct cdpi_flow **flow, bool *is_new);

/* The verdict as it stands, at once; inspects nothing. */
CDPI_API struct cdpi_verdict cdpi_classify(struct cdpi *engine, const struct cdpi_flow *flow);

/* Ends the inspection of a flow now: what is there is judged, the modules are asked, the verdict is
 * final (or the flow is given up; events fire). */
CDPI_API struct cdpi_verdict cdpi_conclude(struct cdpi *engine, struct cdpi_flow *flow);

/* What each module says, in the engine's order. Returns the number of modules, and fills as many of
 * `answers` as there is room for. With ask_all, what each said; without, those that were not needed
 * are not asked. */
CDPI_API size_t cdpi_classify_all(struct cdpi *engine, const struct cdpi_flow *flow,
                                  struct cdpi_module_answer *answers, size_t room);

/* Classifies bytes without packets: what the client sent so far, what the server sent so far
 * (either may be empty; for UDP one datagram each). No flow, no table, no state: the same bytes
 * give the same verdict. The state is CDPI_INSPECTING when more bytes could decide. */
CDPI_API CDPI_MUST_USE enum cdpi_status cdpi_inspect(struct cdpi *engine, uint8_t ip_protocol,
                                                     uint16_t client_port, uint16_t server_port,
                                                     const void *client_bytes, size_t client_size,
                                                     const void *server_bytes, size_t server_size,
                                                     struct cdpi_verdict *verdict);

/* Ends every flow; events fire with reason `flushed`. */
CDPI_API CDPI_MUST_USE enum cdpi_status cdpi_flush(struct cdpi *engine);

/* Calls visit for every flow in the table, in no useful order, until it returns false. */
CDPI_API CDPI_MUST_USE enum cdpi_status
cdpi_each_flow(struct cdpi *engine, bool (*visit)(void *context, struct cdpi_flow *flow),
               void *context);

/* ---- names and lists --------------------------------------------------------------------- */

/* The canonical name ("SSH"), "" for CDPI_NO_PROTOCOL or a number that is not there. */
CDPI_API const char *cdpi_protocol_name(const struct cdpi *engine, cdpi_protocol_id protocol);
/* By name, letter case ignored; CDPI_NO_PROTOCOL where there is none. */
CDPI_API cdpi_protocol_id cdpi_protocol_by_name(const struct cdpi *engine, const char *name);
/* "mail", "web" ...; "" where there is none. */
CDPI_API const char *cdpi_protocol_category(const struct cdpi *engine, cdpi_protocol_id protocol);
/* Whether what it carries is encrypted by the protocol itself (TLS, SSH). */
CDPI_API bool cdpi_protocol_is_encrypted(const struct cdpi *engine, cdpi_protocol_id protocol);
/* Where it is specified ("RFC 4253"). */
CDPI_API const char *cdpi_protocol_reference(const struct cdpi *engine, cdpi_protocol_id protocol);
/* The next known number after `protocol` (start with 0), CDPI_NO_PROTOCOL after the last. */
CDPI_API cdpi_protocol_id cdpi_protocol_next(const struct cdpi *engine, cdpi_protocol_id protocol);

/* The engine's modules in order. name NULL past the last. */
struct cdpi_module_info {
    const char *name, *version;
    uint64_t asked, answered;   /* flows */
    uint64_t guessed;           /* flows of which it only guesses */
    uint64_t nonsense;          /* answers that make no sense; they count as none */
    uint64_t agreed, disagreed; /* with the verdict; counted with ask_all */
    uint64_t nanoseconds;       /* CPU time spent inside, measured per flow asked; 0 for own */
};
CDPI_API struct cdpi_module_info cdpi_module(const struct cdpi *engine, size_t index);

/* ---- counters ---------------------------------------------------------------------------- */

struct cdpi_stats {
    uint64_t packets;              /* frames fed */
    uint64_t packets_in_flows;     /* of these, in a flow */
    uint64_t packets_malformed;    /* header cut or contradictory */
    uint64_t packets_other;        /* no IP: ARP, LLDP ... */
    uint64_t packets_unknown_link; /* of a link type that is not known */
    uint64_t fragments;            /* IP fragments that waited for others, or fitted none */
    uint64_t bytes;                /* frame lengths on the wire */
    uint64_t flows;                /* begun */
    uint64_t flows_active;         /* in the table now */
    uint64_t flows_evicted;        /* taken by the budget */
    uint64_t verdicts_certain, verdicts_likely,
        verdicts_none; /* of flows with payload, at their end */
    uint64_t flows_without_payload;
    uint64_t heads_forced; /* undecided flows judged early because heads ran out */
    uint64_t inspected;    /* packets that reached the classifiers */
    uint64_t memory_now, memory_peak, memory_budget; /* bytes allocated by the engine */
    uint64_t datagrams_reassembled; /* from fragments; a flow counts each as one packet */
    uint64_t datagrams_incomplete;  /* given up: past 30 s, or for want of room */
    uint64_t fragments_overlapping; /* the first to come won */
    uint64_t gaps_skipped; /* TCP: sides that were looked at from behind bytes that never came */
};
CDPI_API struct cdpi_stats cdpi_stats(const struct cdpi *engine);

#ifdef __cplusplus
}
#endif
#endif
