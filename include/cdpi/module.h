/* SPDX-License-Identifier: MIT */
/*
 * A module: another way to name flows, loaded at run time as a shared object.
 *
 * A module exports one symbol, `cdpi_module`, a constant descriptor. The engine asks it about flows
 * that the modules before it in the engine's order did not settle, once a flow, at the end of the
 * flow's inspection.
 *
 * Threads: an instance (what open returns) belongs to one engine and so to one thread at a time;
 * several instances may live in several threads at once. Keep no state outside of the instance.
 *
 * Ownership: everything in struct cdpi_module_flow is borrowed for the call. Strings in the answer
 * must stay valid until the module's next call or close. A module never calls into the engine: such
 * calls are refused.
 *
 * Errors: open returns false and writes one line into `why`. A name that is empty or longer than 63
 * characters, an answer that does not exist, evidence out of bounds: the answer is taken as "does
 * not know", and counted.
 */
#ifndef CDPI_MODULE_H
#define CDPI_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when a module built for the number before could not be loaded any more. Fields are only
 * ever added at the ends of structs, which carry their size. */
#define CDPI_MODULE_ABI 1u

/* A packet of the flow as it came, from the IP header on. */
struct cdpi_module_packet {
    const uint8_t *data;
    uint32_t captured; /* bytes at data */
    uint32_t length;   /* as the IP header says; captured or more */
    uint64_t time;     /* nanoseconds since 1970 */
    uint8_t side;      /* 0 client, 1 server */
    bool has_payload;  /* else one of TCP's that only opens, acknowledges or closes */
};

/* What a module sees of a flow. Index 0 is the client, 1 the server. */
struct cdpi_module_flow {
    size_t struct_size;
    uint8_t ip_version, ip_protocol;
    bool sides_are_certain; /* a SYN or SYN/ACK was seen */
    bool syn_seen[2];       /* from the client (SYN), from the server (SYN/ACK) */
    uint16_t port[2];
    uint8_t address[2][16]; /* network byte order; IPv4 in the first four bytes */
    const uint8_t *head[2]; /* first payload bytes of each side, in stream order */
    uint32_t head_size[2];
    uint32_t first_payload[2]; /* size on the wire of the side's first payload packet, 0 without */
    uint32_t sequence[2];      /* TCP: sequence number of the head's first byte */
    const struct cdpi_module_packet *packets; /* NULL unless the module wants packets */
    uint32_t packet_count;
    void *state;                /* flow_state_size bytes, zeroed before the call */
    uint32_t first_captured[2]; /* bytes of first_payload that are in the head */
    uint32_t payload_bytes[2];  /* seen of each side while the flow was inspected */
    uint8_t first_speaker;      /* side of the first payload */
};

/* What a module says. */
enum cdpi_module_says {
    CDPI_MODULE_DOES_NOT_KNOW = 0,
    CDPI_MODULE_GUESSES = 1,
    CDPI_MODULE_KNOWS = 2
};

struct cdpi_module_verdict {
    size_t struct_size;
    /* Canonical name of a protocol of ours ("SSH"), or a name of the module's own, best as
     * "module:NAME"; or both with a bar between, "SSH|module:NAME": the module's own is then taken
     * only by a library that has no such protocol. 1 to 63 printable characters each. */
    const char *protocol;
    const char *application; /* what runs inside, or NULL */
    bool is_certain;         /* else likely */
    const char *rule;        /* what decided, in a few words; may be NULL */
    uint32_t packet;         /* payload packet that decided, from 1 to 255; 0 unknown */
    uint8_t side;            /* whose bytes decided */
    uint32_t offset, length; /* which, within that side's head; length 0 unknown */
};

/* Flags of a descriptor. */
enum {
    /* The flow's first packets in the order of their arrival, TCP's handshake first: up to 16 with
     * payload, and between them up to 16 without. The flow is then inspected until it has 16 with
     * payload, for 30 s, or until it ends. */
    CDPI_MODULE_WANTS_PACKETS = 1
};

struct cdpi_module {
    uint32_t abi; /* CDPI_MODULE_ABI */
    size_t struct_size;
    const char *name;    /* as in --modules */
    const char *version; /* of the module, or of the library that it wraps */
    uint32_t flags;
    size_t flow_state_size; /* up to 64 KiB */

    /* `settings` are "key=value", NULL-terminated; an unknown key is an error that names it. Sets
     * *instance. */
    bool (*open)(const char *const *settings, void **instance, char *why, size_t why_size);
    void (*close)(void *instance);
    enum cdpi_module_says (*classify)(void *instance, const struct cdpi_module_flow *flow,
                                      struct cdpi_module_verdict *verdict);
    /* Optional: the i-th name that the module can answer, written as in a verdict, NULL past the
     * last. Those that are not ours get their numbers at open. */
    const char *(*protocol)(void *instance, size_t i);
    /* Optional: the version as the wrapped library tells it at run time. */
    const char *(*library_version)(void *instance);
};

/* The symbol that a module exports. */
#define CDPI_MODULE_SYMBOL "cdpi_module"
#if defined(__GNUC__)
#define CDPI_MODULE_EXPORT __attribute__((visibility("default")))
#else
#define CDPI_MODULE_EXPORT
#endif

#ifdef __cplusplus
}
#endif
#endif
