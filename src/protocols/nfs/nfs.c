/* SPDX-License-Identifier: MIT */
/*
 * NFS: ONC RPC calls of program 100003, versions 2 (RFC 1094), 3 (RFC 1813) and 4 (RFC 7530, 8881).
 * A reply does not name its program: the client's call does.
 */
#include "framing/sunrpc.h"
#include "protocols/protocol.h"

enum { LAST_VERSION = 4, LAST_PROCEDURE = 21 };

static bool is_own(const struct rpc_message *m)
{
    return m->type == RPC_CALL && m->program == RPC_PROGRAM_NFS && m->version >= 2 &&
           m->version <= LAST_VERSION && m->procedure <= LAST_PROCEDURE;
}

static enum answer validate(struct inspection *in)
{
    struct rpc_message m;
    struct cursor c = in->client;
    uint32_t size;
    if (c.size == 0)
        return wants(in, CLIENT, 1);
    if (!is_udp(in) && !rpc_record(&c, &size))
        return NO;
    if (!rpc_read(&c, &m))
        return NO;
    if (c.ran_short) { /* a capture may cut the credential */
        bool is_cut_here = in->is_final || is_cut(in, &c);
        return is_cut_here && is_own(&m) ? likely(in, "cut call", &c) : short_of(in, &c);
    }
    return is_own(&m) ? yes(in, "call of program 100003", &c) : NO;
}

/* A call, version 2, program 100003. */
static const struct signature signatures[] = {
    {.transports = OVER_UDP, .offset = 4, .size = 12, .bytes = "\0\0\0\0\0\0\0\x02\0\x01\x86\xa3"},
    {.transports = OVER_TCP, .offset = 8, .size = 12, .bytes = "\0\0\0\0\0\0\0\x02\0\x01\x86\xa3"},
};

const struct cdpi_protocol cdpi_protocol_nfs = {
    .name = "NFS",
    .reference = "RFC 1094, RFC 1813, RFC 7530, RFC 8881",
    .transports = OVER_TCP | OVER_UDP,
    .category = CATEGORY_FILE_SHARING,
    .tcp_ports = PORTS(2049),
    .udp_ports = PORTS(2049),
    SIGNATURES(signatures),
    .validate = validate,
    .refines = "SunRPC",
};
