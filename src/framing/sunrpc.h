/* SPDX-License-Identifier: MIT */
/*
 * ONC RPC version 2, RFC 5531 sections 9 and 11. Over TCP each message is a record: a word with the
 * last-fragment bit and the fragment's size stands before it.
 *
 *     call:   xid(4) 0(4) version(4) = 2 program(4) its version(4) procedure(4)
 *             credential verifier arguments
 *     reply:  xid(4) 1(4) accepted(4): 0 verifier status(4), or 1 status(4) ...
 *
 *     credential, verifier:  flavor(4) size(4) up to 400 bytes
 */
#ifndef CDPI_FRAMING_SUNRPC_H
#define CDPI_FRAMING_SUNRPC_H

#include "core/cursor.h"

enum {
    RPC_CALL = 0,
    RPC_REPLY = 1,
    RPC_AUTH_LIMIT = 400,
    RPC_VERSION_LIMIT = 0x1ffff,
    RPC_PROGRAM_NFS = 100003
};

struct rpc_message {
    uint32_t xid, type;
    uint32_t program, version, procedure; /* of a call */
    uint32_t status;                      /* of an accepted reply */
    bool is_denied;
};

/* The record mark. False: no size that a message can have. */
static inline bool rpc_record(struct cursor *c, uint32_t *size)
{
    uint32_t mark = cursor_u32(c);
    *size = mark & 0x7fffffff;
    return c->ran_short || (*size >= 24 && *size <= 0x400000);
}

/* AUTH_NONE, SYS, SHORT, DH, KERB4, RSA, RPCSEC_GSS, TLS (RFC 9289); GSS's pseudo flavors from
 * 390000. */
static inline bool rpc_auth(struct cursor *c)
{
    uint32_t flavor = cursor_u32(c), size = cursor_u32(c);
    if (c->ran_short)
        return true;
    if (size > RPC_AUTH_LIMIT || (flavor > 7 && (flavor < 390000 || flavor > 390100)))
        return false;
    if (flavor == 0 && size != 0)
        return false;
    cursor_skip(c, (size + 3) & ~3u);
    return true;
}

/* RFC 5531 section 13.1: programs up to 0x5fffffff are somebody's (assigned, local, transient). */
static inline bool rpc_call(struct cursor *c, struct rpc_message *m)
{
    uint32_t rpc_version = cursor_u32(c);
    m->program = cursor_u32(c);
    m->version = cursor_u32(c);
    m->procedure = cursor_u32(c);
    if (c->ran_short)
        return true;
    if (rpc_version != 2 || m->program == 0 || m->program > 0x5fffffff ||
        m->version > RPC_VERSION_LIMIT || m->procedure > 255)
        return false;
    return rpc_auth(c) && (c->ran_short || rpc_auth(c));
}

static inline bool rpc_reply(struct cursor *c, struct rpc_message *m)
{
    uint32_t denied = cursor_u32(c);
    m->is_denied = denied == 1;
    if (c->ran_short)
        return true;
    if (denied > 1)
        return false;
    if (m->is_denied) {
        m->status = cursor_u32(c);
        return c->ran_short || m->status <= 1; /* mismatch, authentication */
    }
    if (!rpc_auth(c))
        return false;
    m->status = cursor_u32(c);
    return c->ran_short || m->status <= 5;
}

static inline bool rpc_read(struct cursor *c, struct rpc_message *m)
{
    *m = (struct rpc_message){.xid = cursor_u32(c), .type = cursor_u32(c)};
    if (c->ran_short)
        return true;
    if (m->type == RPC_CALL)
        return rpc_call(c, m);
    return m->type == RPC_REPLY && rpc_reply(c, m);
}

#endif
