/* SPDX-License-Identifier: MIT */
/* uTP, BEP 29: a stream between BitTorrent's peers over UDP. */
#ifndef CDPI_BITTORRENT_UTP_H
#define CDPI_BITTORRENT_UTP_H

#include "protocols/protocol.h"

enum { UTP_HEADER = 20, UTP_STATE = 2, UTP_SYN = 4 };

struct utp {
    uint8_t type, side;
    uint16_t connection, sequence, ack;
    uint32_t difference;
    bool begins; /* a SYN: libutp counts from 1, libtorrent from any number; neither has heard */
};

/* Reads a packet. Returns false where it is none. */
bool utp_read(struct cursor c, struct utp *u);

/* Bits that a packet shares with an earlier one: the connection's id is the same from one side, and
 * one apart between the sides; a side counts on, and acknowledges what the other counts. 0: they
 * are not of one connection. */
unsigned utp_agreement(const struct utp *a, const struct utp *b);

#endif
