/* SPDX-License-Identifier: MIT */
/*
 * What a protocol's room exports: one const descriptor, with the signatures that propose it, the
 * validator that disposes (protocols/inspection.h), and what may come after its verdict.
 */
#ifndef CDPI_PROTOCOLS_PROTOCOL_H
#define CDPI_PROTOCOLS_PROTOCOL_H

#include "protocols/inspection.h"

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
                            * structure: one side's YES is certain */
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
