/* SPDX-License-Identifier: MIT */
/* eDonkey's and eMule's messages on streams: with servers, and with peers. */
#ifndef CDPI_EDONKEY_STREAM_H
#define CDPI_EDONKEY_STREAM_H

#include "protocols/protocol.h"

/* First bytes, of streams and datagrams; the size of a file's, a user's or a node's hash. */
enum { EDONKEY = 0xe3, EMULE = 0xc5, PACKED = 0xd4, KAD = 0xe4, HASH = 16 };

/* Messages of one size: the length fixes them. */
struct fixed {
    uint8_t protocol, opcode;
    uint8_t length; /* the opcode's octet included */
};

enum answer edonkey_judge_stream(struct inspection *in, struct cursor c);

#endif
